// SPDX-License-Identifier: Apache-2.0
// Rules, tables and routes in front of main's default or behind it.
#include "dirty.hpp"

using namespace std::string_literals;

TEST_CASE("dirty: vpn, Tailscale with peers only does not interfere") {
  dirty::check_life("vpn");
}

TEST_CASE("dirty: vpn-exit and vpn-wg, a VPN for all traffic: exit 78, nothing claimed") {
  dirty::check_refused("vpn-exit");
  dirty::check_refused("vpn-wg");
  dirty::check_refused("anchor-nic+vpn-exit");
}

// Everything leads to where the default leads, so no packet shows it before the switch.
TEST_CASE("dirty: rules and routes in front, exit 78 before anything is claimed") {
  const dirty::DirtyNode node("classic");
  const std::string table = "ip route add default via 203.0.113.1 dev eth0 table 900; ";
  const std::string here = node.droplet.public_address;
  for (const std::string& script :
       {"ip route add default tos 0x10 via 203.0.113.1 dev eth0"s,
        "ip route add 0.0.0.0/1 via 203.0.113.1 dev eth0"s,
        table + "ip rule add pref 900 lookup 900", "ip rule add pref 5000 lookup main"s,
        "ip rule add pref 10 from " + here + " lookup main", "ip rule add pref 32000 prohibit"s}) {
    CAPTURE(script);
    dirty::exec(node, script);
    const std::string before = node.world.snapshot(node.droplet);
    node.run(78, dirty::verify);
    CHECK(node.world.snapshot(node.droplet) == before);
    CHECK(node.posted().empty());
    node.world.lab({"boot", node.droplet.name});
  }
}

// Only the kernel knows what such a rule catches, and only once ours is behind it.
TEST_CASE("dirty: rule for a protocol or a goto in front, exit 78 before the switch") {
  const dirty::DirtyNode node("classic");
  for (const std::string& rule : {"pref 100 goto 32766"s, "pref 100 ipproto tcp lookup main"s}) {
    CAPTURE(rule);
    dirty::exec(node, "ip rule add " + rule);
    for (int run = 1; run <= 2; ++run) {
      node.run(78, dirty::verify);
      dirty::exec(node, "ip route show default | grep 'via 203.0.113.1 '");
    }
    dirty::exec(node, "ip rule del pref 100");
    node.run(0, dirty::verify);
    CHECK(dirty::release(node).at("result") == "changed");
  }
}

TEST_CASE("dirty: default in table default, main has none again after a release") {
  const dirty::DirtyNode node("classic");
  dirty::exec(node,
              "ip route del default; ip route add default via 203.0.113.1 dev eth0 table default");
  const std::string before = node.world.snapshot(node.droplet);
  node.run(0, dirty::verify);
  CHECK(dirty::release(node).at("result") == "changed");
  CHECK(node.world.snapshot(node.droplet) == before);
}
