// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model.hpp"

namespace core {

// Every decision of `release`, the way back from a reconcile: the Node says false and is gated, the
// default is what it was, our rules, marking and routes are gone, the address is nobody's (unless
// it is to be kept, or not in the pool), its Lease is deleted. Pure; throws nothing. What is
// already so is not done again; what others made is not touched.
Plan plan_release(const Observation& found, const Config& asked);

}  // namespace core
