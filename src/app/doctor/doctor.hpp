// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/invocation.hpp"
#include "app/system.hpp"
#include "core/doctor/doctor.hpp"

#include <string>
#include <vector>

namespace app {

// What was found to be wrong or right with this droplet, its network, account and cluster.
struct Diagnosis {
  std::vector<core::Check> checks = {};
  core::Ending ending = {};
  std::string node = {};
  std::string bundle = {};  // the file that was written; empty: none
  io::RequestCounts requests = {};
  io::Duration elapsed = {};
};

// Looks at everything that a reconcile depends on, and writes nothing anywhere but the bundle that
// was asked for. What cannot be found out keeps its own checks from being made, and no others.
Diagnosis doctor(System& system, const Invocation& invocation);

// For people: problems and warnings, each with its remedy, then how many checks passed; all checks
// where asked.
std::string render_text(const Diagnosis& diagnosis, Reasons reasons);
// One document on one line, "schema": 1.
std::string render_json(const Diagnosis& diagnosis);

}  // namespace app
