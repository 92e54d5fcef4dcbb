// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/invocation.hpp"
#include "app/system.hpp"

#include <string>

namespace app {

// The output of a command, and how the process ends.
struct Report {
  std::string output = {};               // in the requested format
  std::string termination_message = {};  // JSON of at most 4096 bytes; empty: not requested
  core::Ending ending = {};
  core::Exit exit = core::Exit::ok;  // after --ok-codes and --detailed-exitcode
};

// Runs the command. The report contains every failure.
Report execute(System& system, const Invocation& invocation);

// The APIs must be reached while destinations are unreachable, so they must not be among them.
io::IsBarred addresses_barred_for_apis(const Invocation& invocation);

// The report of a refused command: the JSON document that was asked for, or no output as text.
Report refuse(const Invocation& asked, const core::Error& why);

}  // namespace app
