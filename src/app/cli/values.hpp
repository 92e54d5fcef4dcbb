// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/cli/options.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <string_view>
#include <vector>

// Parses the text of an option. Each function throws Error(usage), or Error(config) for a value
// from a file, with one line: the source, the text, and the expected form.
namespace app {

// "ORIGIN: PROBLEM", with the exit code of its source.
core::Error value_error(const Given& given, std::string_view problem);
// The same for a `text` of another form than expected.
core::Error not_a(std::string_view expected, const Given& given, std::string_view text);

// The only value, which must not be empty.
const std::string& take_one(const Given& given);

// All words of all values: a value may hold several, separated by commas or white space.
std::vector<std::string> take_words(const Given& given);

// Accepts true, 1, yes, on and their opposites.
bool parse_switch(const Given& given);

// The enumerator at the position of the given name in `names`.
template <typename Enum>
Enum parse_choice(const Given& given, const std::vector<std::string_view>& names) {
  const auto found = std::ranges::find(names, std::string_view(take_one(given)));
  if (found == names.end()) {
    throw not_a(fmt::format("one of {}", fmt::join(names, ", ")), given, take_one(given));
  }
  return static_cast<Enum>(found - names.begin());
}

// An http or https URL as a base of paths. It must not contain `own_path` itself.
std::string parse_base_url(const Given& given, std::string_view own_path);
// The same for a URL that receives a token: https, unless on loopback.
std::string parse_token_url(const Given& given, std::string_view own_path);
// Complete URLs.
std::vector<std::string> parse_urls(const Given& given);

// The path of a readable file. Throws Error(config) if it cannot be read.
std::string parse_readable_file(const Given& given);

core::Match parse_match(core::Match::Kind kind, const Given& given);
std::vector<core::Ipv4> parse_pool(const Given& given);
std::vector<core::Ipv4> parse_pool_file(const Given& given);
core::Ipv4 parse_address(const Given& given);
// Nobody means a network of more than 16 million addresses.
inline constexpr int shortest_prefix = 8;
std::vector<core::Prefix> parse_networks(const Given& given);
// Sorted. Names, and what can never be reached through the anchor, are refused.
std::vector<core::Prefix> parse_destinations(const Given& given);
std::vector<core::Prefix> parse_destinations_file(const Given& given);
std::string parse_node_name(const Given& given);
std::string parse_namespace(const Given& given);
std::chrono::milliseconds parse_timeout(const Given& given);
std::set<core::Exit> parse_exit_codes(const Given& given);

// A Kubernetes label key ("Labels and Selectors", syntax).
std::string parse_label_key(const Given& given);

// A taint as KEY[=VALUE]:EFFECT, the form of `kubectl taint`.
core::Taint parse_taint(const Given& given);

}  // namespace app
