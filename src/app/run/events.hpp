// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/outcome.hpp"
#include "app/run/observe.hpp"

namespace app {

// Writes the Events of a finished run. If that fails although egress works, the run ends with
// gate-failed, or with no-permission if a right is missing.
void write_events(Outcome& outcome, Observer& observer);

}  // namespace app
