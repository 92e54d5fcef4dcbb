// SPDX-License-Identifier: Apache-2.0
// Unusual networks: how to use them, and which to leave alone.
#include "support/session.hpp"
#include "support/world.hpp"

#include <doctest/doctest.h>

using support::Droplet;
using support::EchoService;
using support::Run;
using support::Session;
using support::World;

namespace {

struct Node {
  World world = {};
  Droplet droplet = {};

  explicit Node(const std::string& topology) {
    world.pool("198.51.100.1-2");
    droplet = world.droplet("node-1", topology);
  }
  std::string address() const { return world.held_by(droplet).at(0); }

  void check_leaves_by_floating_ip() const {
    CHECK(world.seen_from(droplet.name) == address());
    CHECK(world.seen_from(droplet.pod()) == address());
  }
};

// An impossible set-up: a hint, and no change at all.
void check_refused(const std::string& topology, const std::string& message) {
  CAPTURE(topology);
  const Node node(topology);
  const std::string before = node.world.snapshot(node.droplet);

  const Run run = node.world.reconcile(node.droplet);

  INFO(run.out, run.err);
  CHECK(run.exit == 78);
  CHECK(run.err.find(message) != std::string::npos);
  CHECK(run.err.find("do-egress-ip: hint: ") != std::string::npos);
  CHECK(node.world.snapshot(node.droplet) == before);
  CHECK(node.world.requests("digitalocean", "POST") == 0);
  CHECK(node.world.label(node.droplet) == "false");
}

}  // namespace

TEST_CASE("topology: two-defaults, the effective one is replaced, the other stays a fallback") {
  const Node node("two-defaults");
  REQUIRE(node.world.reconcile(node.droplet).exit == 0);
  node.check_leaves_by_floating_ip();
  const std::string routes = node.world.ip(node.droplet, "-4 route show default");
  CHECK(routes.find("default via 10.17.0.1") == 0);
  CHECK(routes.find("default via 10.132.0.1 dev eth1 proto static metric 200") !=
        std::string::npos);
}

TEST_CASE("topology: two-defaults-vpc, a VPC gateway in front is replaced at its metric") {
  const Node node("two-defaults-vpc");
  REQUIRE(node.world.reconcile(node.droplet).exit == 0);
  node.check_leaves_by_floating_ip();
  CHECK(node.world.ip(node.droplet, "-4 route show default")
            .find("default via 10.17.0.1 dev eth0 proto 173 src 10.17.0.5 metric 50") == 0);
}

TEST_CASE("topology: default returns in front of ours, the next run replaces it") {
  const Node node("dhcp-metric");
  REQUIRE(node.world.reconcile(node.droplet).exit == 0);
  node.world.ip(node.droplet, "route add default via 203.0.113.1 dev eth0 proto dhcp metric 50");
  REQUIRE(node.world.seen_from(node.droplet.name) == node.droplet.public_address);

  REQUIRE(node.world.reconcile(node.droplet).exit == 0);

  node.check_leaves_by_floating_ip();
  CHECK(node.world.reconcile(node.droplet).out.starts_with("unchanged:"));
}

TEST_CASE("topology: routing-agent, its rule is used and its table left alone") {
  const Node node("routing-agent");
  const std::string table = node.world.ip(node.droplet, "route show table 135");
  const EchoService service(node.droplet);
  const Session before(node.droplet.public_address);
  REQUIRE(before.answers());

  REQUIRE(node.world.reconcile(node.droplet).exit == 0);

  node.check_leaves_by_floating_ip();
  CHECK(before.answers());
  CHECK(Session(node.droplet.public_address).answers());
  const std::string rules = node.world.ip(node.droplet, "rule show");
  CHECK(rules.find("15135:") != std::string::npos);
  CHECK(rules.find("17301:") == std::string::npos);
  CHECK(node.world.ip(node.droplet, "route show table 135") == table);
}

