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

// Why nothing is done: one clear line, Exit::usage or Exit::config. Of `asked` only how to answer
// can be relied upon: the command, and the options of Output as far as they were understood.
struct Refusal {
  Invocation asked = {};
  core::Error error;
};

// Reads the command line (without the program's name), the environment and the configuration file:
// flag beats environment beats file. No request has been sent then.
std::variant<Invocation, Answer, Refusal> parse_command_line(
    const std::vector<std::string>& arguments, const Environment& environment);

}  // namespace app
