// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/cli/options.hpp"

#include <string>

namespace app {

// The --help text of a command: usage, options, one example, the exit codes.
std::string render_help(const CommandFacts& command);

}  // namespace app
