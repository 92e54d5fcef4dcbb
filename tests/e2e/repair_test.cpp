// SPDX-License-Identifier: Apache-2.0
// Every run is a repair: one run corrects whatever happened to the node since the last one.
#include "support/world.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>

using support::Droplet;
using support::Json;
using support::Run;
using support::World;

namespace {

// A node after its first run.
struct Settled {
  World world = {};
  Droplet node = {};
  std::string address = {};

  explicit Settled(const std::string& topology = "classic") {
    world.pool("198.51.100.1-4");
    node = world.droplet("node-1", topology);
    REQUIRE(world.reconcile(node).exit == 0);
    address = world.held_by(node).at(0);
    world.forget_requests();
  }

  // One run, after which everything is right.
  Run repair(const std::vector<std::string>& more = {}) {
    Run run = world.reconcile(node, more);
    INFO(run.out, run.err);
    CHECK(run.exit == 0);
    const auto held = world.held_by(node);
    REQUIRE(held.size() == 1);
    CHECK(world.seen_from(node.name) == held[0]);
    CHECK(world.seen_from(node.pod()) == held[0]);
    CHECK(world.label(node) == "true");
    CHECK(world.label(node, support::address_label) == held[0]);
    return run;
  }

  std::vector<Json> patched_labels() const {
    std::vector<Json> labels;
    const Json journal = world.sim("GET", "/journal");
    for (const Json& request : journal.at("requests")) {
      if (request.at("method") == "PATCH") {
        const Json body = Json::parse(request.at("body").get<std::string>());
        labels.push_back(body.at("metadata").at("labels"));
      }
    }
    return labels;
  }

  // Waits at most a minute until the metadata service shows it.
  void wait_for_metadata(const std::string& active) const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (world.lab({"exec", node.name, "curl", "-s", "--interface", node.public_address,
                      "http://169.254.169.254/metadata/v1/floating_ip/ipv4/active"}) != active) {
      REQUIRE(std::chrono::steady_clock::now() < deadline);
    }
  }
};

}  // namespace

TEST_CASE("repair: routes lost at reboot, are restored without DigitalOcean") {
  for (const std::string topology : {"classic", "anchor-nic", "dhcp-metric"}) {
    CAPTURE(topology);
    Settled settled(topology);
    settled.world.lab({"boot", settled.node.name});
    REQUIRE(settled.world.seen_from(settled.node.name) == settled.node.public_address);

    settled.repair();

    CHECK(settled.world.requests("digitalocean") == 0);
    CHECK(settled.world.held_by(settled.node).at(0) == settled.address);
  }
}

TEST_CASE(
    "repair: reboot while metadata is silent, says false and closes the gate before it waits") {
  const std::vector<std::string> gate = {"--gate-taint", "egress.example.com/gate:NoSchedule"};
  const Settled settled;
  REQUIRE(settled.world.reconcile(settled.node, gate).exit == 0);
  const auto taints = [&] {
    return settled.world.sim("GET", "/world")
        .at("nodes")
        .at("node-1")
        .value("taints", Json::array());
  };
  REQUIRE(taints().empty());
  settled.world.lab({"boot", settled.node.name});
  settled.world.fault({{"server", "metadata"}, {"kind", "hang"}, {"count", -1}});

  support::Command command = settled.world.tool(settled.node);
  command.words.insert(command.words.end(), gate.begin(), gate.end());
  support::Child run(command);
  while (settled.world.label(settled.node) != "false") {
    REQUIRE_FALSE(run.poll());
  }

  CHECK(taints().size() == 1);
  CHECK(settled.world.label(settled.node, support::address_label).empty());
  run.signal(SIGTERM);
  CHECK(run.wait().exit == 143);
}

TEST_CASE("repair: routes and rules flushed by networkd, are restored") {
  for (const std::string topology : {"classic", "anchor-nic", "dhcp-metric"}) {
    CAPTURE(topology);
    Settled settled(topology);
    const std::string before = settled.world.snapshot(settled.node);
    settled.world.lab({"flush", settled.node.name});
    REQUIRE(settled.world.snapshot(settled.node) != before);

    settled.repair();

    CHECK(settled.world.requests("digitalocean") == 0);
    CHECK(settled.world.snapshot(settled.node) == before);
  }
}

TEST_CASE("repair: any one of our routes and rules removed, is restored") {
  Settled settled;
  const std::string before = settled.world.snapshot(settled.node);
  for (const std::string words : {"route delete default", "route delete 169.254.169.254",
                                  "rule delete pref 17300", "rule delete pref 17301"}) {
    CAPTURE(words);
    settled.world.ip(settled.node, words);

    settled.repair();

    CHECK(settled.world.snapshot(settled.node) == before);
  }
  settled.world.ip(settled.node, "route flush table 17310");
  settled.repair();
  CHECK(settled.world.requests("digitalocean") == 0);
}

