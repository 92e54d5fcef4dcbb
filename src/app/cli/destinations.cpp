// SPDX-License-Identifier: Apache-2.0
#include "core/plan/destinations.hpp"

#include "app/cli/resolve.hpp"
#include "app/cli/values.hpp"
#include "core/prefixes.hpp"
#include "core/text.hpp"
#include "io/file.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <utility>

namespace app {
namespace {

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
  return *network;
}

// `networks` are sorted.
void require_by_gateway(const Given& given, const core::Prefixes& networks) {
  const core::Cover cover(networks);
  for (const core::Prefix& never : never_destinations) {
    const core::Prefix* outer = cover.find(never);
    const auto inner = std::ranges::lower_bound(networks, never);
    if (outer != nullptr || (inner != networks.end() && never.contains(*inner))) {
      throw core::Error(
          value_error(given, fmt::format("{} is not reached through a gateway: {} is reserved",
                                         (outer != nullptr ? *outer : *inner).to_string(),
                                         never.to_string()))
              .with_hint("give networks of the internet"));
    }
  }
}

bool is_separator(char c) {
  return c == ',' || c == ' ' || (c >= '\t' && c <= '\r');
}

// Of a text with thousands of them, each looked at once. A comment ends with its line.
core::Prefixes destinations_in(const Given& given, std::string_view text) {
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
  require_by_gateway(given, networks);
  if (networks.empty()) {
    throw core::Error(value_error(given, "there is no destination; IPv4 networks are expected"))
        .with_hint("give networks like 192.0.2.0/24, or leave the option out");
  }
  return networks;
}

std::string host_in(const std::string& url) {
  const std::size_t start = url.find("://") + 3;
  return url.substr(start, url.find_first_of(":/?#", start) - start);
}

void require_reach(const core::Config& asked, std::string_view server, const std::string& host) {
  const auto address = core::Ipv4::parse(host);
  if (address && core::is_destination(asked, *address)) {
    throw core::Error(core::Exit::config,
                      "cannot use --destination: it contains {}, the address of the {}", host,
                      server)
        .with_hint(fmt::format("without an egress IP nothing there is reached, so none could be "
                               "claimed; add --direct {}/32",
                               host));
  }
}

// Of a name, the address is known when it is connected (io/http.hpp); its resolver must answer.
void require_resolver(const core::Config& asked) {
  constexpr std::string_view file = "/etc/resolv.conf";
  std::string text;
  if (core::catch_error_except_signals([&] { text = io::read_file(std::string(file)); })) {
    return;
  }
  constexpr std::string_view key = "nameserver";
  for (std::size_t at = 0, end = 0; at < text.size(); at = end + 1) {
    end = std::min(text.find('\n', at), text.size());
    const std::string_view line = core::trim(std::string_view(text).substr(at, end - at));
    if (line.starts_with(key)) {
      require_reach(asked, fmt::format("resolver in {}", file),
                    std::string(core::trim(line.substr(key.size()))));
    }
  }
}

// The servers by which an egress IP is claimed must be reached while there is none.
void require_servers(const Invocation& asked) {
  std::vector<std::pair<std::string_view, std::string>> servers = {
      {"metadata service", host_in(asked.metadata_url)},
      {"DigitalOcean API", host_in(asked.digitalocean.url)}};
  if (asked.kubernetes) {
    servers.emplace_back("Kubernetes API", host_in(asked.kubernetes->url));
  }
  bool named = false;
  for (const auto& [server, host] : servers) {
    require_reach(asked.config, server, host);
    named = named || !core::Ipv4::parse(host);
  }
  if (named) {
    require_resolver(asked.config);
  }
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

void require_destinations(const Invocation& asked) {
  const core::Config& config = asked.config;
  if (config.destinations.empty() && config.route == core::RouteMode::destinations) {
    throw core::Error(core::Exit::usage,
                      "cannot use --route destinations: there is no --destination")
        .with_hint("give networks, or --destinations-file; see do-egress-ip --help");
  }
  if (config.destinations.empty()) {
    return;
  }
  if (config.route == core::RouteMode::none) {
    throw core::Error(core::Exit::config,
                      "cannot use --destination: it has no effect with --route none")
        .with_hint("give --route destinations, or no --destination");
  }
  for (const core::Prefix& direct : config.direct) {
    if (std::ranges::binary_search(config.destinations, direct)) {
      throw core::Error(core::Exit::config, "cannot use --destination {}: it is --direct as well",
                        direct.to_string())
          .with_hint("give it once; where one contains the other, the smaller network decides");
    }
  }
  require_servers(asked);
}

}  // namespace app
