// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace core {

// Which nodes the program acts on.
struct Match {
  enum class Kind { substring, regex } kind = Kind::substring;
  std::string pattern = {};
};

// Throws Error(usage) when no name can contain the substring, or the pattern is no ECMAScript
// regular expression whose matching takes a bounded time: back-references and a lookahead within a
// lookahead are refused.
void require_valid(const Match& match);

// Whether `name` contains the substring, or as a whole is what the regular expression describes.
bool matches(const Match& match, const std::string& name);

}  // namespace core
