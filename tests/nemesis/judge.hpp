// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "findings.hpp"
#include "fleet.hpp"

namespace nemesis {

// The runs of a storm, each by itself: how it ended, what it said, what it asked of DigitalOcean.
void judge_runs(const Fleet& fleet, Findings& findings);

// Everything that the servers saw, from the beginning to the end.
void judge_journal(const Fleet& fleet, const Json& journal, Findings& findings);

// After the storm: runs the program on every node until nothing is left to do, and once more. Which
// exit each member ended with.
std::vector<int> settle(Fleet& fleet, Findings& findings);

// What settled nodes must be like, as the servers, the internet and the kernel see it.
void judge_nodes(Fleet& fleet, const std::vector<int>& exits, Findings& findings);

// Releases a few, and all that have no address: they must be as they booted.
void judge_release(Fleet& fleet, const std::vector<int>& exits, Findings& findings);

// The most requests that DigitalOcean got in a minute.
int busiest_minute(const Json& journal);

}  // namespace nemesis
