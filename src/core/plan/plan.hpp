// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model.hpp"

namespace core {

// Every decision of `reconcile`: the steps that turn what was found into what was asked, what must
// be known before deciding further, and how the run ends. Pure; throws nothing. Steps of claim,
// network and Node come in the order in which they are safe (SPEC section 6): a lost address first
// brings back the public default, then tells the Node, then claims anew; a claimed one is proven,
// then switched to, then labelled.
Plan plan(const Observation& found, const Config& asked);

// The address that the droplet holds: the API's word, where it was asked, before metadata's.
std::optional<Ipv4> held_address(const Observation& found);

// Whether the default leads through the anchor while the droplet is not known to hold an address:
// then only metadata and sockets bound to the public address reach anything.
bool cut_off(const Observation& found);

}  // namespace core
