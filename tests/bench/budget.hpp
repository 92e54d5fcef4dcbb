// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/result.hpp"

#include <string>
#include <vector>

namespace bench {

// What is counted, not timed, as it is kept in budget.json. Instructions and memory are those of
// the floor and empty programs' on the same machine, so that another distribution's libraries
// change nothing.
support::Json budget_of(const Result& result);

// What costs more than is allowed, a line each; empty: nothing does.
std::vector<std::string> overruns(const support::Json& found, const support::Json& allowed);

}  // namespace bench
