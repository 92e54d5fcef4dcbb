// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/invocation.hpp"
#include "app/outcome.hpp"
#include "app/system.hpp"

namespace app {

// One run: observe, plan, apply, until nothing is left to do. Every failure is in the outcome; an
// Error leaves it only from what no plan can go on without, and is there too.
Outcome reconcile(System& system, const Invocation& invocation);

// The way back, in the same manner.
Outcome release(System& system, const Invocation& invocation);

}  // namespace app
