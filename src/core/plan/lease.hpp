// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model.hpp"

#include <optional>
#include <string>
#include <vector>

namespace core {

// Whether a claim needs a Lease, or how the run ends if there is none.
struct Locking {
  bool lease = false;
  std::string reason = {};  // why there is no Lease, appended to the step's reason
  std::optional<Ending> ending = {};
};
Locking locking_of(const Observation& found, const Config& asked);

// Releases the Leases of lost addresses, and of all others than `ours`.
std::vector<Step> needless_leases(const Observation& found, const std::optional<Ipv4>& ours);

// Takes the Lease of `address` if a claim needs one, and assigns the address to the droplet.
std::vector<Step> claim_steps(const Observation& found, const Locking& locking, Ipv4 address);

}  // namespace core
