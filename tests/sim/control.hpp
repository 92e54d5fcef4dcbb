// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "call.hpp"
#include "faults.hpp"

namespace sim {

// The tests' own way in: sets up the world, its faults, and reads back what happened. A field that
// is not known is refused, so that a test's typo does not pass.
Reply control(World& world, Faults& faults, Json& requests, const Call& call, Millis now);

}  // namespace sim
