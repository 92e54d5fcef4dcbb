// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/world.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace bench {

// A program to measure, or one to compare it with.
struct Subject {
  std::string name = {};
  support::Command command = {};  // nsenter and the droplet's namespace, then the program
  enum class Count { until_repeated, once, never } count = Count::until_repeated;
};

// What every subject does, from the same starting state.
struct Scenario {
  std::string name = {};
  std::vector<Subject> subjects = {};
  std::function<void()> prepare = [] {};  // creates that state before each run
};

// The cost of one run: medians of many, or counts.
struct Costs {
  std::string subject = {};
  double wall_ms = 0;
  double cpu_ms = 0;
  double peak_mb = 0;  // of the largest process
  std::optional<double> million_instructions = {};
  std::map<std::string, int> requests = {};  // by server
  int connections = 0;
  int handshakes = 0;
  int round_trips = 0;  // in sequence
};

struct Effort {
  int runs = 1;       // for the medians
  int held_runs = 0;  // with slow servers; 0: do not measure round trips
};

// Measures all subjects in turns, so that a busy moment affects all of them. Throws
// std::runtime_error if a run fails.
std::vector<Costs> measure(const support::World& world, const Scenario& scenario,
                           const Effort& effort);

double median(std::vector<double> values);

// Runs the subject once; the starting state exists.
void run_once(const Scenario& scenario, const Subject& subject);

}  // namespace bench
