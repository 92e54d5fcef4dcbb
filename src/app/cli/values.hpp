// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/cli/options.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

// The text of an option as a value. Each throws Error(usage), or Error(config) for a value from a
// file, with one line: where it came from, what it is, what was expected.
namespace app {

// "ORIGIN: PROBLEM", with the exit code for where it came from.
core::Error wrong(const Given& given, std::string_view problem);

// The one value, not empty.
const std::string& single(const Given& given);

// The values as if each had been given alone: one text may hold several, separated by commas or
// white space. At least one.
std::vector<std::string> separated(const Given& given);

// true, 1, yes, on or their opposites.
bool yes(const Given& given);

// Which of `names` was given, by its place.
template <std::size_t Count>
std::size_t choice(const Given& given, const std::array<std::string_view, Count>& names) {
  const std::string& text = single(given);
  const auto found = std::ranges::find(names, text);
  if (found == names.end()) {
    throw wrong(given, fmt::format("\"{}\" is none of {}", text, fmt::join(names, ", ")));
  }
  return static_cast<std::size_t>(found - names.begin());
}

// An http or https URL without credentials.
std::string plain_url(const Given& given);

// One that a token is sent to: https, unless on loopback.
std::string secure_url(const Given& given);

// The path of a file that can be read; throws Error(config) when it cannot.
std::string readable_file(const Given& given);

// A Kubernetes label key ("Labels and Selectors", syntax).
std::string label_key(const Given& given);

// KEY[=VALUE]:EFFECT as kubectl taint takes it; the effect is one of the three that the API knows.
core::Taint taint(const Given& given);

}  // namespace app
