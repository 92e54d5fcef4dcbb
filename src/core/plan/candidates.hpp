// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model.hpp"

#include <variant>
#include <vector>

namespace core {

// The address of the pool to claim next for a droplet that holds none, or how the run ends when
// there is none. Free is: `droplet` present and null, not locked, in the droplet's region, and not
// lost to somebody else during this run (facts 1.6, SPEC section 5). An unread one may be free.
std::variant<Ipv4, Ending> choose_candidate(const Account& account, const Droplet& droplet,
                                            const std::vector<Ipv4>& pool,
                                            const std::set<Ipv4>& lost);

// Whether the account must be read as a whole before a candidate is chosen: too many of the unread
// ones were in vain, or none is left.
bool must_be_read(const Observation& found);

// What one reading of an address means for a droplet that wants it.
enum class Standing {
  free,     // nobody's: a POST may claim it
  pending,  // an action is under way: read again
  mine,     // proven: this droplet holds it and nothing is pending
  lost,     // somebody else's, or not to be known
};
Standing standing_of(const FloatingIp& reading, DropletId droplet);

}  // namespace core
