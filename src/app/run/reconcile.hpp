// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/invocation.hpp"
#include "app/outcome.hpp"
#include "app/system.hpp"

namespace app {

// One run: observe, plan and apply until nothing is left to do. The outcome contains every failure.
Outcome reconcile(System& system, const Invocation& invocation);

// Undoes everything that reconcile did, in the same way.
Outcome release(System& system, const Invocation& invocation);

}  // namespace app
