// SPDX-License-Identifier: Apache-2.0
// Defaults with more than a gateway and a device, and other programs' routes beside them.
#include "dirty.hpp"

#include <string>
#include <vector>

using dirty::check_life;

namespace {

std::string defaults(const Node& node) {
  return node.world.ip(node.droplet, "-4 route show default");
}

// Runs and releases on a node with these routes besides its own. Nothing is changed or claimed.
void check_left_alone(const std::vector<std::string>& routes) {
  CAPTURE(routes.back());
  const dirty::DirtyNode node("classic");
  for (const std::string& words : routes) {
    node.world.ip(node.droplet, "route " + words);
  }
  const std::string before = node.world.snapshot(node.droplet);
  for (int round = 0; round < 2; ++round) {  // an outcome leaves nothing that changes the next one
    CHECK(node.run(78, dirty::verify).at("error").at("hint") != "");
    CHECK(node.world.snapshot(node.droplet) == before);
    CHECK(node.world.label(node.droplet) == "false");
    CHECK(node.posted().empty());
    CHECK(node.world.held_by(node.droplet).empty());
    dirty::release(node);
    CHECK(node.world.snapshot(node.droplet) == before);
  }
}

}  // namespace

TEST_CASE("dirty: another program's default in table 17312, exit 78, and release leaves it") {
  check_left_alone({"add default via 10.132.0.1 dev eth1 table 17312"});
  check_left_alone({"add default via 203.0.113.1 dev eth0 table 17312"});  // as in the main table
  check_left_alone({"add default via 10.132.0.1 dev eth1 metric 50 table 17312 proto 186"});
}

TEST_CASE("dirty: a VPN's halves and no default, exit 78, and no default is added") {
  check_left_alone({"add 0.0.0.0/1 via 203.0.113.1 dev eth0",
                    "add 128.0.0.0/1 via 203.0.113.1 dev eth0", "delete default"});
}

TEST_CASE("dirty: all of ours but the stored default removed, release restores it") {
  const dirty::DirtyNode node("onlink-mtu");
  const std::string before = node.world.snapshot(node.droplet);
  node.run(0);
  dirty::exec(node,
              "ip route flush table all proto 173; ip rule flush protocol 173; "
              "nft delete table ip do-egress-ip 2>&1 || true");
  CHECK(defaults(node).empty());
  Node::result_of(support::run(node.command({"release"})), 69);  // without a route to metadata
  CHECK(node.world.snapshot(node.droplet) == before);
  dirty::release(node);
  CHECK(node.world.snapshot(node.droplet) == before);
  CHECK(node.world.held_by(node.droplet).empty());
}

TEST_CASE("dirty: ecmp, a default with two next hops is restored with both") {
  check_life("ecmp");
}

TEST_CASE("dirty: nexthop-object, a default with an object is restored with it") {
  check_life("nexthop-object");
}

TEST_CASE("dirty: ecmp+nexthop-object, a default with a group is restored with it") {
  check_life("ecmp+nexthop-object");
}

TEST_CASE("dirty: onlink-mtu, onlink and mtu 1400 are restored, and the mtu applies meanwhile") {
  check_life("onlink-mtu");
  const dirty::DirtyNode node("onlink-mtu");
  node.run(0);
  CHECK(defaults(node).find("mtu 1400") != std::string::npos);
}

TEST_CASE("dirty: dhcp-metric+onlink-mtu, source, metric and mtu are restored together") {
  check_life("dhcp-metric+onlink-mtu");
}

TEST_CASE("dirty: vpc-routes, the VPC stays reachable through its own gateway") {
  check_life("vpc-routes");
}

TEST_CASE("dirty: link-default, a second default without a gateway stays behind ours") {
  check_life("link-default");
}

TEST_CASE("dirty: two-defaults, the VPC's stays behind ours") {
  check_life("two-defaults");
}

TEST_CASE("dirty: two-defaults+snat-public, pods with a fixed SNAT keep their egress") {
  check_life("two-defaults+snat-public", dirty::Pods::fixed);
}

TEST_CASE("dirty: two-defaults-vpc, the VPC's default is replaced and restored") {
  dirty::check_life_behind_vpc("two-defaults-vpc");
}

TEST_CASE("dirty: routing-agent, its /32 to the API server and its rule stay") {
  check_life("routing-agent");
}

TEST_CASE("dirty: routing-agent+ecmp, both are kept") {
  check_life("routing-agent+ecmp");
}

TEST_CASE("dirty: vpc-api, the API server is in the VPC") {
  check_life("vpc-api");
}

TEST_CASE("dirty: anchor-nic+vpc-routes+vpc-api, a node of DOKS 1.36") {
  check_life("anchor-nic+vpc-routes+vpc-api", dirty::Pods::restart);
}
