// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cloud/digitalocean.hpp"
#include "core/model.hpp"

#include <optional>
#include <vector>

namespace app {

// claim: in an account with more than one page, reads only the first page and the droplet. All
// nodes share one budget of requests. Account::unread lists the rest.
enum class Extent { whole, claim };

// Reads the account's pool addresses, in the pool's order, and the address that `droplet` holds
// (nullptr: not asked). Throws like the calls of DigitalOcean, and scope_missing().
core::Account read_account(cloud::DigitalOcean& digitalocean, const std::vector<core::Ipv4>& pool,
                           const core::Droplet* droplet, Extent extent = Extent::whole);

// Reads the next page of a long account into `account`. After the last page it reads the addresses
// that no page showed, by name. Throws as read_account() does.
void read_next_page(cloud::DigitalOcean& digitalocean, const std::vector<core::Ipv4>& pool,
                    const core::Droplet& droplet, core::Account& account);

// Throws Error(no_permission) if the token does not see droplets: to such a token addresses in use
// look free.
void require_sight(cloud::DigitalOcean& digitalocean, std::optional<core::DropletId> droplet);

}  // namespace app
