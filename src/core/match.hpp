// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace core {

// Selects the nodes that the program acts on.
struct Match {
  enum class Kind { substring, regex } kind = Kind::substring;
  std::string pattern = {};
};

// Throws Error(usage) if no hostname can contain the substring, or if the pattern is not an
// ECMAScript regular expression of bounded matching time. Back-references and nested lookaheads are
// refused.
void require_valid(const Match& match);

// Whether `name` contains the substring, or matches the regular expression as a whole.
bool is_match(const Match& match, const std::string& name);

}  // namespace core
