// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/invocation.hpp"
#include "app/outcome.hpp"
#include "app/system.hpp"

namespace app {

// Reads every address of the pool, and the Nodes of the droplets that hold one. Needs the token, no
// droplet. An address of which nothing is known stays unknown; the ending says why. Without
// droplet:read, where addresses in use look free, that is Exit::no_permission.
PoolTable read_pool(System& system, const Invocation& invocation);

}  // namespace app
