// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/ip.hpp"
#include "core/model.hpp"

#include <string_view>
#include <vector>

namespace core {

// Parses addresses in order, without duplicates. Commas and white space separate them; `#` starts a
// comment to the end of the line. Throws Error(usage) for a word that is not an IPv4 address. An
// empty pool is valid here; the caller knows its origin and refuses it.
std::vector<Ipv4> parse_pool(std::string_view text);

// The order in which a droplet tries the pool: rendezvous hashing (Thaler and Ravishankar, 1998).
// Droplets that start together want different addresses, and a droplet that comes back wants the
// same one. It depends only on the ids, and never changes between releases.
struct Preference {
  DropletId droplet = 0;

  // Whether `left` is tried before `right`.
  bool operator()(Ipv4 left, Ipv4 right) const;
};

}  // namespace core
