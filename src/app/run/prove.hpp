// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/invocation.hpp"
#include "app/system.hpp"
#include "core/model.hpp"

namespace app {

// Proves that what is bound to the anchor address leaves as `address`, by rules and a table of ours
// that no other traffic uses: DigitalOcean's API host takes a connection, with its TLS, and every
// --verify-url sees the address. Throws the Error that says what did not.
void prove_path(System& system, const Invocation& invocation, const core::Droplet& droplet,
                core::Ipv4 address);

// Proves that traffic leaves as `address` by the default of now: after a switch the kernel resolves
// public destinations by it, and new connections to Kubernetes, where it answered before, and to
// DigitalOcean's API host succeed; and every --verify-url sees the address. Throws the Error that
// says what did not.
void prove_egress(System& system, const Invocation& invocation, const core::Observation& found,
                  core::Ipv4 address);

}  // namespace app
