// SPDX-License-Identifier: Apache-2.0
// The simulated network must refuse what the real one may refuse, or tests in it prove nothing.
#include "support/session.hpp"
#include "support/world.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

using support::Droplet;
using support::EchoService;
using support::Json;
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

// The facts of a droplet of this topology after boot.
struct Facts {
  std::string topology;
  std::string seen;  // seen by the internet; empty: its public address
  bool has_anchor;   // in metadata
  int anchor_nics;   // devices with that address
};

const std::string vpc_nat = "192.0.2.254";
const std::vector<Facts> topologies = {
    {"classic", "", true, 1},
    {"anchor-nic", "", true, 1},
    {"dhcp-metric", "", true, 1},
    {"two-defaults", "", true, 1},
    {"routing-agent", "", true, 1},
    {"two-defaults-vpc", vpc_nat, true, 1},
    {"no-anchor", "", false, 0},
    {"anchor-unconfigured", "", true, 0},
    {"two-anchors", "", true, 2},
    {"no-public", vpc_nat, false, 0},
    {"other-anchor", "", true, 1},
    {"ecmp", "", true, 1},
    {"nexthop-object", "", true, 1},
    {"onlink-mtu", "", true, 1},
    {"vpc-routes", "", true, 1},
    {"noprefixroute", "", true, 1},
    {"link-default", "", true, 1},
    {"twice", "", true, 1},
    {"vpc-api", "", true, 1},
    {"vpn", "", true, 1},
    {"marks-calico", "", true, 1},
    {"marks-cilium", "", true, 1},
    {"docker", "", true, 1},
    {"kube-proxy", "", true, 1},
    {"snat-public", "", true, 1},
    {"anchor-nic+ecmp+nexthop-object+twice+docker+vpn", "", true, 1},
};

int count(const std::string& text, const std::string& part) {
  int found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

}  // namespace

TEST_CASE("lab: every topology, boots with its facts") {
  for (const Facts& facts : topologies) {
    CAPTURE(facts.topology);
    const Node node(facts.topology);
    const Json metadata = Json::parse(node.world.lab(
        {"exec", node.droplet.name, "curl", "-s", "http://169.254.169.254/metadata/v1.json"}));
    const Json& interfaces = metadata.at("interfaces");
    const std::string seen = facts.seen.empty() ? node.droplet.public_address : facts.seen;
    CHECK(node.seen() == seen);
    CHECK(node.world.seen_from(node.droplet.pod()) == seen);
    CHECK(metadata.at("droplet_id") == node.droplet.id);
    CHECK(interfaces.contains("public") == (facts.topology != "no-public"));
    CHECK((interfaces.dump().find("anchor_ipv4") != std::string::npos) == facts.has_anchor);
    CHECK(count(node.world.snapshot(node.droplet), "inet " + node.droplet.anchor + "/16") ==
          facts.anchor_nics);
  }
}

TEST_CASE("lab: VPN for all traffic, hides the droplet and its metadata") {
  for (const std::string topology : {"vpn-exit", "vpn-wg"}) {
    CAPTURE(topology);
    const Node node(topology);
    CHECK(node.seen() == vpc_nat);
    CHECK(node.world
              .lab({"exec", node.droplet.name, "sh", "-c",
                    "curl -s -m 1 http://169.254.169.254/metadata/v1/id || true"})
              .empty());
  }
}

TEST_CASE("lab: addresses that look public, work like documentation addresses") {
  World world({"--public-looking"});
  world.pool("64.225.80.1-2");
  const Droplet droplet = world.droplet("node-1", "classic");
  CHECK(droplet.public_address == "164.92.113.10");
  CHECK(world.seen_from(droplet.name) == "164.92.113.10");
  world.sim("POST", "/assign/64.225.80.1", {{"droplet", droplet.id}});
  CHECK(world.seen_from(droplet.name, droplet.anchor) == "64.225.80.1");
}

