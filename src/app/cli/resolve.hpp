// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/cli/options.hpp"

namespace app {

// What follows from all options together: what is required is there, Kubernetes is reachable or
// off, the tokens are where they will be read from. Throws Error(usage) or Error(config).
void resolve(Draft& draft, const Environment& environment);

// Where the result goes in a pod; elsewhere empty.
std::string default_termination_log(const Environment& environment);

}  // namespace app
