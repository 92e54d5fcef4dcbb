// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/world.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace bench {

// What is measured: a program, or what is held against it.
struct Subject {
  std::string name = {};
  support::Command command = {};  // nsenter and the droplet's namespace, then the program
  enum class Count { until_repeated, once, never } count = Count::until_repeated;
};

// What every subject does, from the same beginning.
struct Scenario {
  std::string name = {};
  std::vector<Subject> subjects = {};
  std::function<void()> prepare = [] {};  // makes that beginning, before each run
};

// The cost of one run: medians of many, or counted.
struct Costs {
  std::string subject = {};
  double wall_ms = 0;
  double cpu_ms = 0;
  double peak_mb = 0;  // of the largest process
  std::optional<double> million_instructions = {};
  std::map<std::string, int> requests = {};  // by server
  int connections = 0;
  int handshakes = 0;
  int round_trips = 0;  // one after the other
};

struct Effort {
  int runs = 1;       // of which the medians are
  int held_runs = 0;  // with slow servers; 0: round trips are not measured
};

// Costs of all subjects, run in turns, so that a busy moment hits all of them. Throws
// std::runtime_error when a run fails.
std::vector<Costs> measure(const support::World& world, const Scenario& scenario,
                           const Effort& effort);

double median(std::vector<double> values);

// Runs the subject once, with its beginning made before.
void run_once(const Scenario& scenario, const Subject& subject);

}  // namespace bench
