// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/outcome.hpp"
#include "app/run/observe.hpp"

namespace app {

// Writes the Events of a finished run. Where that fails on a Node whose egress is good, the outcome
// says so: gate-failed, or no-permission where a right is missing.
void announce(Outcome& outcome, Observer& observer);

}  // namespace app
