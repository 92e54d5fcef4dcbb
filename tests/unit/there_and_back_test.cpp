// SPDX-License-Identifier: Apache-2.0
#include "support/there_and_back.hpp"

#include "support/fake_kernel.hpp"
#include "support/print.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <tuple>

using core::Route;

namespace {

// Routes and rules, in their order, and the table of destinations.
using State =
    std::tuple<std::vector<Route>, std::vector<core::Rule>, std::vector<core::RouteGroup>>;

template <typename Dice>
class Random {
 public:
  explicit Random(Dice& dice) : dice_(dice) {}

  std::uint32_t below(std::uint32_t limit) {
    return std::uniform_int_distribution<std::uint32_t>(0, limit - 1)(dice_);
  }
  bool one_in(std::uint32_t count) { return below(count) == 0; }
  std::string bytes() {
    std::string text(std::size_t{4} * below(4), '\0');
    for (char& byte : text) {
      byte = static_cast<char>(below(256));
    }
    return text;
  }

  Route some_default(std::uint32_t metric) {
    Route route{.via = {support::public_gateway, support::eth0},
                .metric = metric,
                .protocol = static_cast<std::uint8_t>(1 + below(170)),
                .flags = one_in(3) ? 4U : 0U,
                .metrics = bytes(),
                .attributes = bytes()};
    if (one_in(4)) {
      route.via = {support::private_gateway, support::eth1};
    } else if (one_in(4)) {
      route.via = {};
      route.multipath = true;
    } else if (one_in(4)) {
      route.nexthop_object = 1 + below(9);
    }
    return route;
  }

 private:
  Dice& dice_;
};

template <typename Dice>
core::Network random_network(Dice& dice) {
  Random random(dice);
  core::Network network = support::booted(random.one_in(2) ? support::Topology::classic
                                                           : support::Topology::routing_agent);
  support::remove_routes_to(network, {});
  // Where there was no default at all, an undo leaves the public one rather than none.
  const std::uint32_t always = std::array{0U, 50U, 100U, 4'000'000U}.at(random.below(4));
  for (const std::uint32_t metric : {0U, 50U, 100U, 4'000'000U}) {
    if (metric == always || random.one_in(2)) {
      network.routes.insert(network.routes.begin() + random.below(3), random.some_default(metric));
    }
  }
  if (random.one_in(2)) {
    network.routes.push_back({.destination = support::prefix("198.18.0.0/24"),
                              .via = {support::private_gateway, support::eth1},
                              .metric = random.below(9),
                              .protocol = 12});
  }
  if (random.one_in(2)) {
    network.rules.insert(network.rules.begin() + 1, {.priority = 99 + random.below(9),
                                                     .source = support::prefix("198.18.7.0/24"),
                                                     .table = 52,
                                                     .protocol = 0});
  }
  return network;
}

}  // namespace

TEST_CASE("there and back: any routes and rules, in memory") {
  int switched = 0;
  constexpr unsigned seeds = 100;
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    CAPTURE(seed);
    std::minstd_rand dice(seed);
    support::FakeKernel kernel(random_network(dice));
    const std::function<State()> state = [&] {
      return State{kernel.network.routes, kernel.network.rules, kernel.network.destinations};
    };
    switched += support::check_there_and_back(kernel, state) > 8 ? 1 : 0;
  }
  CHECK(switched > 60);
}

TEST_CASE("there and back: any destinations, in memory") {
  int switched = 0;
  constexpr unsigned seeds = 60;
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    CAPTURE(seed);
    std::minstd_rand dice(seed);
    support::FakeKernel kernel(random_network(dice));
    const std::function<State()> state = [&] {
      return State{kernel.network.routes, kernel.network.rules, kernel.network.destinations};
    };
    switched += support::check_there_and_back(kernel, state, support::random_destinations(dice)) > 8
                    ? 1
                    : 0;
  }
  CHECK(switched > 36);
}
