// SPDX-License-Identifier: Apache-2.0
#include "core/plan/lease.hpp"

#include "core/plan/claim.hpp"

#include <algorithm>

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

std::vector<Step> claim_steps(const Observation& found, const Locking& locking, Ipv4 address) {
  const std::vector<FloatingIp>& pool = std::get<Account>(found.account).pool;
  const auto known = std::ranges::find(pool, address, &FloatingIp::address);
  const bool unread = known == pool.end();
  std::vector<Step> steps;
  if (locking.lease && !found.leased_addresses.contains(address)) {
    steps.push_back({AcquireLease{address, unread}, "keeps other nodes from claiming it"});
  }
  const AssignFloatingIp wanted{address, found.droplet->id, locking.lease,
                                unread ? found.droplet->region : ""};
  const auto first = first_move(wanted, unread ? std::nullopt : std::optional(*known));
  steps.push_back(
      {wanted,
       fmt::format("the droplet holds no reserved IP; this one {} first in its order{}; next: {}",
                   unread ? "is" : "is free and", locking.reason, describe(first))});
  return steps;
}

}  // namespace core
