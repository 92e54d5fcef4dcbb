// SPDX-License-Identifier: Apache-2.0
#include "fleet/fleet.hpp"
#include "fleet/plot.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <fstream>

namespace {

std::string time_of(fleet::Duration duration) {
  const double minutes = static_cast<double>(duration.count()) / 60'000;
  return minutes < 120 ? fmt::format("{:.1f} min", minutes) : fmt::format("{:.1f} h", minutes / 60);
}

void print_head() {
  fmt::print("{:>6} {:>10} {:>12} {:>12} {:>8} {:>8} {:>7} {:>11}\n", "nodes", "holding",
             "all after", "limit alone", "calls", "refused", "thefts", "hour after");
}

void print_row(const fleet::Scenario& scenario, const fleet::Result& result) {
  const double nodes = scenario.nodes;
  fmt::print("{:>6} {:>10} {:>12} {:>12} {:>8.2f} {:>8.2f} {:>7} {:>11}\n", scenario.nodes,
             result.distinct, time_of(result.until_all),
             time_of(fleet::limit_alone(result.granted, scenario)),
             static_cast<double>(result.granted) / nodes,
             static_cast<double>(result.refused) / nodes, result.thefts, result.afterwards);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App parser{"do-fleet: many nodes that start at once, in virtual time"};
  std::vector<int> counts;
  std::string svg;
  fleet::Scenario scenario;
  bool no_leases = false;
  parser.add_option("N", counts, "how many nodes; several are tried one after another")->required();
  parser.add_option("--plot", svg, "where to draw it, as SVG");
  parser.add_option("--seed", scenario.seed, "of what is left to chance");
  parser.add_option("--per-minute", scenario.limit_minute, "requests that DigitalOcean allows");
  parser.add_option("--per-hour", scenario.limit_hour, "the same");
  parser.add_flag("--no-leases", no_leases, "claim without Leases");
  CLI11_PARSE(parser, argc, argv);
  scenario.leases = !no_leases;
  std::vector<fleet::Point> points;
  print_head();
  for (const int nodes : counts) {
    scenario.nodes = nodes;
    const fleet::Result result = fleet::run(scenario);
    print_row(scenario, result);
    points.push_back({nodes, result.until_all, fleet::limit_alone(result.granted, scenario),
                      static_cast<double>(result.granted) / nodes});
  }
  if (!svg.empty()) {
    std::ofstream(svg) << fleet::render_plot(points);
  }
}
