// SPDX-License-Identifier: Apache-2.0
// One storm in a world that `lab world` made:
//
//   nemesis SEED         runs and judges it; prints one line, or all details
//   nemesis plan SEED    prints its plan
#include "judge.hpp"
#include "weather.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>

namespace nemesis {
namespace {

std::string in_numbers(const Fleet& fleet, const Json& journal) {
  std::map<int, int> exits;
  int killed = 0;
  for (const Ended& run : fleet.ended()) {
    ++exits[run.run.exit];
    killed += run.signalled || run.run.exit == 128 + SIGKILL;
  }
  std::string ended;
  for (const auto& [exit, count] : exits) {
    ended += fmt::format("{}{}:{}", ended.empty() ? "" : " ", exit, count);
  }
  return fmt::format(
      "storm {}: {} nodes, {} runs, {} killed, {} thefts, {} requests to DigitalOcean in a "
      "minute, exits {}",
      fleet.storm().seed, fleet.members().size(), fleet.ended().size(), killed,
      journal.at("thefts").size(), busiest_minute(journal), ended);
}

void tell(const Storm& storm, const std::vector<std::string>& violations, const Trace& trace) {
  fmt::print("{}what happened:\n{}", render(storm), trace.text());
  for (const std::string& violation : violations) {
    fmt::print("VIOLATION: {}\n", violation);
  }
  fmt::print("again: scripts/nemesis --seed {}\n", storm.seed);
}

int run(std::uint64_t seed) {
  const Storm storm = make_storm(seed);
  Trace trace;
  Findings findings;
  std::string numbers = fmt::format("storm {}", seed);
  try {
    Fleet fleet(storm, trace);
    Weather(fleet, trace).run();
    judge_runs(fleet, findings);
    const auto exits = settle(fleet, findings);
    judge_nodes(fleet, exits, findings);
    judge_release(fleet, exits, findings);
    const Json journal = fleet.world().sim("GET", "/journal");
    judge_journal(fleet, journal, findings);
    numbers = in_numbers(fleet, journal);
  } catch (const std::exception& error) {
    findings.require(false, "it could not go on: {}", error.what());
  }
  const auto& violations = findings.violations();
  if (!violations.empty() || std::getenv("NEMESIS_TRACE") != nullptr) {
    tell(storm, violations, trace);
  }
  fmt::print("{}, {}\n", numbers,
             violations.empty() ? "ok" : fmt::format("{} VIOLATIONS", violations.size()));
  return violations.empty() ? 0 : 1;
}

// A helper that the storm starts: nemesis kill-after-change N COMMAND…
int kill_after_change(const std::vector<std::string>& words) {
  support::Command command{{words.begin() + 2, words.end()}, {}};
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string text = *variable;
    const auto equals = text.find('=');
    command.environment[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return support::kill_after_change(command, std::stoi(words[1])) ? 128 + SIGKILL : 0;
}

}  // namespace
}  // namespace nemesis

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() > 2 && words[0] == "kill-after-change") {
    return nemesis::kill_after_change(words);
  }
  if (words.size() == 2 && words[0] == "plan") {
    fmt::print("{}", render(nemesis::make_storm(std::stoull(words[1]))));
    return 0;
  }
  if (words.size() != 1) {
    fmt::print(stderr, "usage: nemesis [plan] SEED\n");
    return 64;
  }
  return nemesis::run(std::stoull(words[0]));
}
