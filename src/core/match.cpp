// SPDX-License-Identifier: Apache-2.0
// Refuses a regex with more states, such as ((a?){99}){99}, so that time and stack stay small.
#define _GLIBCXX_REGEX_STATE_LIMIT 2000  // NOLINT(bugprone-reserved-identifier): libstdc++'s own

#include "core/match.hpp"

#include "core/error.hpp"
#include "core/text.hpp"

#include <algorithm>
#include <regex>
#include <vector>

namespace core {
namespace {

constexpr std::size_t longest_name = 253;   // of a Node; the kernel's limit is 64
constexpr std::size_t longest_regex = 512;  // the compiler recurses as deep as the groups

// Breadth-first matching: the time grows with the name's length times the regex's, never
// exponentially. It supports no back-references.
constexpr auto bounded =
    std::regex::ECMAScript | std::regex::nosubs | std::regex_constants::__polynomial;

bool is_name_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.';
}

// Whether a hostname can contain the text: letters, digits and "-", in parts with dots between
// them, without "-" at the ends of a part (RFC 1123).
bool is_part_of_a_name(const std::string& text) {
  return text.size() <= longest_name && std::ranges::all_of(text, is_name_letter) &&
         text.find("..") == std::string::npos && text.find("-.") == std::string::npos &&
         text.find(".-") == std::string::npos;
}

// A lookahead is matched at every position, so a nested one multiplies the times.
bool has_nested_lookahead(const std::string& pattern) {
  std::vector<bool> groups;
  bool in_class = false;
  bool nested = false;
  for (std::size_t at = 0; at < pattern.size() && !nested; ++at) {
    const char c = pattern[at];
    if (c == '\\') {
      ++at;
    } else if (in_class || c == '[') {
      in_class = c != ']';
    } else if (c == ')' && !groups.empty()) {
      groups.pop_back();
    } else if (c == '(') {
      const std::string_view next = std::string_view(pattern).substr(at + 1, 2);
      groups.push_back(next == "?=" || next == "?!");
      nested = groups.back() && std::ranges::count(groups, true) > 1;
    }
  }
  return nested;
}

void require_possible(const std::string& text) {
  if (!is_part_of_a_name(text)) {
    throw Error(Exit::usage, "no hostname can contain {}", core::quote(text))
        .with_hint(
            "give a part of the name as it is, like egress-; for a pattern give --match-regex, "
            "like 'pool-egress-.*'");
  }
}

Error pattern_error(const std::string& pattern, const std::regex_error& error) {
  namespace reason = std::regex_constants;
  if (error.code() == reason::error_complexity) {
    return Error(Exit::usage, "\"{}\" has a back-reference", pattern)
        .with_hint("write it without; matching one may take hours");
  }
  if (error.code() == reason::error_space) {
    return Error(Exit::usage, "\"{}\" repeats too much", pattern)
        .with_hint("write {1,9} for what is not repeated more often; a hostname is short");
  }
  return Error(Exit::usage, "\"{}\" is not an ECMAScript regular expression: {}", pattern,
               error.what());
}

}  // namespace

void require_valid(const Match& match) {
  if (match.kind == Match::Kind::substring) {
    return require_possible(match.pattern);
  }
  if (match.pattern.size() > longest_regex) {
    throw Error(Exit::usage, "the regular expression is longer than {} characters", longest_regex);
  }
  if (has_nested_lookahead(match.pattern)) {
    throw Error(Exit::usage, "\"{}\" has a lookahead within a lookahead", match.pattern)
        .with_hint("write them one after the other; nested ones may take hours");
  }
  try {
    std::regex(match.pattern, bounded);
  } catch (const std::regex_error& error) {
    throw pattern_error(match.pattern, error);
  }
}

bool is_match(const Match& match, const std::string& name) {
  if (match.kind == Match::Kind::substring) {
    return name.find(match.pattern) != std::string::npos;
  }
  return std::regex_match(name, std::regex(match.pattern, bounded));
}

}  // namespace core
