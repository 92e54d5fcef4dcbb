// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/invocation.hpp"
#include "app/system.hpp"

#include <string>

namespace app {

// What a command has to say, and how the process ends.
struct Report {
  std::string text = {};
  std::string json = {};
  std::string word = {};  // the JSON as the kubelet takes it: at most 4096 bytes
  core::Ending ending = {};
  core::Exit exit = core::Exit::ok;  // with --ok-codes and --detailed-exitcode
};

// Does what was asked for. Every failure is in the report.
Report execute(System& system, const Invocation& invocation);

}  // namespace app
