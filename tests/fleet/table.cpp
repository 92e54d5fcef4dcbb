// SPDX-License-Identifier: Apache-2.0
#include "fleet/table.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace fleet {
namespace {

std::string time_of(Duration duration) {
  const double seconds = static_cast<double>(duration.count()) / 1000;
  if (seconds < 60) {
    return fmt::format("{:.0f} s", seconds);
  }
  const double minutes = seconds / 60;
  return minutes < 120 ? fmt::format("{:.1f} min", minutes) : fmt::format("{:.2f} h", minutes / 60);
}

}  // namespace

void print_head(const std::string& after) {
  fmt::print("{:>6} {:>10} {:>12} {:>12} {:>8} {:>8} {:>7} {:>11}\n", "nodes", "holding",
             "all after", "limit alone", "calls", "refused", "thefts", after);
  std::fflush(stdout);
}

void print_row(const Scenario& scenario, const Result& result) {
  const double nodes = scenario.nodes;
  fmt::print("{:>6} {:>10} {:>12} {:>12} {:>8.2f} {:>8.2f} {:>7} {:>11}\n", scenario.nodes,
             result.distinct, time_of(result.until_all),
             time_of(limit_alone(result.granted, scenario)),
             static_cast<double>(result.granted) / nodes,
             static_cast<double>(result.refused) / nodes, result.thefts, result.afterwards);
  std::fflush(stdout);
}

}  // namespace fleet
