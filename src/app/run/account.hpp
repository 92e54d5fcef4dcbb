// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/invocation.hpp"
#include "cloud/digitalocean.hpp"
#include "core/model.hpp"

#include <optional>
#include <vector>

namespace app {

// What the account has of the pool, and which of all its addresses `droplet` holds. Throws as the
// calls of DigitalOcean do.
core::Account read_account(cloud::DigitalOcean& digitalocean, const std::vector<core::Ipv4>& pool,
                           std::optional<core::DropletId> droplet);

// The same, as far as a claim needs it: of an account of more than one page at most the first, and
// the droplet itself. All nodes share one budget of requests, and each would read every page. A run
// that claims nothing reads everything.
core::Account read_for_claim(cloud::DigitalOcean& digitalocean, const core::Droplet& droplet,
                             const Invocation& invocation);

// The token does not see droplets, so an address in use may look free.
core::Error scope_missing();

}  // namespace app
