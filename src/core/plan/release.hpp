// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model.hpp"

namespace core {

// Every decision of `release`, which undoes a reconcile: the Node says false and is gated, the
// previous default is back, our rules, marking and routes are removed, the address is unassigned
// (unless --keep-ip, or not in the pool) and its Lease deleted. Pure; throws nothing. It repeats
// nothing and leaves other programs' routes and labels alone.
Plan plan_release(const Observation& found, const Config& asked);

}  // namespace core
