// SPDX-License-Identifier: Apache-2.0
#include "app/cli/values.hpp"

#include "core/duration.hpp"
#include "core/plan/pool.hpp"
#include "core/text.hpp"
#include "io/file.hpp"
#include "io/url.hpp"

#include <array>
#include <cctype>
#include <charconv>

namespace app {
namespace {

io::Url parse_url(const Given& given, const std::string& text) {
  const auto url = io::parse_url(text);
  if (!url) {
    throw not_a("a URL like https://host:port", given, text);
  }
  if (url->has_credentials) {
    throw value_error(given, "a URL with a user or password is refused, since it would be logged");
  }
  return *url;
}

std::vector<std::string> split(std::string_view text, std::string_view separators) {
  std::vector<std::string> words;
  for (auto start = text.find_first_not_of(separators); start != std::string_view::npos;
       start = text.find_first_not_of(separators, start)) {
    const std::size_t end = std::min(text.find_first_of(separators, start), text.size());
    words.emplace_back(text.substr(start, end - start));
    start = end;
  }
  return words;
}

bool is_alphanumeric(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0;
}

bool is_label_letter(char c) {
  return is_alphanumeric(c) || c == '-' || c == '_' || c == '.';
}

// At most 63 of [A-Za-z0-9-_.], alphanumeric at both ends.
bool is_label_name(const std::string& text) {
  return !text.empty() && text.size() <= 63 && is_alphanumeric(text.front()) &&
         is_alphanumeric(text.back()) && std::ranges::all_of(text, is_label_letter);
}

// A label name, with an optional DNS subdomain and slash in front.
bool is_label_key(const std::string& key) {
  const auto slash = key.find('/');
  return slash == std::string::npos
             ? is_label_name(key)
             : slash > 0 && is_label_name(key.substr(slash + 1)) &&
                   std::ranges::all_of(key.substr(0, slash), is_label_letter);
}

std::vector<core::Ipv4> pool_in(const Given& given, const std::string& text) {
  std::vector<core::Ipv4> pool;
  if (const auto problem =
          core::catch_error_except_signals([&] { pool = core::parse_pool(text); })) {
    throw value_error(given, problem->what());
  }
  if (pool.empty()) {
    throw value_error(given, "the pool is empty; IPv4 addresses are expected");
  }
  return pool;
}

}  // namespace

core::Error value_error(const Given& given, std::string_view problem) {
  const bool file = given.source == Source::file;
  return core::Error(file ? core::Exit::config : core::Exit::usage, "cannot use {}: {}",
                     given.origin, problem);
}

core::Error not_a(std::string_view expected, const Given& given, std::string_view text) {
  return value_error(given, fmt::format("{} is not {}", core::quote(text), expected));
}

const std::string& take_one(const Given& given) {
  if (given.values.size() != 1 || given.values[0].empty()) {
    throw value_error(given, "exactly one value is expected, not empty");
  }
  return given.values[0];
}

std::vector<std::string> take_words(const Given& given) {
  auto words = split(fmt::format("{}", fmt::join(given.values, ",")), ", \t\r\n\v\f");
  if (words.empty() && !given.values.empty()) {
    throw value_error(given, "a value is expected, not empty");
  }
  return words;
}

bool parse_switch(const Given& given) {
  std::string text = take_one(given);
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  constexpr std::array<std::string_view, 8> words = {"true",  "1", "yes", "on",
                                                     "false", "0", "no",  "off"};
  const auto found = std::ranges::find(words, text);
  if (found == words.end()) {
    throw not_a("true or false", given, text);
  }
  return found - words.begin() < 4;
}

std::string parse_base_url(const Given& given, std::string_view own_path) {
  const io::Url url = parse_url(given, take_one(given));
  if (url.has_query) {
    throw value_error(given, fmt::format("{} has a query or fragment; paths are appended to it",
                                         core::quote(url.text)));
  }
  std::string base = url.text.substr(0, url.text.find_last_not_of('/') + 1);
  std::string lower = base + "/";
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  const std::size_t path = std::min(lower.find('/', lower.find("://") + 3), lower.size());
  const std::size_t own = lower.find(fmt::format("{}/", own_path), path);
  if (own != std::string::npos) {
    throw core::Error(core::Exit::config,
                      "cannot use {}: {} must not contain {}, which is appended to it",
                      given.origin, core::quote(base), own_path)
        .with_hint(fmt::format("give it without {}: {}", own_path, base.substr(0, own)));
  }
  return base;
}

std::string parse_token_url(const Given& given, std::string_view own_path) {
  std::string base = parse_base_url(given, own_path);
  const io::Url url = parse_url(given, base);
  if (url.scheme != "https" && !url.is_loopback) {
    throw not_a("https, and the token is sent there", given, base);
  }
  return base;
}

// A URL may contain commas. A comma separates only before another URL or at the end.
std::vector<std::string> parse_urls(const Given& given) {
  std::string text = fmt::format("{} ", fmt::join(given.values, " "));
  std::ranges::replace_if(
      text, [](unsigned char c) { return std::isspace(c) != 0; }, ' ');
  for (const std::string_view next : {",http", ", "}) {
    for (auto at = text.find(next); at != std::string::npos; at = text.find(next)) {
      text[at] = ' ';
    }
  }
  auto urls = split(text, " ");
  for (const std::string& url : urls) {
    parse_url(given, url);
  }
  if (urls.empty() && !given.values.empty()) {
    throw value_error(given, "a URL is expected, not empty");
  }
  return urls;
}

std::string parse_readable_file(const Given& given) {
  const std::string& path = take_one(given);
  if (!io::is_readable(path)) {
    throw core::Error(core::Exit::config, "cannot use {}: \"{}\" is not readable", given.origin,
                      path)
        .with_hint(
            "give a file that this user can read; in a pod, check that the Secret or ConfigMap is "
            "mounted");
  }
  return path;
}

core::Match parse_match(core::Match::Kind kind, const Given& given) {
  core::Match match{kind, take_one(given)};
  if (const auto problem = core::catch_error_except_signals([&] { core::require_valid(match); })) {
    throw core::Error(value_error(given, problem->what()).with_hint(problem->hint()));
  }
  return match;
}

std::vector<core::Ipv4> parse_pool(const Given& given) {
  return pool_in(given, fmt::format("{}", fmt::join(given.values, ",")));
}

std::vector<core::Ipv4> parse_pool_file(const Given& given) {
  const std::string path = parse_readable_file(given);
  const std::string text =
      core::attempt("use " + given.origin, [&] { return io::read_file(path); });
  // The pool file causes the error, not the command line.
  return pool_in({{}, Source::file, fmt::format("{}, file {}", given.origin, path)}, text);
}

core::Ipv4 parse_address(const Given& given) {
  const auto address = core::Ipv4::parse(take_one(given));
  if (!address) {
    throw not_a("an IPv4 address", given, take_one(given));
  }
  return *address;
}

std::vector<core::Prefix> parse_networks(const Given& given) {
  std::vector<core::Prefix> networks;
  for (const std::string& word : take_words(given)) {
    const auto network = core::Prefix::parse(word);
    if (!network) {
      throw not_a("an IPv4 network like 192.0.2.0/24", given, word);
    }
    if (network->length < shortest_prefix) {
      throw core::Error(
          value_error(given, fmt::format("\"{}\" is wider than a /{}", word, shortest_prefix)))
          .with_hint("give smaller networks, or --route none, which leaves all traffic as it is");
    }
    if (std::ranges::find(networks, *network) == networks.end()) {
      networks.push_back(*network);
    }
  }
  return networks;
}

std::string parse_node_name(const Given& given) {
  const std::string& name = take_one(given);
  const auto is_allowed = [](char c) { return is_alphanumeric(c) || c == '-' || c == '.'; };
  if (name.size() > 253 || !std::ranges::all_of(name, is_allowed)) {
    throw not_a("the name of a Node", given, name);
  }
  return name;
}

// RFC 1123, without a regular expression: every pod sets its namespace, and compiling one costs
// each run time.
std::string parse_namespace(const Given& given) {
  const std::string& name = take_one(given);
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  if (name.size() > 63 || name.front() == '-' || name.back() == '-' ||
      !std::ranges::all_of(name, is_allowed)) {
    throw not_a("the name of a namespace", given, name);
  }
  return name;
}

std::chrono::milliseconds parse_timeout(const Given& given) {
  const auto duration = core::parse_duration(take_one(given));
  if (!duration) {
    throw not_a("a duration with its unit, like 90s or 2m, of at most a day", given,
                take_one(given));
  }
  return *duration;
}

std::set<core::Exit> parse_exit_codes(const Given& given) {
  std::set<core::Exit> codes;
  for (const std::string& word : take_words(given)) {
    int code = -1;
    const auto [stop, problem] = std::from_chars(word.data(), word.data() + word.size(), code);
    const auto known = std::ranges::find(core::exit_table(), static_cast<core::Exit>(code),
                                         &core::ExitFacts::exit);
    if (problem != std::errc{} || stop != word.data() + word.size() ||
        known == core::exit_table().end()) {
      throw not_a("an exit code of this program", given, word);
    }
    codes.insert(known->exit);
  }
  return codes;
}

std::string parse_label_key(const Given& given) {
  const std::string& key = take_one(given);
  if (!is_label_key(key)) {
    throw not_a("a Kubernetes label key", given, key);
  }
  return key;
}

core::Taint parse_taint(const Given& given) {
  const std::string& text = take_one(given);
  const auto colon = text.rfind(':');
  const auto equals = text.find('=');
  const bool valued = equals < colon;
  core::Taint taint;
  if (colon != std::string::npos) {
    taint = {.key = text.substr(0, valued ? equals : colon),
             .value = valued ? text.substr(equals + 1, colon - equals - 1) : "",
             .effect = text.substr(colon + 1)};
  }
  constexpr std::array effects = {"NoSchedule", "PreferNoSchedule", "NoExecute"};
  if (!is_label_key(taint.key) || !(taint.value.empty() || is_label_name(taint.value)) ||
      std::ranges::find(effects, taint.effect) == effects.end()) {
    throw not_a(
        "a taint like KEY=VALUE:NoSchedule; its effect is NoSchedule, PreferNoSchedule or "
        "NoExecute",
        given, text);
  }
  return taint;
}

}  // namespace app