TEST_CASE("repair: address unassigned and anchor dead, is replaced") {
  for (const std::string topology : {"classic", "anchor-nic", "dhcp-metric"}) {
    CAPTURE(topology);
    Settled settled(topology);
    settled.world.sim("POST", "/unassign/" + settled.address);
    REQUIRE(settled.world.seen_from(settled.node.name) == "none");

    const Run run = settled.repair();

    const auto first = run.out.substr(0, run.out.find('\n'));
    CHECK(first.starts_with("default route    203.0.113.1 dev "));
    const auto labels = settled.patched_labels();  // the Node never says anything false
    REQUIRE(labels.size() == 2);
    CHECK(labels[0].at(support::enabled_label) == "false");
    CHECK(labels[0].at(support::address_label).is_null());
    CHECK(labels[1].at(support::enabled_label) == "true");
  }
}

TEST_CASE("repair: address moved to another droplet, is replaced") {
  Settled settled;
  const Droplet other = settled.world.droplet("other");
  settled.world.sim("POST", "/assign/" + settled.address, {{"droplet", other.id}});
  REQUIRE(settled.world.seen_from(settled.node.name) == "none");

  settled.repair();

  CHECK(settled.world.holder(settled.address) == other.id);
  CHECK(settled.world.held_by(settled.node).at(0) != settled.address);
}

TEST_CASE("repair: address and direct route to metadata lost, are repaired") {
  Settled settled;
  settled.world.sim("POST", "/unassign/" + settled.address);
  settled.world.ip(settled.node, "route delete 169.254.169.254");

  settled.repair();
}

TEST_CASE("repair: address and all our rules lost, are repaired") {
  Settled settled("anchor-nic");
  settled.world.sim("POST", "/unassign/" + settled.address);
  settled.world.ip(settled.node, "rule delete pref 17300");
  settled.world.ip(settled.node, "rule delete pref 17301");
  settled.world.ip(settled.node, "route flush table 17310");

  settled.repair();
}

TEST_CASE("repair: metadata does not show the assignment yet, nothing is undone") {
  World world;
  world.pool("198.51.100.1-4");
  const Droplet node = world.droplet();
  world.settings({{"metadata_lag_ms", 3'600'000}});
  REQUIRE(world.reconcile(node).exit == 0);
  const std::string before = world.snapshot(node);
  world.forget_requests();

  const Run run = world.reconcile(node);

  CHECK(run.exit == 0);
  CHECK(run.out.starts_with("unchanged:"));
  CHECK(world.requests("digitalocean") == 1);
  CHECK(world.snapshot(node) == before);
  CHECK(world.seen_from(node.name) == world.held_by(node).at(0));
}

TEST_CASE("repair: API unreachable, metadata is believed") {
  Settled settled;
  settled.world.sim("POST", "/unassign/" + settled.address);
  settled.world.lab({"cut", settled.node.name, "digitalocean"});

  const Run run = settled.world.reconcile(settled.node, {"--timeout", "20s"});

  CHECK(run.exit == 69);
  CHECK(settled.world.seen_from(settled.node.name) == settled.node.public_address);
  CHECK(settled.world.label(settled.node) == "false");
  CHECK(settled.world.label(settled.node, support::address_label).empty());
  settled.world.lab({"mend", settled.node.name, "digitalocean"});
  settled.repair();
}

TEST_CASE("repair: metadata still shows a lost address, the API decides") {
  Settled settled;
  settled.world.settings({{"metadata_lag_ms", 1'500}});
  settled.world.sim("POST", "/unassign/" + settled.address);
  CHECK(settled.world.reconcile(settled.node).exit == 0);  // no free reading shows more
  if (!settled.world.held_by(settled.node).empty()) {
    MESSAGE("so slow a machine that metadata knew before it was asked: repaired at once");
    CHECK(settled.world.seen_from(settled.node.name) == settled.world.held_by(settled.node).at(0));
    return;
  }
  settled.wait_for_metadata("false");

  settled.repair();
}

TEST_CASE("repair: label removed or wrong, is set again") {
  Settled settled;
  for (const Json& labels :
       {Json::object(), Json{{support::enabled_label, "false"}},
        Json{{support::enabled_label, "true"}, {support::address_label, "192.0.2.99"}}}) {
    settled.world.sim("PUT", "/nodes/node-1", {{"labels", labels}});

    settled.repair();
  }
  CHECK(settled.world.requests("digitalocean") == 0);
}

TEST_CASE("repair: foreign labels, stay") {
  Settled settled;
  settled.world.sim("PUT", "/nodes/node-1", {{"labels", {{"team", "payments"}}}});

  settled.repair();

  CHECK(settled.world.label(settled.node, "team") == "payments");
}
