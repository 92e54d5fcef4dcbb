// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/result.hpp"

#include <string>
#include <vector>

namespace bench {

// The counts (not times) for budget.json. Instructions and memory are relative to the floor and
// empty programs on the same machine, so that another distribution's libraries do not matter.
support::Json budget_of(const Result& result);

// One line for each count above its limit.
std::vector<std::string> overruns(const support::Json& found, const support::Json& allowed);

}  // namespace bench
