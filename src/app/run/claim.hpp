// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/system.hpp"
#include "cloud/digitalocean.hpp"
#include "core/model.hpp"

#include <functional>
#include <optional>
#include <string>
#include <variant>

namespace app {

struct Lost {
  std::string why = {};
};
// The address that the droplet provably holds: the one asked for, or, where DigitalOcean refused
// because the droplet had one already, that one.
using Claim = std::variant<core::FloatingIp, Lost>;

// Says, for free, whether the assignment may have come about; it is then read, sooner than
// otherwise. Nothing where that cannot be told.
using Hint = std::function<std::optional<bool>()>;

// Brings `wanted` to its droplet and proves it, by SPEC section 5: reads it again directly before
// the POST, believes nothing but GET /v2/reserved_ips/{ip} after it, and never sends a second POST
// for an address that somebody else holds. Throws Error(try_again) when it stays pending or the
// action fails, Error(config) when DigitalOcean refuses for good, and as DigitalOcean's calls do.
Claim claim(System& system, cloud::DigitalOcean& digitalocean, const core::AssignFloatingIp& wanted,
            const Hint& hint);

}  // namespace app
