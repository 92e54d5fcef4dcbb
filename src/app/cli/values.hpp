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

// The text of an option as a value. Each throws Error(usage), or Error(config) for a value from a
// file, with one line: where it came from, what it is, what was expected.
namespace app {

// "ORIGIN: PROBLEM", with the exit code for where it came from.
core::Error value_error(const Given& given, std::string_view problem);
// The same, where `text` is not what was expected.
core::Error not_a(std::string_view expected, const Given& given, std::string_view text);

// The one value, not empty.
const std::string& take_one(const Given& given);

// The values as if each had been given alone: one text may hold several, separated by commas or
// white space.
std::vector<std::string> take_words(const Given& given);

// true, 1, yes, on or their opposites.
bool parse_switch(const Given& given);

// Which of `names` was given: the enumerator at its place.
template <typename Enum>
Enum parse_choice(const Given& given, const std::vector<std::string_view>& names) {
  const auto found = std::ranges::find(names, std::string_view(take_one(given)));
  if (found == names.end()) {
    throw not_a(fmt::format("one of {}", fmt::join(names, ", ")), given, take_one(given));
  }
  return static_cast<Enum>(found - names.begin());
}

// An http or https URL that paths are appended to; it must not have `own_path` itself already.
std::string parse_base_url(const Given& given, std::string_view own_path);
// The same, for one that a token is sent to: https, unless on loopback.
std::string parse_token_url(const Given& given, std::string_view own_path);
// Full URLs, each as it was given.
std::vector<std::string> parse_urls(const Given& given);

// The path of a file that can be read; throws Error(config) when it cannot.
std::string parse_readable_file(const Given& given);

core::Match parse_match(core::Match::Kind kind, const Given& given);
std::vector<core::Ipv4> parse_pool(const Given& given);
std::vector<core::Ipv4> parse_pool_file(const Given& given);
std::vector<core::Prefix> parse_networks(const Given& given);
std::string parse_node_name(const Given& given);
std::string parse_namespace(const Given& given);
std::chrono::milliseconds parse_timeout(const Given& given);
std::set<core::Exit> parse_exit_codes(const Given& given);

// A Kubernetes label key ("Labels and Selectors", syntax).
std::string parse_label_key(const Given& given);

// KEY[=VALUE]:EFFECT as kubectl taint takes it; the effect is one of the three that the API knows.
core::Taint parse_taint(const Given& given);

}  // namespace app
