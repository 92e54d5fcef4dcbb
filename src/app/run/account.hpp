// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cloud/digitalocean.hpp"
#include "core/model.hpp"

#include <optional>
#include <vector>

namespace app {

// All nodes share one budget of requests. So a claim reads of an account with more than one page no
// more than the first, and the droplet itself; what is left is in Account::unread.
enum class Extent { whole, claim };

// What the account has of the pool, in the pool's order, and which of all its addresses `droplet`
// holds (nullptr: not asked). Throws as the calls of DigitalOcean do, and scope_missing().
core::Account read_account(cloud::DigitalOcean& digitalocean, const std::vector<core::Ipv4>& pool,
                           const core::Droplet* droplet, Extent extent = Extent::whole);

// Throws Error(no_permission) where the token does not see droplets: an address in use looks free
// to it.
void require_sight(cloud::DigitalOcean& digitalocean, std::optional<core::DropletId> droplet);

}  // namespace app
