// SPDX-License-Identifier: Apache-2.0
// What returns after a switch, and what prevents one. S9, S10, S12 to S16 of the field cases.
#include "window.hpp"

#include <csignal>

using dirty::DirtyNode;
using dirty::verify;
using namespace window;
using namespace std::chrono_literals;
using support::Child;
using support::Json;

namespace {

// The first answer proves the path; the second, after the switch, is wrong.
void spoil_confirmation(const Node& node) {
  node.world.fault({{"server", "whatismyip"},
                    {"kind", "status"},
                    {"status", 200},
                    {"body", "192.0.2.99\n"},
                    {"skip", 1},
                    {"count", -1}});
}

// This default returns after a rollback and a release, or is refused and never changed.
void check_comes_back(const std::string& route) {
  CAPTURE(route);
  const DirtyNode node("classic");
  node.world.ip(node.droplet, "route delete default");
  node.world.ip(node.droplet, "route add default " + route);
  const std::string snapshot = node.world.snapshot(node.droplet);
  const std::string before = default_route(node);
  spoil_confirmation(node);
  const support::Run run = support::run(node.command(verify));
  INFO(run.out, run.err);
  CHECK((run.exit == 13 || run.exit == 78));
  CHECK(default_route(node) == before);
  node.world.sim("DELETE", "/faults");
  if (run.exit == 13) {
    node.run(0, verify);
    node.check_egress();
  }
  dirty::release(node);
  CHECK(node.world.snapshot(node.droplet) == snapshot);
}

std::vector<std::string> without_admin(std::vector<std::string> words) {
  words.insert(words.begin() + 2,
               {"setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"});
  return words;
}

}  // namespace

TEST_CASE("switch S9: a default with two next hops comes back with both") {
  check_comes_back("proto static nexthop via 203.0.113.1 dev eth0 nexthop via 10.132.0.1 dev eth1");
  check_comes_back(
      "proto static metric 7 nexthop via 203.0.113.1 dev eth0 weight 5 nexthop via 203.0.113.2 dev "
      "eth0 weight 2 onlink");
}

TEST_CASE("switch S10: every attribute of a default comes back") {
  for (const std::string attributes :
       {"mtu 1400", "onlink", "mtu lock 1400 advmss 1300", "initcwnd 20 initrwnd 30 quickack 1",
        "realms 7", "src 203.0.113.10 metric 42 hoplimit 50", "rto_min 40ms window 60000",
        "onlink proto 42 features ecn", "congctl reno"}) {
    check_comes_back("via 203.0.113.1 dev eth0 " + attributes);
  }
}

TEST_CASE("switch S10: what concerns the path is kept on our default") {
  const DirtyNode node("classic");
  node.world.ip(node.droplet,
                "route replace default via 203.0.113.1 dev eth0 mtu 1400 advmss 1300 initcwnd 20");
  node.run(0, verify);
  const std::string ours = default_route(node);
  CAPTURE(ours);
  CHECK(ours.find("via 10.17.0.1") != std::string::npos);
  for (const std::string kept : {"mtu 1400", "advmss 1300", "initcwnd 20"}) {
    CAPTURE(kept);
    CHECK(ours.find(kept) != std::string::npos);
  }
}

TEST_CASE("switch S12: no address of the world has its own meaning") {
  for (const bool direct : {true, false}) {
    CAPTURE(direct);
    const DirtyNode node("classic");
    std::vector<std::string> more = verify;
    if (direct) {
      more.insert(more.end(), {"--direct", "9.9.9.9/32"});
    } else {
      node.world.ip(node.droplet, "route add 9.9.9.9/32 via 203.0.113.1 dev eth0");
    }
    node.run(0, more);
    node.check_egress();
    const std::string settled = default_route(node);
    CHECK(node.run(0, more).at("result") == "unchanged");
    CHECK(default_route(node) == settled);
  }
}

TEST_CASE("switch S13: a release finds the public path though our tables are gone") {
  for (const std::string topology : {"classic", "anchor-nic"}) {
    for (const std::string table : {"17310", "17311"}) {
      CAPTURE(topology);
      CAPTURE(table);
      const DirtyNode node(topology);
      const std::string snapshot = node.world.snapshot(node.droplet);
      node.run(0);
      node.world.ip(node.droplet, "route flush table " + table);
      check_released(node, snapshot);
    }
    const DirtyNode node(topology);
    node.run(0);
    for (const std::string table : {"17310", "17311", "17312"}) {
      node.world.ip(node.droplet, "route flush table " + table);
    }
    dirty::release(node);
    CHECK(node.world.seen_from(node.droplet.name) == node.droplet.public_address);
    CHECK(node.world.seen_from(node.droplet.pod()) == node.droplet.public_address);
  }
}

TEST_CASE("switch S14: without CAP_NET_ADMIN nothing is claimed, and a dry run says so, too") {
  const DirtyNode node("classic");
  const std::string before = node.world.snapshot(node.droplet);
  for (const std::vector<std::string>& more : {std::vector<std::string>{}, {"--dry-run"}}) {
    support::Command command = node.command(more);
    command.words = without_admin(command.words);
    const support::Run run = support::run(command);
    INFO(run.out, run.err);
    CHECK(run.exit == 77);
    CHECK(run.err.find("NET_ADMIN") != std::string::npos);
    CHECK(node.posted().empty());
    CHECK(node.world.held_by(node.droplet).empty());
    CHECK(node.world.snapshot(node.droplet) == before);
  }
}

TEST_CASE("switch S15: a VPN takes everything on a node with egress: 78, label false, gate back") {
  const DirtyNode node("vpn");
  node.run(0, gate);
  CHECK(taints(node).empty());
  node.world.ip(node.droplet, "route add default dev tailscale0 table 52");
  REQUIRE(node.world.seen_from(node.droplet.name) == "192.0.2.254");

  std::vector<std::string> more = gate;
  more.insert(more.end(), {"--timeout", "30s"});
  node.run(78, more);

  CHECK(node.world.label(node.droplet) == "false");
  CHECK(taints(node).size() == 1);
  node.world.ip(node.droplet, "route delete default table 52");
  node.run(0, gate);
  node.check_egress();
  CHECK(taints(node).empty());
}

TEST_CASE("switch S16: a SIGHUP that is ignored, as under nohup, ends nothing") {
  const DirtyNode node("classic");
  node.world.fault({{"server", "whatismyip"},
                    {"kind", "delay"},
                    {"delay_ms", 2000},
                    {"skip", 1},
                    {"count", -1}});
  support::Command command = node.command(verify);
  command.words.insert(command.words.begin() + 2, "nohup");
  Child child(command);
  wait_until([&] { return is_unconfirmed(node); });

  child.signal(SIGHUP);

  support::Run run = child.wait();
  run.err = "";  // nohup's word
  Node::result_of(run, 0);
  node.world.sim("DELETE", "/faults");
  node.check_egress();
}
