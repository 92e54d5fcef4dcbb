// SPDX-License-Identifier: Apache-2.0
#include "fleet/fleet.hpp"
#include "fleet/plot.hpp"
#include "fleet/table.hpp"

#include <CLI/CLI.hpp>

#include <fstream>

int main(int argc, char** argv) {
  CLI::App parser{"do-fleet: many nodes that start at once, in virtual time"};
  std::vector<int> counts;
  std::string svg;
  fleet::Scenario scenario;
  std::int64_t interval = 300;
  bool no_leases = false;
  parser.add_option("N", counts, "how many nodes; several are tried one after another")->required();
  parser.add_option("--plot", svg, "where to draw it, as SVG");
  parser.add_option("--seed", scenario.seed, "of what is left to chance");
  parser.add_option("--per-minute", scenario.limit_minute, "requests that DigitalOcean allows");
  parser.add_option("--per-hour", scenario.limit_hour, "the same");
  parser.add_option("--interval", interval, "seconds between good runs");
  parser.add_flag("--no-leases", no_leases, "claim without Leases");
  CLI11_PARSE(parser, argc, argv);
  scenario.leases = !no_leases;
  scenario.interval = std::chrono::seconds{interval};
  std::vector<fleet::Point> points;
  fleet::print_head("hour after");
  for (const int nodes : counts) {
    scenario.nodes = nodes;
    const fleet::Result result = fleet::run(scenario);
    fleet::print_row(scenario, result);
    points.push_back({nodes, result.until_all, fleet::limit_alone(result.granted, scenario),
                      static_cast<double>(result.granted) / nodes});
  }
  if (!svg.empty()) {
    std::ofstream(svg) << fleet::render_plot(points);
  }
}
