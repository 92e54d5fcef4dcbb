// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

namespace nemesis {

// Collects violations.
class Findings {
 public:
  template <typename... Arguments>
  void require(bool good, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    if (!good) {
      violations_.push_back(fmt::format(format, std::forward<Arguments>(arguments)...));
    }
  }

  const std::vector<std::string>& violations() const { return violations_; }

 private:
  std::vector<std::string> violations_ = {};
};

}  // namespace nemesis
