// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/ip.hpp"
#include "core/model.hpp"

#include <string_view>
#include <vector>

namespace core {

// The addresses in `text`, in its order, without duplicates. Commas and white space separate;
// `#` starts a comment that ends with the line. Throws Error(usage) naming what is not an IPv4
// address; an empty pool is empty here and refused by the caller, who knows where it came from.
std::vector<Ipv4> parse_pool(std::string_view text);

// The order in which this droplet tries the addresses of a pool: rendezvous hashing (Thaler and
// Ravishankar, 1998), so that droplets that start together want different addresses, and one that
// comes back wants the same. It depends on nothing but the ids and never changes between releases.
struct Preference {
  DropletId droplet = 0;

  // Whether `left` is tried before `right`.
  bool operator()(Ipv4 left, Ipv4 right) const;
};

}  // namespace core
