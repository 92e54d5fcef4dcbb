// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/invocation.hpp"

#include <string>
#include <variant>
#include <vector>

namespace app {

// The text that `--help` and `--version` print.
struct Answer {
  std::string text = {};
};

// Why the program does nothing, as one line with Exit::usage or Exit::config. Of `asked` only the
// command and the output options are valid, as far as they were understood.
struct Refusal {
  Invocation asked = {};
  core::Error error;
};

// Reads the command line (without the program's name), the environment and the configuration file,
// in this order of precedence. Sends no request.
std::variant<Invocation, Answer, Refusal> parse_command_line(
    const std::vector<std::string>& arguments, const Environment& environment);

}  // namespace app
