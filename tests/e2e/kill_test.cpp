// SPDX-License-Identifier: Apache-2.0
// SIGKILL after each single step of the plan; the next run repairs everything.
#include "support/world.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>

using support::Child;
using support::Droplet;
using support::Json;
using support::Run;
using support::World;

namespace {

struct Node {
  World world = {};
  Droplet droplet = {};

  explicit Node(const std::string& topology = "classic") {
    world.pool("198.51.100.1-4");
    droplet = world.droplet("node-1", topology);
  }

  // Resets the node to its state after boot, without an address.
  void reset() {
    for (const std::string& address : world.held_by(droplet)) {
      world.sim("POST", "/unassign/" + address);
    }
    world.sim("DELETE", "/faults");
    world.sim("PUT", "/nodes/node-1", {{"labels", Json::object()}});
    world.lab({"boot", droplet.name});
  }

  void check_repaired() {
    world.sim("DELETE", "/faults");
    const Run run = world.reconcile(droplet);
    INFO(run.out, run.err);
    CHECK(run.exit == 0);
    const auto held = world.held_by(droplet);
    REQUIRE(held.size() == 1);
    CHECK(world.seen_from(droplet.name) == held[0]);
    CHECK(world.seen_from(droplet.pod()) == held[0]);
    CHECK(world.label(droplet) == "true");
    CHECK(world.label(droplet, support::address_label) == held[0]);
    CHECK(world.reconcile(droplet).out.starts_with("unchanged:"));
  }

  // Runs until the servers have received that request, then kills.
  void kill_at(const std::string& server, const std::string& method) {
    world.forget_requests();
    Child child(world.tool(droplet));
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (world.requests(server, method) == 0) {
      REQUIRE(std::chrono::steady_clock::now() < deadline);
    }
    child.signal(SIGKILL);
    REQUIRE(child.wait().exit == 128 + SIGKILL);
  }
};

}  // namespace

TEST_CASE("kill: after each change of routes and rules, the next run repairs") {
  for (const std::string topology : {"classic", "anchor-nic"}) {
    CAPTURE(topology);
    Node node(topology);
    int changes = 0;
    while (support::kill_after_change(
        node.world.tool(node.droplet, {}, {{"ASAN_OPTIONS", "detect_leaks=0"}}), changes + 1)) {
      ++changes;
      CAPTURE(changes);
      node.check_repaired();
      node.reset();
    }
    // The direct route, our table, the marking, four rules and the default were each the last
    // change once. With strict rp_filter on a second NIC there are no marking and two rules fewer.
    CHECK(changes == (topology == "classic" ? 15 : 12));
  }
}

TEST_CASE("kill: after each change while a lost address is replaced, the next run repairs") {
  Node node;
  REQUIRE(node.world.reconcile(node.droplet).exit == 0);
  for (int nth = 1; nth <= 2; ++nth) {  // the public default and the new anchor default
    CAPTURE(nth);
    node.world.sim("POST", "/unassign/" + node.world.held_by(node.droplet).at(0));
    REQUIRE(support::kill_after_change(
        node.world.tool(node.droplet, {}, {{"ASAN_OPTIONS", "detect_leaks=0"}}), nth));
    node.check_repaired();
  }
}

TEST_CASE("kill: after the POST, whether it took effect or not, the next run repairs") {
  for (const std::string when : {"before", "after"}) {
    CAPTURE(when);
    Node node;
    node.world.fault(
        {{"server", "digitalocean"}, {"method", "POST"}, {"kind", "hang"}, {"when", when}});
    node.kill_at("digitalocean", "POST");
    node.check_repaired();
    CHECK(node.world.thefts() == 0);
  }
}

TEST_CASE("kill: during the assignment, the next run claims no second address") {
  Node node;
  node.world.settings({{"action_latency_ms", 3000}});
  node.kill_at("digitalocean", "POST");

  node.check_repaired();

  CHECK(node.world.sim("GET", "/journal").at("assignments").size() == 1);
}

TEST_CASE("kill: before the label, the next run repairs") {
  for (const std::string when : {"before", "after"}) {
    CAPTURE(when);
    Node node;
    node.world.fault(
        {{"server", "kubernetes"}, {"method", "PATCH"}, {"kind", "hang"}, {"when", when}});
    node.kill_at("kubernetes", "PATCH");
    node.check_repaired();
  }
}
