// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/invocation.hpp"
#include "app/outcome.hpp"
#include "app/system.hpp"

namespace app {

// Asks the services which address they see this process come from, compares it with the egress IP
// of the Node, and labels the Node with the answer where a label is asked for. Needs no capability
// and no DigitalOcean token, so it runs in any pod.
Verification verify(System& system, const Invocation& invocation);

}  // namespace app
