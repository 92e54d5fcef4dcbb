// SPDX-License-Identifier: Apache-2.0
// Addresses as on real nodes: several times, on devices without traffic, and without a route to
// their network.
#include "node.hpp"

namespace {

// Like kube-proxy's IPVS mode, which holds the addresses of Services. A bridge that is down,
// because not every system has dummy devices.
void hold_on_kube_ipvs0(const Node& node, const std::string& address) {
  node.world.ip(node.droplet, "link add kube-ipvs0 type bridge");
  node.world.ip(node.droplet, "address add " + address + "/32 dev kube-ipvs0");
}

void check_comes_and_goes(const Node& node) {
  const std::string before = node.world.snapshot(node.droplet);
  node.run(0);
  node.check_egress();
  CHECK(node.world.seen_from(node.droplet.pod()) == node.world.held_by(node.droplet).at(0));
  CHECK(node.run(0).at("result") == "unchanged");
  Node::result_of(support::run(node.command({"release"})), 0);
  CHECK(node.world.snapshot(node.droplet) == before);
}

}  // namespace

TEST_CASE("addresses: anchor address also on its NIC, lo or kube-ipvs0, is not ambiguous") {
  for (const std::string topology : {"classic", "anchor-nic"}) {
    CAPTURE(topology);
    const Node node("198.51.100.1-4", topology);
    const support::Droplet& droplet = node.droplet;
    node.world.ip(droplet,
                  "address add " + droplet.public_address + "/32 dev " + droplet.public_nic);
    node.world.ip(droplet, "address add " + droplet.anchor + "/32 dev " + droplet.anchor_nic);
    node.world.ip(droplet, "address add " + droplet.public_address + "/32 dev lo");
    hold_on_kube_ipvs0(node, droplet.anchor);
    check_comes_and_goes(node);
  }
}

TEST_CASE("addresses: ambiguous address on a working node, is not gated") {
  const Node node("198.51.100.1-4", "anchor-nic");
  node.run(0);
  node.world.ip(node.droplet, "address add " + node.droplet.anchor + "/16 dev " +
                                  node.droplet.public_nic + " noprefixroute");
  node.run(0);
  node.check_egress();
}

// Like NetworkManager and networkd, without the routes of these addresses.
TEST_CASE("addresses: no route to their networks, the gateways are reached all the same") {
  for (const std::string topology : {"classic", "anchor-nic"}) {
    CAPTURE(topology);
    const Node node("198.51.100.1-4", topology);
    const support::Droplet& droplet = node.droplet;
    const std::string outside = " dev " + droplet.public_nic;
    for (const std::string& words :
         {"address delete " + droplet.public_address + "/20" + outside,
          "address add " + droplet.public_address + "/20" + outside + " noprefixroute",
          "address delete " + droplet.anchor + "/16 dev " + droplet.anchor_nic,
          "address add " + droplet.anchor + "/16 dev " + droplet.anchor_nic + " noprefixroute",
          "route add 203.0.113.1" + outside, "route replace default via 203.0.113.1" + outside,
          "route delete 203.0.113.1" + outside}) {
      node.world.ip(droplet, words);
    }
    check_comes_and_goes(node);
  }
}
