// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model.hpp"

#include <variant>
#include <vector>

namespace core {

// Chooses the pool address to claim next for a droplet without one, or how the run ends if there is
// none. Free means: `droplet` present and null, not locked, in the droplet's region, and not lost
// during this run (facts 1.6, SPEC section 5). An unread address may be free.
std::variant<Ipv4, Ending> choose_candidate(const Account& account, const Droplet& droplet,
                                            const std::vector<Ipv4>& pool,
                                            const std::set<Ipv4>& lost);

// Whether another page of the account must be read before a candidate is chosen: too many unread
// addresses were lost, or none is left. Up to 1000 addresses all pages are read then; in a larger
// pool one after another, until one shows a free address.
bool must_read_page(const Observation& found);

// The meaning of one reading of an address for a droplet that wants it.
enum class Standing {
  free,     // no holder: a POST may claim it
  pending,  // an action is pending: read again
  mine,     // this droplet holds it, nothing is pending
  lost,     // another droplet's, or unknown
};
Standing standing_of(const FloatingIp& reading, DropletId droplet);

}  // namespace core
