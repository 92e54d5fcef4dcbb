// SPDX-License-Identifier: Apache-2.0
#include "core/prefixes.hpp"

#include <algorithm>
#include <iterator>

namespace core {

void normalize(Prefixes& prefixes) {
  if (!std::ranges::is_sorted(prefixes)) {
    std::ranges::sort(prefixes);
  }
  prefixes.erase(std::unique(prefixes.begin(), prefixes.end()), prefixes.end());
}

Prefixes without(const Prefixes& all, const Prefixes& others) {
  Prefixes rest;
  if (all != others) {
    std::ranges::set_difference(all, others, std::back_inserter(rest));
  }
  return rest;
}

Cover::Cover(const Prefixes& sorted) : sorted_(sorted) {
  std::uint64_t lengths = 0;
  for (const Prefix& prefix : sorted) {
    lengths |= std::uint64_t{1} << static_cast<unsigned>(prefix.length);
  }
  lengths_ = lengths;
}

const Prefix* Cover::find(const Prefix& inner) const {
  for (int length = inner.length; length >= 0; --length) {
    if ((lengths_ >> static_cast<unsigned>(length) & 1U) == 0) {
      continue;
    }
    const Prefix outer = inner.shortened(length);
    const auto found = std::ranges::lower_bound(sorted_, outer);
    if (found != sorted_.end() && *found == outer) {
      return &*found;
    }
  }
  return nullptr;
}

}  // namespace core
