// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model.hpp"

namespace core {

// Every decision of `reconcile`: the steps from the found to the wanted state, the facts to read
// first, and how the run ends. Pure; throws nothing. The steps are in a safe order (SPEC section
// 6): after a loss, the public default comes back, then the Node's labels change, then a new
// address is claimed. A claimed address is proven, then routed, then labelled.
Plan plan(const Observation& found, const Config& asked);

// The address that the droplet holds. The API's answer, if asked, precedes metadata's.
std::optional<Ipv4> held_address(const Observation& found);

// Whether the default leads through the anchor although the droplet seems to hold no address. Then
// only metadata and sockets bound to the public address work.
bool is_cut_off(const Observation& found);

}  // namespace core
