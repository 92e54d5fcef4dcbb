// SPDX-License-Identifier: Apache-2.0
#include "bench/measure.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <set>
#include <sstream>
#include <stdexcept>

namespace bench {
namespace {

using support::Command;
using support::Json;
using support::Run;
using support::World;

constexpr std::size_t words_of_nsenter = 2;
constexpr int hold_ms = 50;

struct Sample {
  double wall_ms = 0;
  double cpu_ms = 0;
  double peak_mb = 0;
};

// The subject's command as arguments of a wrapper.
Command under(const Command& command, const std::vector<std::string>& wrapper) {
  Command result = command;
  result.words.insert(result.words.begin() + words_of_nsenter, wrapper.begin(), wrapper.end());
  return result;
}

Run run_well(const Scenario& scenario, const Subject& subject, const Command& command) {
  Run run = support::run(command);
  if (run.exit != 0) {
    throw std::runtime_error(scenario.name + ", " + subject.name + ": ends with " +
                             std::to_string(run.exit) + ": " + run.out + run.err);
  }
  return run;
}

Sample sample(const Scenario& scenario, const Subject& subject) {
  scenario.prepare();
  std::istringstream told(run_well(scenario, subject, under(subject.command, {RUNNER})).out);
  double wall = 0;
  double cpu = 0;
  double peak = 0;
  told >> wall >> cpu >> peak;
  return {.wall_ms = wall / 1000, .cpu_ms = cpu / 1000, .peak_mb = peak * 1024 / 1e6};
}

// One process's instructions in callgrind's file.
double instructions_in(const std::filesystem::path& profile) {
  std::ifstream file(profile);
  const std::string mark = "totals: ";
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(mark)) {
      return std::stod(line.substr(mark.size()));
    }
  }
  return 0;
}

// Of the program and of all that it starts; nothing where it fails. A process that was forked would
// begin with all that its parent has counted, and another program in its place would end the count:
// so what was counted is kept before, and counting starts again.
std::optional<double> count_once(const Scenario& scenario, const Subject& subject) {
  const std::filesystem::path profiles = "/run/lab/callgrind";
  std::filesystem::remove_all(profiles);
  std::filesystem::create_directory(profiles);
  scenario.prepare();
  const Run run = support::run(
      under(subject.command, {"valgrind", "--tool=callgrind", "--quiet", "--trace-children=yes",
                              "--dump-before=_Fork", "--dump-before=execve", "--dump-line=no",
                              "--callgrind-out-file=" + (profiles / "%p").string()}));
  double sum = 0;
  for (const auto& entry : std::filesystem::directory_iterator(profiles)) {
    sum += instructions_in(entry.path());
  }
  return run.exit == 0 && sum > 0 ? std::optional(sum / 1e6) : std::nullopt;
}

// The lowest count as soon as two agree. Only on a very busy machine do counts vary, when a
// handshake takes seconds and is repeated.
std::optional<double> count_instructions(const Scenario& scenario, const Subject& subject) {
  constexpr int most_tries = 12;
  constexpr double same = 1.005;
  std::optional<double> least;
  for (int tries = 0; tries < most_tries && subject.count != Subject::Count::never; ++tries) {
    const auto next = count_once(scenario, subject);
    if (next && subject.count == Subject::Count::once) {
      return next;
    }
    if (next && least && std::max(*least, *next) <= std::min(*least, *next) * same) {
      return std::min(*least, *next);
    }
    if (next && (!least || *next < *least)) {
      least = next;
    }
  }
  return std::nullopt;
}

void count_requests(const World& world, const Scenario& scenario, const Subject& subject,
                    Costs& costs) {
  scenario.prepare();
  world.forget_requests();
  run_well(scenario, subject, subject.command);
  std::set<std::int64_t> connections;
  std::set<std::int64_t> with_tls;
  const Json journal = world.sim("GET", "/journal");
  for (const Json& request : journal.at("requests")) {
    ++costs.requests[request.at("server").get<std::string>()];
    connections.insert(request.at("connection").get<std::int64_t>());
    if (request.at("tls").get<bool>()) {
      with_tls.insert(request.at("connection").get<std::int64_t>());
    }
  }
  costs.connections = static_cast<int>(connections.size());
  costs.handshakes = static_cast<int>(with_tls.size());
}

using Walls = std::vector<double>;

// The fastest run of each subject: nothing makes a run faster than it is.
Walls quickest(const Scenario& scenario, int runs) {
  Walls best(scenario.subjects.size(), std::numeric_limits<double>::max());
  for (int run = 0; run < runs; ++run) {
    for (std::size_t index = 0; index < best.size(); ++index) {
      best[index] = std::min(best[index], sample(scenario, scenario.subjects[index]).wall_ms);
    }
  }
  return best;
}

// Delaying every answer shows how many round trips a run waits for in sequence.
void measure_round_trips(const World& world, const Scenario& scenario, int runs,
                         std::vector<Costs>& costs) {
  const Walls at_once = quickest(scenario, runs);
  world.settings({{"hold_ms", hold_ms}});
  const Walls held = quickest(scenario, runs);
  world.settings({{"hold_ms", 0}});
  for (std::size_t index = 0; index < costs.size(); ++index) {
    costs[index].round_trips =
        static_cast<int>(std::lround((held[index] - at_once[index]) / hold_ms));
  }
}

double median_of(const std::vector<Sample>& samples, double Sample::*field) {
  std::vector<double> values;
  for (const Sample& sample : samples) {
    values.push_back(sample.*field);
  }
  return median(values);
}

}  // namespace

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values.at(values.size() / 2);
}

void run_once(const Scenario& scenario, const Subject& subject) {
  scenario.prepare();
  run_well(scenario, subject, subject.command);
}

std::vector<Costs> measure(const World& world, const Scenario& scenario, const Effort& effort) {
  const std::size_t count = scenario.subjects.size();
  std::vector<std::vector<Sample>> samples(count);
  for (int run = 0; run < effort.runs; ++run) {
    for (std::size_t index = 0; index < count; ++index) {
      samples[index].push_back(sample(scenario, scenario.subjects[index]));
    }
  }
  std::vector<Costs> all;
  for (std::size_t index = 0; index < count; ++index) {
    const Subject& subject = scenario.subjects[index];
    Costs costs{.subject = subject.name,
                .wall_ms = median_of(samples[index], &Sample::wall_ms),
                .cpu_ms = median_of(samples[index], &Sample::cpu_ms),
                .peak_mb = median_of(samples[index], &Sample::peak_mb)};
    count_requests(world, scenario, subject, costs);
    costs.million_instructions = count_instructions(scenario, subject);
    all.push_back(costs);
  }
  if (effort.held_runs > 0) {
    measure_round_trips(world, scenario, effort.held_runs, all);
  }
  return all;
}

}  // namespace bench
