// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/invocation.hpp"
#include "app/outcome.hpp"
#include "app/system.hpp"

namespace app {

// A reconcile that writes nothing: facts, differences and a verdict. A difference is Exit::changed.
Outcome status(System& system, const Invocation& invocation);

}  // namespace app
