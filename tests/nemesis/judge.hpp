// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "findings.hpp"
#include "fleet.hpp"

namespace nemesis {

// Judges each run by itself: its exit, its output, its requests to DigitalOcean.
void judge_runs(const Fleet& fleet, Findings& findings);

// Judges everything that the servers saw.
void judge_journal(const Fleet& fleet, const Json& journal, Findings& findings);

// After the storm: repeats the program on every node until nothing is left to do, and once more.
// Returns each member's exit.
std::vector<int> settle(Fleet& fleet, Findings& findings);

// Judges the settled nodes, as the servers, the internet and the kernel see them.
void judge_nodes(Fleet& fleet, const std::vector<int>& exits, Findings& findings);

// Releases some nodes, and all without an address; each must be as it booted.
void judge_release(Fleet& fleet, const std::vector<int>& exits, Findings& findings);

// The largest number of requests to DigitalOcean in a minute.
int busiest_minute(const Json& journal);

}  // namespace nemesis
