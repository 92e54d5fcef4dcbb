// SPDX-License-Identifier: Apache-2.0
// The program, its retries and its loop for many nodes with one token, in virtual time. The same
// seed gives the same numbers on every machine.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "fleet/fleet.hpp"

#include "fleet/fibers.hpp"
#include "fleet/plot.hpp"

#include <doctest/doctest.h>

using fleet::Duration;
using fleet::Result;
using fleet::Scenario;

namespace {

Result check_all_hold(const Scenario& scenario) {
  const Result result = fleet::run(scenario);
  CAPTURE(scenario.nodes);
  CHECK(result.standing == scenario.nodes);
  CHECK(result.distinct == static_cast<std::size_t>(scenario.nodes));
  CHECK(result.thefts == 0);
  CHECK(result.afterwards == 0);
  return result;
}

// Checks that the fleet takes at most 1.3 times the minimum, plus 15 seconds for a claim, and that
// many calls per node.
void check_cost(const Scenario& scenario, const Result& result, double most_calls) {
  CAPTURE(scenario.nodes);
  CAPTURE(result.granted);
  CAPTURE(result.until_all.count());
  CHECK(static_cast<double>(result.granted) <= most_calls * scenario.nodes);
  CHECK(result.until_all <=
        fleet::limit_alone(result.granted, scenario) * 13 / 10 + Duration{15'000});
}

}  // namespace

TEST_CASE("fleet: ten and a hundred nodes, all get an address") {
  for (const int nodes : {10, 100}) {
    const Scenario scenario{.nodes = nodes};
    check_cost(scenario, check_all_hold(scenario), 5.5);
  }
}

TEST_CASE("fleet: a thousand nodes, five calls each and no wasted hour") {
  const Scenario scenario{.nodes = 1000, .interval = Duration{300'000}};
  check_cost(scenario, check_all_hold(scenario), 5);
}

TEST_CASE("fleet: more nodes than the hour's limit, all get an address in the next hours") {
  const Scenario scenario{
      .nodes = 250, .limit_minute = 100, .limit_hour = 500, .interval = Duration{300'000}};
  check_cost(scenario, check_all_hold(scenario), 5.5);
}

TEST_CASE("fleet: no Leases, all get an address as well") {
  const Scenario scenario{.nodes = 60, .leases = false};
  const Result result = fleet::run(scenario);
  CHECK(result.standing == scenario.nodes);
  CHECK(result.distinct == 60);
  CHECK(result.afterwards == 0);
}

TEST_CASE("fleet: seed, decides the whole run") {
  const auto numbers = [](std::uint32_t seed) {
    const Result result = fleet::run({.nodes = 80, .afterwards = Duration{0}, .seed = seed});
    return std::tuple(result.until_all, result.granted, result.refused);
  };
  CHECK(numbers(1) == numbers(1));
  CHECK(numbers(1) != numbers(2));
}

TEST_CASE("fleet: limits alone, give the lower bound") {
  const Scenario real;
  CHECK(fleet::limit_alone(0, real) == Duration{0});
  CHECK(fleet::limit_alone(250, real) == Duration{0});
  CHECK(fleet::limit_alone(251, real) == std::chrono::minutes{1});
  CHECK(fleet::limit_alone(4'000, real) == std::chrono::minutes{15});
  CHECK(fleet::limit_alone(5'000, real) == std::chrono::minutes{19});
  CHECK(fleet::limit_alone(5'001, real) == std::chrono::hours{1});
}

TEST_CASE("fibers: sleepers, wake in order of time, and the clock jumps") {
  fleet::Fibers fibers;
  std::vector<int> order;
  for (const int number : {3, 1, 2}) {
    fibers.at(0, [&, number] {
      fibers.sleep_until(number * 3'600'000);
      order.push_back(number);
      fibers.sleep_until(fibers.now() + 10'000'000);
      order.push_back(-number);
    });
  }
  fibers.run_until(4'000'000);
  CHECK(order == std::vector{1});
  CHECK(fibers.now() == 4'000'000);
  fibers.run_while([] { return true; });
  CHECK(order == std::vector{1, 2, 3, -1, -2, -3});
}

TEST_CASE("plot: lines, for the time, the limit and the calls") {
  const std::string svg = fleet::render_plot(
      {{10, Duration{3'000}, Duration{0}, 5}, {1000, Duration{948'000}, Duration{900'000}, 4}});
  CHECK(svg.starts_with("<svg "));
  std::size_t lines = 0;
  for (auto at = svg.find("<polyline"); at != std::string::npos;
       at = svg.find("<polyline", at + 1)) {
    ++lines;
  }
  CHECK(lines == 3);
}
