// SPDX-License-Identifier: Apache-2.0
// Measures the program in the simulated world of tests/lab; scripts/bench calls this in there.
// Usage: bench table PROGRAM SVG-FILE RUNS
//        bench check|record PROGRAM BUDGET-FILE
#include "bench/budget.hpp"

#include <algorithm>
#include <cstdio>
#include <exception>
#include <fstream>
#include <string>

namespace {

using namespace bench;

// Counts need few runs, of the subjects they are about.
constexpr Effort counting{.runs = 5};

Scenario only(Scenario scenario, const std::vector<std::string>& names) {
  std::erase_if(scenario.subjects, [&](const Subject& subject) {
    return std::ranges::find(names, subject.name) == names.end();
  });
  return scenario;
}

Result count(const std::string& program) {
  const Stage stage(program);
  Result result;
  result.steady =
      measure(stage.world(), only(stage.steady(), {ours, in_image, floor_program}), counting);
  result.no_match =
      measure(stage.world(), only(stage.no_match(), {ours, in_image, empty_program}), counting);
  result.destinations = measure(stage.world(), stage.destinations(), counting);
  result.first_claim = measure(stage.world(), only(stage.first_claim(), {ours}), {.runs = 1});
  result.with_cilium = measure(stage.world(), stage.first_claim_with_cilium(), {.runs = 1});
  result.sizes = measure_sizes(program);
  return result;
}

Result measure_all(const std::string& program, int runs) {
  constexpr int held_runs = 5;
  constexpr int fewer = 5;  // each claim must be undone
  const Stage stage(program);
  Result result;
  result.steady = measure(stage.world(), stage.steady(), {runs, held_runs});
  result.no_match = measure(stage.world(), stage.no_match(), {runs, held_runs});
  result.first_claim =
      measure(stage.world(), stage.first_claim(), {(runs + fewer - 1) / fewer, held_runs});
  result.with_cilium = measure(stage.world(), stage.first_claim_with_cilium(),
                               {(runs + fewer - 1) / fewer, held_runs});
  result.destinations = measure(stage.world(), stage.destinations(), {runs, held_runs});
  result.waiting = measure_waiting(stage, (runs + fewer - 1) / fewer);
  result.sizes = measure_sizes(program);
  return result;
}

void write(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
}

int check(const std::string& program, const std::string& budget) {
  std::ifstream file(budget);
  const Result result = count(program);
  const auto found = budget_of(result);
  auto lines = overruns(found, support::Json::parse(file));
  auto targets = image_targets(result);
  const auto more = destination_targets(result);
  targets.insert(targets.end(), more.begin(), more.end());
  for (const Target& target : targets) {
    const std::string line = render_target(target);
    std::printf("%s", line.c_str());
    if (!is_met(target)) {
      lines.push_back(line.substr(0, line.size() - 1));
    }
  }
  std::printf("%s\n", found.dump(2).c_str());
  for (const std::string& line : lines) {
    std::printf("bench: %s\n", line.c_str());
  }
  if (!lines.empty()) {
    std::printf("bench: if that is meant, scripts/bench --record keeps the new numbers\n");
  }
  return lines.empty() ? 0 : 1;
}

int run(const std::vector<std::string>& words) {
  if (words.size() == 4 && words[0] == "table") {
    const Result result = measure_all(words[1], std::stoi(words[3]));
    std::printf("%s", render_table(result).c_str());
    write(words[2], render_svg(result));
    return 0;
  }
  if (words.size() == 3 && words[0] == "check") {
    return check(words[1], words[2]);
  }
  if (words.size() == 3 && words[0] == "record") {
    write(words[2], budget_of(count(words[1])).dump(2) + "\n");
    return 0;
  }
  return 64;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench: %s\n", error.what());
    return 1;
  }
}
