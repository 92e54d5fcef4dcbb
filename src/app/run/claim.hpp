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

// Says, at no cost, whether the assignment may be done, which triggers an early read. Nothing where
// that cannot be told.
using Hint = std::function<std::optional<bool>()>;

// Reads, posts and waits as core::next() decides until `wanted` is won or lost. Throws the Error of
// a claim that failed, and as DigitalOcean's calls and Clock::sleep() do.
Claim claim(System& system, cloud::DigitalOcean& digitalocean, const core::AssignFloatingIp& wanted,
            const Hint& hint);

// Takes the address from its droplet and waits until it is gone; nothing where the droplet does not
// hold it. Throws Error(try_again) where DigitalOcean does not do it, and as its calls do.
void unassign(System& system, cloud::DigitalOcean& digitalocean,
              const core::UnassignFloatingIp& wanted);

}  // namespace app
