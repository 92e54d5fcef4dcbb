// SPDX-License-Identifier: Apache-2.0
#include "bench/budget.hpp"

#include <fmt/format.h>

#include <cmath>

namespace bench {
namespace {

using support::Json;

// By how much a count may grow.
const std::map<std::string, double> tolerances = {
    {"instructions", 1.1}, {"peak_memory", 1.2}, {"bytes", 1.1}};

double rounded(double value) {
  return std::round(value * 1000) / 1000;
}

Json counts_of(const Costs& costs) {
  return {{"requests", costs.requests},
          {"connections", costs.connections},
          {"handshakes", costs.handshakes}};
}

Json counts_of(const Costs& costs, const Costs& reference) {
  Json counts = counts_of(costs);
  counts["instructions"] =
      rounded(costs.million_instructions.value() / reference.million_instructions.value());
  counts["peak_memory"] = rounded(costs.peak_mb / reference.peak_mb);
  return counts;
}

}  // namespace

Json budget_of(const Result& result) {
  return {{"steady_run", counts_of(of(result.steady, ours), of(result.steady, floor_program))},
          {"first_claim", counts_of(of(result.first_claim, ours))},
          {"first_claim_with_cilium", counts_of(of(result.with_cilium, cilium))},
          {"no_match", counts_of(of(result.no_match, ours), of(result.no_match, empty_program))},
          {"destinations_10000", counts_of(of(result.destinations, many_destinations),
                                           of(result.destinations, one_destination))},
          {"binary", {{"bytes", result.sizes.binary}}}};
}

std::vector<std::string> overruns(const Json& found, const Json& allowed) {
  std::vector<std::string> lines;
  for (const auto& [subject, counts] : allowed.items()) {
    for (const auto& [what, limit] : counts.items()) {
      const Json& value = found.at(subject).at(what);
      const auto tolerance = tolerances.find(what);
      const bool fits = tolerance == tolerances.end()
                            ? value == limit
                            : value.get<double>() <= limit.get<double>() * tolerance->second;
      if (!fits) {
        lines.push_back(fmt::format(
            "{}: {} is {}, allowed is {}{}", subject, what, value.dump(), limit.dump(),
            tolerance == tolerances.end() ? "" : fmt::format(" × {}", tolerance->second)));
      }
    }
  }
  return lines;
}

}  // namespace bench
