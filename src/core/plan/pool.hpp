// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/ip.hpp"
#include "core/model.hpp"

#include <chrono>
#include <cstddef>
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

// The time over which nodes spread that were refused at their first request: a quarter of the time
// in which the limit per minute serves every node, at most 15 minutes.
std::chrono::milliseconds crowd_of(std::size_t pool_size);

// A droplet that lost its first candidates reads the account page by page until a page shows a free
// address. A hash of the droplet chooses its first page, so that late nodes do not all read all
// pages. Only the last page shows the number of pages; the first page follows it.
PageWalk begin_walk(DropletId droplet, std::size_t pool_size, std::size_t page_size);
PageWalk after_page(PageWalk walk, bool was_last);

}  // namespace core
