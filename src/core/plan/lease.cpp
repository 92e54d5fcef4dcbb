// SPDX-License-Identifier: Apache-2.0
#include "core/plan/lease.hpp"

namespace core {

Locking locking_of(const Observation& found, const Config& asked) {
  if (asked.lock == Lock::none || std::holds_alternative<NoKubernetes>(found.node)) {
    return {};
  }
  const auto* unavailable = std::get_if<Unavailable>(&found.node);
  if (unavailable == nullptr && !found.lease_error) {
    return {.lease = true};
  }
  if (asked.lock == Lock::lease) {
    const Error error = (found.lease_error ? *found.lease_error : unavailable->error)
                            .while_doing("claim an address without a Lease");
    return {.ending = Ending{error.exit(), error.what(), error.hint()}};
  }
  return {.reason = "; no Lease is available"};
}

std::vector<Step> needless_leases(const Observation& found, const std::optional<Ipv4>& ours) {
  std::vector<Step> steps;
  for (const Ipv4 address : found.leased_addresses) {
    if (found.lost_candidates.contains(address) || (ours && *ours != address)) {
      steps.push_back({ReleaseLease{address}, "another droplet took the address"});
    }
  }
  return steps;
}

}  // namespace core