TEST_CASE("topology: no usable path, nothing is done and the reason given") {
  check_refused("no-anchor", "the droplet has no anchor address");
  check_refused("anchor-unconfigured", "the anchor address 10.17.0.5: no network device holds it");
  check_refused("two-anchors", "the anchor address 10.17.0.5: it is on more than one device");
  check_refused("no-public", "the droplet has no public interface");
}

TEST_CASE("topology: rule in front of the main table, is reported before a claim") {
  const Node node("classic");
  node.world.ip(node.droplet, "route add default via 10.132.0.1 dev eth1 table 52");
  node.world.ip(node.droplet, "rule add pref 5270 lookup 52");
  const std::string before = node.world.snapshot(node.droplet);

  const Run run = node.world.reconcile(node.droplet);

  CHECK(run.exit == 78);
  CHECK(run.err.find("goes via 10.132.0.1 dev eth1, not via") != std::string::npos);
  CHECK(node.world.requests("digitalocean", "POST") == 0);
  CHECK(node.world.snapshot(node.droplet) == before);
}

TEST_CASE("topology: foreign routes and rules, are never changed") {
  const Node node("classic");
  const std::vector<std::string> foreign = {
      "route add 192.0.2.128/25 via 10.132.0.1 dev eth1 proto bird",
      "route add 192.0.2.64/26 via 203.0.113.1 dev eth0 table 99",
      "rule add pref 17299 from 10.0.0.9 lookup 99",
      "rule add pref 17302 from 203.0.113.10 to 198.18.0.0/15 lookup 99"};
  for (const std::string& words : foreign) {
    node.world.ip(node.droplet, words);
  }
  REQUIRE(node.world.reconcile(node.droplet).exit == 0);
  node.world.sim("POST", "/unassign/" + node.address());
  REQUIRE(node.world.reconcile(node.droplet).exit == 0);

  const std::string after = node.world.ip(node.droplet, "-4 route show table main") +
                            node.world.ip(node.droplet, "-4 route show table all") +
                            node.world.ip(node.droplet, "-4 rule show");
  for (const std::string text :
       {"192.0.2.128/25 via 10.132.0.1 dev eth1 proto bird",
        "192.0.2.64/26 via 203.0.113.1 dev eth0 table 99", "17299:\tfrom 10.0.0.9 lookup 99",
        "17302:\tfrom 203.0.113.10 to 198.18.0.0/15 lookup 99"}) {
    CAPTURE(text);
    CHECK(after.find(text) != std::string::npos);
  }
}

TEST_CASE("topology: --direct, keeps a destination on the public address until it is dropped") {
  const Node node("anchor-nic");

  REQUIRE(node.world.reconcile(node.droplet, {"--direct", "192.0.2.1"}).exit == 0);
  CHECK(node.world.seen_from(node.droplet.name) == node.droplet.public_address);

  REQUIRE(node.world.reconcile(node.droplet).exit == 0);
  node.check_leaves_by_floating_ip();
}

TEST_CASE("topology: --route none, assigns and labels only") {
  const Node node("classic");
  const std::string before = node.world.snapshot(node.droplet);

  REQUIRE(node.world.reconcile(node.droplet, {"--route", "none"}).exit == 0);

  CHECK(node.world.snapshot(node.droplet) == before);
  CHECK(node.world.label(node.droplet, support::address_label) == node.address());
}

TEST_CASE("topology: no CAP_NET_ADMIN, no address is claimed") {
  const Node node("classic");
  support::Command command = node.world.tool(node.droplet);
  const std::vector<std::string> drop = {"setpriv", "--bounding-set=-net_admin",
                                         "--inh-caps=-net_admin"};
  command.words.insert(command.words.begin() + 2, drop.begin(), drop.end());

  const Run run = support::run(command);

  INFO(run.out, run.err);
  CHECK(run.exit == 77);
  CHECK(run.err.find("NET_ADMIN") != std::string::npos);
  CHECK(node.world.seen_from(node.droplet.name) == node.droplet.public_address);
  CHECK(node.world.label(node.droplet) == "false");
}
