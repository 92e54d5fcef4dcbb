// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/run/change.hpp"
#include "core/plan/plan.hpp"
#include "core/plan/switch.hpp"
#include "core/prefixes.hpp"
#include "support/builders.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <utility>
#include <variant>

// Whatever routes and rules a node has, after a run, a part of one, or several, and an undo they
// are the same, in the same order.
namespace support {

// A run on a droplet that holds an address: its steps one by one, every proof succeeds.
class Run {
 public:
  Run(io::Kernel& kernel, core::Config config) : kernel_(kernel), asked_(std::move(config)) {
    found_.node = core::NoKubernetes{};
  }

  // False where no step is left, or the kernel takes none.
  bool step() {
    found_.network = kernel_.read();
    core::Plan plan = core::plan(found_, asked_);
    while (plan.steps.empty() && !plan.needs.empty()) {
      (plan.needs.front() == core::Need::path ? found_.path_proven : found_.egress_proven) = true;
      plan = core::plan(found_, asked_);
    }
    ending = plan.ending.exit;
    if (plan.steps.empty()) {
      return false;
    }
    const auto error =
        core::catch_error_except_signals([&] { app::change(kernel_, plan.steps.front().action); });
    ending = error ? error->exit() : ending;
    return !error;
  }

  void finish() {
    constexpr int most_steps = 100;
    int steps = 0;
    while (step()) {
      REQUIRE(++steps < most_steps);
    }
  }

  core::Exit ending = core::Exit::ok;

 private:
  io::Kernel& kernel_;
  core::Config asked_;
  core::Observation found_ = healthy();
};

// Networks of several lengths, some within others, some kept out by --direct.
template <typename Dice>
core::Config random_destinations(Dice& dice) {
  const auto below = [&](std::uint32_t limit) {
    return std::uniform_int_distribution<std::uint32_t>(0, limit - 1)(dice);
  };
  core::Config config = asked();
  config.route = below(2) == 0 ? core::RouteMode::destinations : core::RouteMode::set_default;
  for (std::uint32_t count = 1 + below(20); count > 0; --count) {
    const auto second = static_cast<std::uint8_t>(below(4));
    const core::Prefix network =
        core::Prefix::host({{100, second, 7, 9}}).shortened(static_cast<int>(10 + below(23)));
    (below(5) == 0 ? config.direct : config.destinations).push_back(network);
  }
  config.destinations.push_back(prefix("192.0.2.0/24"));
  core::normalize(config.destinations);
  std::erase_if(config.direct, [&](const core::Prefix& direct) {
    return std::ranges::binary_search(config.destinations, direct);
  });
  return config;
}

// Runs that are killed after each of their steps, finished by the next one or not, then undone.
// `State` must be the same afterwards. Returns how many steps a whole run had.
template <typename State>
int check_there_and_back(io::Kernel& kernel, const std::function<State()>& state,
                         const core::Config& config = asked()) {
  const State before = state();
  const auto check_undone = [&] {
    CHECK_FALSE(
        app::undo(kernel, droplet(first_choice), core::Destinations::open).failure.has_value());
    const bool as_before = state() == before;
    CHECK(as_before);
  };
  check_undone();  // there is nothing of ours
  for (int length = 1;; ++length) {
    CAPTURE(length);
    Run killed(kernel, config);
    int steps = 0;
    while (steps < length && killed.step()) {
      ++steps;
    }
    if (length % 3 == 0) {
      Run(kernel, config).finish();
    }
    if (steps < length) {
      const bool switched = core::is_confirmed(kernel.read(), config);
      CHECK(switched == (killed.ending == core::Exit::ok));
      check_undone();
      return steps;
    }
    check_undone();
  }
}

}  // namespace support
