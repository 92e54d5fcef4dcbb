// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/invocation.hpp"
#include "app/system.hpp"
#include "core/model.hpp"
#include "core/plan/switch.hpp"

namespace app {

// Proves that traffic bound to the anchor address uses `address`, over our own rules and table:
// DigitalOcean's API host accepts a TLS connection, and every --verify-url sees the address. Throws
// the Error of the failed check.
void prove_path(System& system, const Invocation& invocation, const core::Droplet& droplet,
                core::Ipv4 address);

// Asks DigitalOcean, then Kubernetes for a connection from the public address, by our own rules and
// table, and the first that accepts it for another from the anchor address.
core::PathAnswers ask_by_both_paths(System& system, const Invocation& invocation,
                                    const core::Observation& found);

// Proves that traffic by the current default uses `address`. After a switch the kernel resolves
// public destinations by that default, and new connections succeed to DigitalOcean's API host and
// to Kubernetes, if it answered before. Every --verify-url sees the address. Throws the Error of
// the failed check.
void prove_egress(System& system, const Invocation& invocation, const core::Observation& found,
                  core::Ipv4 address);

}  // namespace app
