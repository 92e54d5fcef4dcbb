// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/invocation.hpp"
#include "app/system.hpp"

#include <string>

namespace app {

// What a command has to say, and how the process ends.
struct Report {
  std::string output = {};  // in the format that was asked for
  std::string word = {};    // the JSON as the kubelet takes it, in 4096 bytes; empty: not asked
  core::Ending ending = {};
  core::Exit exit = core::Exit::ok;  // with --ok-codes and --detailed-exitcode
};

// Does what was asked for. Every failure is in the report.
Report execute(System& system, const Invocation& invocation);

// What is said where nothing is done: the document that the command would have given, or no output
// where text was asked for.
Report refuse(const Invocation& asked, const core::Error& why);

}  // namespace app
