// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>
#include <vector>

namespace nemesis {

// The random decisions of a storm. A seed gives the same ones on every machine, which the standard
// library's distributions do not guarantee.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}

  // Both bounds included.
  int between(int low, int high) {
    const auto width = static_cast<std::uint64_t>(high - low + 1);
    return low + static_cast<int>(engine_() % width);
  }

  bool percent(int chance) { return between(1, 100) <= chance; }

  template <typename Value>
  const Value& pick(const std::vector<Value>& values) {
    return values.at(static_cast<std::size_t>(between(0, static_cast<int>(values.size()) - 1)));
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace nemesis
