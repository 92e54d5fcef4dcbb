// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cloud/digitalocean.hpp"
#include "core/model.hpp"

#include <optional>
#include <vector>

namespace app {

// What the account has of the pool, and which of all its addresses `droplet` holds. Throws as the
// calls of DigitalOcean do.
core::Account read_account(cloud::DigitalOcean& digitalocean, const std::vector<core::Ipv4>& pool,
                           std::optional<core::DropletId> droplet);

}  // namespace app
