// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/invocation.hpp"
#include "app/system.hpp"
#include "core/model.hpp"

namespace app {

// Proves that traffic leaves by `address`: the kernel resolves public destinations by the default
// route; after a switch, Kubernetes, or the DigitalOcean API where Kubernetes did not answer
// before, can be reached by a new connection; and every --verify-url sees the address. Throws the
// Error that says what did not.
void prove_egress(System& system, const Invocation& invocation, const core::Observation& found,
                  core::Ipv4 address);

}  // namespace app
