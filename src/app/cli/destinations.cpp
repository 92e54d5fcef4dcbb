// SPDX-License-Identifier: Apache-2.0
#include "app/cli/values.hpp"
#include "core/prefixes.hpp"
#include "io/file.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace app {
namespace {

// A partner has no network of more than 16 million addresses.
constexpr int shortest_prefix = 8;

// Addresses of this host, of its link, and of nobody.
constexpr std::array never_destinations = {
    core::Prefix{{{0, 0, 0, 0}}, 8}, core::Prefix{{{127, 0, 0, 0}}, 8},
    core::Prefix{{{169, 254, 0, 0}}, 16}, core::Prefix{{{224, 0, 0, 0}}, 3}};

bool has_letter(std::string_view word) {
  return std::ranges::any_of(word, [](unsigned char c) { return std::isalpha(c) != 0; });
}

bool is_ipv6(std::string_view word) {
  return std::ranges::count(word, ':') > 1 &&
         word.find_first_not_of("0123456789abcdefABCDEF:./") == std::string_view::npos;
}

// "https://partner.example.com/path" without all but the name.
std::string_view name_in(std::string_view word) {
  const auto scheme = word.find("://");
  word.remove_prefix(scheme == std::string_view::npos ? 0 : scheme + 3);
  return word.substr(0, word.find_first_of(":/?#"));
}

// The network around an address that was given with its length.
std::optional<core::Prefix> network_around(std::string_view word) {
  const auto slash = word.find('/');
  const auto address = core::Ipv4::parse(word.substr(0, slash));
  const auto length = slash == std::string_view::npos
                          ? std::nullopt
                          : core::Prefix::parse(fmt::format("0.0.0.0{}", word.substr(slash)));
  return address && length ? std::optional(core::Prefix::host(*address).shortened(length->length))
                           : std::nullopt;
}

std::string hint_for(std::string_view word) {
  if (const auto network = network_around(word)) {
    return fmt::format("give {}, or one address: {}", network->to_string(),
                       word.substr(0, word.find('/')));
  }
  if (is_ipv6(word)) {
    return "leave it out: a reserved IP is IPv4, and no IPv6 is routed";
  }
  return has_letter(word)
             ? fmt::format(
                   "give networks, because the addresses of a name change; ask its owner for them, "
                   "or look: getent ahostsv4 {}",
                   name_in(word))
             : "give the network's first address and its length, or one address";
}

core::Prefix parse_destination(const Given& given, std::string_view word) {
  const auto network = core::Prefix::parse(word);
  if (!network) {
    throw core::Error(not_a("an IPv4 network like 192.0.2.0/24", given, word))
        .with_hint(hint_for(word));
  }
  if (network->length < shortest_prefix) {
    throw core::Error(
        value_error(given, fmt::format("\"{}\" is wider than a /{}", word, shortest_prefix)))
        .with_hint("give --route default, which routes all traffic through the egress IP");
  }
  for (const core::Prefix& never : never_destinations) {
    if (never.contains(*network) || network->contains(never)) {
      throw core::Error(
          value_error(given, fmt::format("\"{}\" is not reached through a gateway: {} is reserved",
                                         word, never.to_string()))
              .with_hint("give networks of the internet"));
    }
  }
  return *network;
}

// Of a text with thousands of them, each looked at once. A comment ends with its line.
core::Prefixes destinations_in(const Given& given, std::string_view text) {
  constexpr std::string_view separators = ", \t\r\n\v\f";
  const auto is_separator = [&](char c) { return separators.find(c) != std::string_view::npos; };
  core::Prefixes networks;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '#') {
      at = std::min(text.find('\n', at), text.size());
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && text[end] != '#' && !is_separator(text[end])) {
      ++end;
    }
    if (end > at) {
      networks.push_back(parse_destination(given, text.substr(at, end - at)));
      at = end - 1;
    }
  }
  core::normalize(networks);
  if (networks.empty()) {
    throw value_error(given, "there is no destination; IPv4 networks are expected");
  }
  return networks;
}

}  // namespace

std::vector<core::Prefix> parse_destinations(const Given& given) {
  return destinations_in(given, fmt::format("{}", fmt::join(given.values, ",")));
}

std::vector<core::Prefix> parse_destinations_file(const Given& given) {
  const std::string path = parse_readable_file(given);
  const std::string text =
      core::attempt("use " + given.origin, [&] { return io::read_file(path); });
  return destinations_in({{}, Source::file, fmt::format("{}, file {}", given.origin, path)}, text);
}

}  // namespace app
