// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model.hpp"

#include <optional>
#include <string>
#include <vector>

namespace core {

// Whether a claim is made under a Lease; where it may not be made without one, how the run ends.
struct Locking {
  bool lease = false;
  std::string reason = {};  // why not, where it was wanted: to be appended to the step's
  std::optional<Ending> ending = {};
};
Locking locking_of(const Observation& found, const Config& asked);

// Gives back the Leases of addresses that went to somebody else, or are not `ours` after all.
std::vector<Step> needless_leases(const Observation& found, const std::optional<Ipv4>& ours);

}  // namespace core
