// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/invocation.hpp"
#include "app/outcome.hpp"
#include "app/system.hpp"

#include <string>

namespace app {

// The facts, and as steps everything that a reconcile would do about them. Ends with Exit::changed
// where there is any, or no egress to be had; what could not be found out ends as in a reconcile.
Outcome status(System& system, const Invocation& invocation);

// For people: facts, drift with its reasons, the verdict.
std::string render_status(const Outcome& outcome);

}  // namespace app