TEST_CASE("lab: anchor, is translated while an address is assigned") {
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

TEST_CASE("lab: anchor's gateway, passes only the anchor") {
  for (const std::string topology : {"classic", "anchor-nic"}) {
    CAPTURE(topology);
    const Node node(topology);
    const EchoService service(node.droplet);
    node.world.sim("POST", "/assign/198.51.100.1", {{"droplet", node.droplet.id}});
    CHECK(Session(node.droplet.public_address).answers());
    node.ip("route replace default via 10.17.0.1 dev " + node.droplet.anchor_nic);
    CHECK(node.seen(node.droplet.public_address) == "none");
    CHECK_FALSE(Session(node.droplet.public_address).answers());  // replies need their own rule
    CHECK(Session("198.51.100.1").answers());
  }
}

TEST_CASE("lab: VPC's gateway, passes only the VPC") {
  const Node node("two-defaults-vpc");
  const EchoService service(node.droplet);
  CHECK(node.seen(node.droplet.public_address) == "none");
  CHECK_FALSE(Session(node.droplet.public_address).answers());
  node.ip("route delete default via 10.132.0.1");
  CHECK(Session(node.droplet.public_address).answers());
}

TEST_CASE("lab: address that moves, takes its traffic along") {
  Node node;
  const Droplet other = node.world.droplet("node-2", "anchor-nic");
  const EchoService service(other);
  node.world.sim("POST", "/assign/198.51.100.1", {{"droplet", node.droplet.id}});
  CHECK(node.seen(node.droplet.anchor) == "198.51.100.1");
  node.world.sim("POST", "/assign/198.51.100.1", {{"droplet", other.id}});
  CHECK(node.seen(node.droplet.anchor) == "none");
  node.world.ip(other, "route replace default via 10.17.0.1");
  CHECK(node.world.seen_from(other.name) == "198.51.100.1");
  CHECK(Session("198.51.100.1").answers());
}

TEST_CASE("lab: metadata service, answers on the public side only") {
  const Node node;
  const auto id = [&] {
    return node.world.lab({"exec", node.droplet.name, "sh", "-c",
                           "curl -s --max-time 8 http://169.254.169.254/metadata/v1/id || true"});
  };
  CHECK(id() == std::to_string(node.droplet.id));
  node.ip("route replace default via 10.17.0.1 dev eth0");
  CHECK(id().empty());
  node.ip("route add 169.254.169.254 via 203.0.113.1 dev eth0 src " + node.droplet.public_address);
  CHECK(id() == std::to_string(node.droplet.id));
}

TEST_CASE("lab: reboot removes all routes and rules, a flush those unknown to networkd") {
  for (const Facts& facts : topologies) {
    CAPTURE(facts.topology);
    const Node node(facts.topology);
    if (facts.topology == "no-public") {
      continue;  // no public gateway to route through
    }
    const std::string fresh = node.world.snapshot(node.droplet);
    for (const std::string verb : {"boot", "flush"}) {
      CAPTURE(verb);
      node.ip("route add 192.0.2.128/25 via 203.0.113.1 proto 173");
      node.ip("route add default via 203.0.113.1 table 17310");
      node.ip("route add 192.0.2.64/26 via 203.0.113.1 table 4242 onlink dev " +
              node.droplet.public_nic);
      node.ip("route add default via 203.0.113.1 metric 1");
      node.ip("rule add pref 17301 from 203.0.113.10 lookup 17310 protocol 173");
      REQUIRE(node.world.snapshot(node.droplet) != fresh);
      node.world.lab({verb, node.droplet.name});
      CHECK(node.world.snapshot(node.droplet) == fresh);
    }
  }
}

TEST_CASE("lab: reboot, removes addresses but not assignments") {
  const Node node("anchor-nic");
  const std::string fresh = node.world.snapshot(node.droplet);
  node.world.sim("POST", "/assign/198.51.100.1", {{"droplet", node.droplet.id}});
  node.ip("address add 10.9.9.9/24 dev eth1");
  node.ip("address delete " + node.droplet.anchor + "/16 dev " + node.droplet.anchor_nic);
  node.world.lab({"boot", node.droplet.name});
  CHECK(node.world.snapshot(node.droplet) == fresh);
  CHECK(node.world.holder("198.51.100.1") == node.droplet.id);
  CHECK(node.seen() == node.droplet.public_address);
  node.ip("route replace default via 10.17.0.1");
  CHECK(node.seen() == "198.51.100.1");
}

TEST_CASE("lab: path cut, carries nothing until it is mended") {
  const std::map<std::string, std::string> servers = {
      {"internet", "http://192.0.2.1"},
      {"digitalocean", "https://192.0.2.2/v2/reserved_ips"},
      {"kubernetes", "https://192.0.2.3:6443/api/v1/nodes/node-1"},
      {"metadata", "http://169.254.169.254/metadata/v1/id"}};
  const Node node;
  // The devices that answer.
  const auto answering = [&] {
    std::vector<std::string> names;
    for (const auto& [name, url] : servers) {
      const std::string status =
          node.world.lab({"exec", node.droplet.name, "sh", "-c",
                          "curl -sko /dev/null -m 8 -w '%{http_code}' " + url + " || true"});
      if (status != "000") {
        names.push_back(name);
      }
    }
    return names;
  };
  const auto all = answering();
  REQUIRE(all.size() == servers.size());
  for (const auto& [name, url] : servers) {
    CAPTURE(name);
    node.world.lab({"cut", node.droplet.name, name});
    auto others = all;
    std::erase(others, name);
    CHECK(answering() == others);
    node.world.lab({"mend", node.droplet.name, name});
  }
  CHECK(answering() == all);
}
