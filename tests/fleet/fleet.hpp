// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

namespace fleet {

using Duration = std::chrono::milliseconds;

// Nodes that start at the same instant, with as many addresses, and one token.
struct Scenario {
  int nodes = 10;
  int limit_minute = 250;
  int limit_hour = 5000;
  bool leases = true;
  Duration action_latency{2'000};
  Duration metadata_lag{500};
  Duration timeout{120'000};             // of a run
  Duration interval{60'000};             // between good runs
  Duration afterwards{3'600'000};        // what is looked at once all hold an address
  Duration longest{4 * 24 * 3'600'000};  // it is given up then
  std::uint32_t seed = 1;
};

struct Result {
  int standing = 0;             // nodes that hold a proven address and say so, at the end
  Duration until_all{0};        // until all did
  std::int64_t granted = 0;     // requests to DigitalOcean until then
  std::int64_t refused = 0;     // by its rate limits
  std::int64_t afterwards = 0;  // requests to DigitalOcean in the time after
  std::size_t thefts = 0;
  std::size_t distinct = 0;               // addresses held
  std::map<std::string, int> exits = {};  // of all runs until then, by name
};

// Runs the program of each node, its retries and its loop, over one simulated account in virtual
// time. The same scenario gives the same result.
Result run(const Scenario& scenario);

// How long the rate limits alone let so many calls take, were each sent as soon as it may be.
Duration limit_alone(std::int64_t calls, const Scenario& scenario);

}  // namespace fleet
