// SPDX-License-Identifier: Apache-2.0
// Many nodes of one pool start at the same instant, without Leases.
#include "support/world.hpp"

#include <doctest/doctest.h>

#include <set>

using support::Child;
using support::Droplet;
using support::Run;
using support::World;

namespace {

constexpr int nodes = 20;

std::vector<Run> run_all(const World& world, const std::vector<Droplet>& fleet) {
  std::vector<Child> children;
  for (const Droplet& node : fleet) {
    support::Command command = world.tool(node);
    command.words.insert(command.words.end(), {"--kubernetes", "off"});
    children.emplace_back(command);
  }
  std::vector<Run> runs;
  for (Child& child : children) {
    runs.push_back(child.wait());
  }
  return runs;
}

void check_fleet(const support::Json& settings) {
  World world;
  world.pool("198.51.100.1-20");
  world.settings(settings);
  std::vector<Droplet> fleet;
  for (int number = 1; number <= nodes; ++number) {
    fleet.push_back(world.droplet("node-" + std::to_string(number)));
  }

  for (const Run& run : run_all(world, fleet)) {
    INFO(run.out, run.err);
    CHECK(run.exit == 0);
  }

  std::set<std::string> addresses;
  for (const Droplet& node : fleet) {
    const auto held = world.held_by(node);
    REQUIRE(held.size() == 1);
    addresses.insert(held[0]);
    CHECK(world.seen_from(node.name) == held[0]);
  }
  CHECK(addresses.size() == nodes);
  world.forget_requests();
  for (const Run& run : run_all(world, fleet)) {
    CHECK(run.exit == 0);
    CHECK(run.out.starts_with("unchanged:"));
  }
  CHECK(world.requests("digitalocean") == 0);
}

}  // namespace

TEST_CASE("fleet: twenty nodes and addresses with slow assignments, each gets one") {
  check_fleet({{"action_latency_ms", 700}});
}

TEST_CASE("fleet: twenty nodes and addresses, the last POST wins at once, each gets one") {
  check_fleet({{"action_latency_ms", 0}});
}
