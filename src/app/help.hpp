// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace app {

// What --help prints: usage, options, one worked example, the exit codes.
std::string render_help();

}  // namespace app
