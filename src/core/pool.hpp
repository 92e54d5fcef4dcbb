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

// `pool` in the order in which this droplet tries it: rendezvous hashing (Thaler and Ravishankar,
// 1998), so that droplets that start together want different addresses, and one that comes back
// wants the same. The order depends on nothing but the two ids and never changes between releases.
std::vector<Ipv4> rank(const std::vector<Ipv4>& pool, DropletId droplet);

}  // namespace core
