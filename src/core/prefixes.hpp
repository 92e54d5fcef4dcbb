// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/ip.hpp"

#include <cstdint>
#include <vector>

namespace core {

using Prefixes = std::vector<Prefix>;

// Sorts, and removes duplicates.
void normalize(Prefixes& prefixes);

// Those of `all` that are not among `others`; all three are sorted.
Prefixes without(const Prefixes& all, const Prefixes& others);

// Looks up in sorted prefixes, which must outlive it. Fast for thousands of them.
class Cover {
 public:
  explicit Cover(const Prefixes& sorted);

  // The longest prefix that contains all of `inner`; null where there is none.
  const Prefix* find(const Prefix& inner) const;

 private:
  const Prefixes& sorted_;
  std::uint64_t lengths_ = 0;  // one bit for each that there is
};

}  // namespace core
