// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/system.hpp"
#include "cloud/digitalocean.hpp"
#include "core/model.hpp"

namespace app {

// Takes an address from our droplet and waits until DigitalOcean shows it so: one POST, and only
// where a reading right before it shows the droplet as its holder. What somebody else holds by now
// is left alone. Throws Error(try_again) when it stays pending, and as DigitalOcean's calls do.
void unassign(System& system, cloud::DigitalOcean& digitalocean,
              const core::UnassignFloatingIp& wanted);

}  // namespace app
