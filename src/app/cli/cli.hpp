// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/invocation.hpp"

#include <string>
#include <variant>
#include <vector>

namespace app {

// What `--help` and `--version` ask for: a text for stdout, and nothing to do.
struct Answer {
  std::string text = {};
};

// Reads the command line (without the program's name), the environment and the configuration file:
// flag beats environment beats file. Throws Error(usage) or Error(config) with one clear line; no
// request has been sent then.
std::variant<Invocation, Answer> parse_command_line(const std::vector<std::string>& arguments,
                                                    const Environment& environment);

}  // namespace app
