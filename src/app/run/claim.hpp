// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/system.hpp"
#include "cloud/digitalocean.hpp"
#include "core/plan/claim.hpp"

#include <functional>
#include <optional>
#include <variant>

namespace app {

using Claim = std::variant<core::Won, core::Lost>;

// Cheap hint from metadata that the assignment may be done; triggers an early read. Nothing if
// metadata cannot be read.
using Hint = std::function<std::optional<bool>()>;

// Reads, posts and waits as core::next() decides, until `wanted` is won or lost. Throws the Error
// of a failed claim, and like DigitalOcean's calls and Clock::sleep().
Claim claim(System& system, cloud::DigitalOcean& digitalocean, const core::AssignFloatingIp& wanted,
            const Hint& hint);

// Unassigns the address and waits until the API shows it. Does nothing if the droplet does not hold
// it. Throws Error(try_again) if DigitalOcean does not unassign it, and like its calls.
void unassign(System& system, cloud::DigitalOcean& digitalocean,
              const core::UnassignFloatingIp& wanted);

}  // namespace app
