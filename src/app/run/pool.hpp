// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/invocation.hpp"
#include "app/outcome.hpp"
#include "app/system.hpp"

namespace app {

// Reads every address of the pool, and the Nodes of the droplets that hold one. Needs the token but
// no droplet. An address that cannot be read stays unknown, and the ending says why. Without
// droplet:read it ends with Exit::no_permission, because addresses in use look free.
PoolTable read_pool(System& system, const Invocation& invocation);

}  // namespace app
