// SPDX-License-Identifier: Apache-2.0
// The simulated network itself: it must refuse what the real one may refuse, or a test on it proves
// nothing.
#include "support/session.hpp"
#include "support/world.hpp"

#include <doctest/doctest.h>

using support::Droplet;
using support::EchoService;
using support::Session;
using support::World;

namespace {

struct Node {
  World world = {};
  Droplet droplet = {};

  explicit Node(const std::string& topology = "classic") {
    world.pool("198.51.100.1-2");
    droplet = world.droplet("node-1", topology);
  }
  void ip(const std::string& words) const { world.ip(droplet, words); }
  std::string seen(const std::string& source = {}) const {
    return world.seen_from(droplet.name, source);
  }
};

}  // namespace

TEST_CASE("lab: the anchor is translated exactly while the address is assigned") {
  const Node node;
  CHECK(node.seen() == node.droplet.public_address);
  CHECK(node.seen(node.droplet.anchor) == "none");
  node.world.sim("POST", "/assign/198.51.100.1", {{"droplet", node.droplet.id}});
  CHECK(node.seen() == node.droplet.public_address);
  CHECK(node.seen(node.droplet.anchor) == "198.51.100.1");
  node.ip("route replace default via 10.17.0.1 dev eth0");
  CHECK(node.seen() == "198.51.100.1");
  CHECK(node.world.seen_from(node.droplet.pod()) == "198.51.100.1");
  node.world.sim("POST", "/unassign/198.51.100.1");
  CHECK(node.seen() == "none");
}

TEST_CASE("lab: the anchor's gateway passes nothing but the anchor") {
  for (const std::string topology : {"classic", "anchor-nic"}) {
    CAPTURE(topology);
    const Node node(topology);
    const EchoService service(node.droplet);
    node.world.sim("POST", "/assign/198.51.100.1", {{"droplet", node.droplet.id}});
    CHECK(Session(node.droplet.public_address).answers());
    node.ip("route replace default via 10.17.0.1 dev " + node.droplet.anchor_nic);
    CHECK(node.seen(node.droplet.public_address) == "none");
    CHECK_FALSE(
        Session(node.droplet.public_address).answers());  // replies need a rule of their own
    CHECK(Session("198.51.100.1").answers());
  }
}

TEST_CASE("lab: the metadata service answers the public side only") {
  const Node node;
  const auto id = [&] {
    return node.world.lab({"exec", node.droplet.name, "sh", "-c",
                           "curl -s --max-time 1 http://169.254.169.254/metadata/v1/id || true"});
  };
  CHECK(id() == std::to_string(node.droplet.id));
  node.ip("route replace default via 10.17.0.1 dev eth0");
  CHECK(id().empty());
  node.ip("route add 169.254.169.254 via 203.0.113.1 dev eth0 src " + node.droplet.public_address);
  CHECK(id() == std::to_string(node.droplet.id));
}

TEST_CASE("lab: a reboot forgets routes and rules, a flush those that networkd did not make") {
  for (const std::string topology : {"classic", "anchor-nic", "dhcp-metric", "routing-agent"}) {
    CAPTURE(topology);
    const Node node(topology);
    const std::string fresh = node.world.snapshot(node.droplet);
    for (const std::string verb : {"boot", "flush"}) {
      node.ip("route add 192.0.2.128/25 via 203.0.113.1 proto 173");
      node.ip("route add default via 203.0.113.1 table 173");
      node.ip("rule add pref 17301 from 203.0.113.10 lookup 173 protocol 173");
      REQUIRE(node.world.snapshot(node.droplet) != fresh);
      node.world.lab({verb, node.droplet.name});
      CHECK(node.world.snapshot(node.droplet) == fresh);
    }
  }
}

TEST_CASE("lab: a path that is cut carries nothing until it is mended") {
  const Node node;
  node.world.lab({"cut", node.droplet.name, "internet"});
  CHECK(node.seen() == "none");
  node.world.lab({"mend", node.droplet.name, "internet"});
  CHECK(node.seen() == node.droplet.public_address);
}
