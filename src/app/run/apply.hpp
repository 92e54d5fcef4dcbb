// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/outcome.hpp"
#include "app/run/observe.hpp"
#include "app/system.hpp"

#include <vector>

namespace app {

// Performs the leading steps of one kind (Lease, claim, network, switch, confirmation or Node) and
// records each. Later steps rely on their result, so the caller observes and plans again first. A
// failed step ends its kind, except in an undo; the observer notes it for the next plan.
void apply_leading_steps(const core::Plan& plan, System& system, const Invocation& invocation,
                         Observer& observer, std::vector<StepRecord>& records);

}  // namespace app
