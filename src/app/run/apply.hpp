// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/outcome.hpp"
#include "app/run/observe.hpp"
#include "app/system.hpp"

#include <vector>

namespace app {

// Performs the leading steps of one kind — a claim, changes of the network, a switch of the
// default, its confirmation, a change of the Node — and records each. What follows rests on their
// being true, so the caller looks again first. A step that fails ends its kind, but for an undo;
// the observer learns of it, and the next plan deals with it.
void apply_leading_steps(const core::Plan& plan, System& system, const Invocation& invocation,
                         Observer& observer, std::vector<StepRecord>& records);

}  // namespace app
