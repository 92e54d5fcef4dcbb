// SPDX-License-Identifier: Apache-2.0
#include "core/match.hpp"

#include "core/error.hpp"

#include <regex>

namespace core {

void require_valid(const Match& match) {
  if (match.kind == Match::Kind::substring) {
    return;
  }
  try {
    std::regex(match.pattern, std::regex::ECMAScript);
  } catch (const std::regex_error& error) {
    throw Error(Exit::usage, "\"{}\" is not an ECMAScript regular expression: {}", match.pattern,
                error.what());
  }
}

bool matches(const Match& match, const std::string& name) {
  if (match.kind == Match::Kind::substring) {
    return name.find(match.pattern) != std::string::npos;
  }
  return std::regex_match(name, std::regex(match.pattern, std::regex::ECMAScript));
}

}  // namespace core
