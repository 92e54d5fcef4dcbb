// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

namespace fleet {

using Duration = std::chrono::milliseconds;

// Nodes that start at the same instant, with as many addresses and one token.
struct Scenario {
  int nodes = 10;
  int limit_minute = 250;
  int limit_hour = 5000;
  bool leases = true;
  Duration action_latency{2'000};
  Duration metadata_lag{500};
  Duration timeout{120'000};             // of one run
  Duration interval{60'000};             // between successful runs
  Duration afterwards{3'600'000};        // how long it goes on after all hold an address
  Duration longest{4 * 24 * 3'600'000};  // after which it is given up
  std::uint32_t seed = 1;
};

struct Result {
  int standing = 0;             // nodes with a proven and labelled address at the end
  Duration until_all{0};        // until the last node has one
  std::int64_t granted = 0;     // requests to DigitalOcean until then
  std::int64_t refused = 0;     // refused by the rate limits
  std::int64_t afterwards = 0;  // requests to DigitalOcean in the time after
  std::size_t thefts = 0;
  std::size_t distinct = 0;               // distinct addresses held
  std::map<std::string, int> exits = {};  // exit codes of all runs until then, by name
};

struct Shared;

inline constexpr std::int64_t first_droplet = 758'600'000;

// Fills the account and the cluster with the nodes egress-0, egress-1, …; and tells them their
// task.
void furnish(Shared& shared, const Scenario& scenario);
void instruct(Shared& shared, const Scenario& scenario);

// Runs each node's program, retries and loop on one simulated account in virtual time. The same
// scenario gives the same result.
Result run(const Scenario& scenario);

// The minimum time that the rate limits impose on so many calls.
Duration limit_alone(std::int64_t calls, const Scenario& scenario);

}  // namespace fleet
