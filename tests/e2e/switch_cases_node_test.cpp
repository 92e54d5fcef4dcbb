// SPDX-License-Identifier: Apache-2.0
// Real networks of nodes: N1 to N3 and N5 to N7 of the field cases.
#include "window.hpp"

#include <chrono>
#include <csignal>
#include <thread>

using dirty::DirtyNode;
using dirty::verify;
using namespace window;
using namespace std::chrono_literals;
using support::Child;
using support::DatagramFlow;
using support::DatagramService;
using support::Json;
using support::Run;

namespace {

// These ip(8) commands change nothing about a node with egress.
void check_no_doubt(const std::string& topology, const std::vector<std::string>& words) {
  CAPTURE(topology);
  const DirtyNode node(topology);
  node.run(0, gate);
  for (const std::string& change : words) {
    CAPTURE(change);
    node.world.ip(node.droplet, change);
    CHECK(node.run(0, gate).at("result") == "unchanged");
    node.check_egress();
    CHECK(taints(node).empty());
  }
}

// All servers are known by their names only.
const support::Variables names = {
    {"DIGITALOCEAN_API_URL", "https://api.digitalocean.com"},
    {"DO_EGRESS_IP_KUBE_API_URL", "https://kubernetes.default.svc:6443"}};

void silence_names(const Node& node) {
  node.world.fault({{"server", "dns"}, {"kind", "hang"}, {"count", -1}});
}

std::chrono::milliseconds duration_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                               start);
}

}  // namespace

TEST_CASE("switch N1: an address that stands once more raises no doubt about a node that works") {
  check_no_doubt("twice", {});
  check_no_doubt("classic",
                 {"address add 203.0.113.10/32 dev eth0", "address add 10.17.0.5/32 dev eth0",
                  "address add 203.0.113.10/32 dev lo", "address add 10.17.0.5/32 dev lo",
                  "link add kube-ipvs0 type bridge", "address add 203.0.113.10/32 dev kube-ipvs0",
                  "address add 10.17.0.5/32 dev kube-ipvs0"});
  check_no_doubt("anchor-nic",
                 {"address add 203.0.113.10/32 dev lo", "address add 10.17.0.5/32 dev lo"});
}

TEST_CASE("switch N2: NodePorts and open pod connections live under the marks of every plugin") {
  for (const std::string mark :
       {"or 0x40000", "or 0x4000", "or 0x2fca0f00", "or 0x80000", "or 0x30000", "set 0x539"}) {
    CAPTURE(mark);
    const DirtyNode node("classic");
    const std::string change = mark.starts_with("set") ? mark.substr(4) : "meta mark " + mark;
    dirty::exec(node,
                "nft 'add table ip marks; add chain ip marks raw { type filter hook "
                "prerouting priority raw; }; add rule ip marks raw iifname lxc0 meta mark set " +
                    change + "'");
    dirty::Traffic traffic(node, dirty::Pods::keep);
    node.run(0, verify);
    traffic.check_goes_on();
    node.check_egress();
    dirty::release(node);
    traffic.check_nothing_lost("marked " + mark);
  }
}

TEST_CASE("switch N3: another program's table 173 stays") {
  const DirtyNode node("classic");
  node.world.ip(node.droplet, "route add 192.0.2.128/25 via 10.132.0.1 dev eth1 table 173");
  node.world.ip(node.droplet, "route add default via 10.132.0.1 dev eth1 table 173");
  const std::string snapshot = node.world.snapshot(node.droplet);
  const std::string table = node.world.ip(node.droplet, "route show table 173");
  node.run(0, verify);
  node.check_egress();
  CHECK(node.world.ip(node.droplet, "route show table 173") == table);
  check_released(node, snapshot);
}

TEST_CASE("switch N3: a foreign route in a table of ours is a finding and not a victim") {
  for (const std::string table : {"17310", "17311"}) {
    CAPTURE(table);
    const DirtyNode node("classic");
    node.world.ip(node.droplet, "route add default via 10.132.0.1 dev eth1 table " + table);
    const std::string before = node.world.snapshot(node.droplet);
    const Json result = node.run(78, verify);
    CHECK(result.at("error").at("message").get<std::string>().find(table) != std::string::npos);
    CHECK(node.posted().empty());
    CHECK(node.world.snapshot(node.droplet) == before);
    dirty::release(node);
    CHECK(node.world.snapshot(node.droplet) == before);
  }
}

TEST_CASE("switch N5: src_valid_mark of all NICs is as good as that of one: nothing is lost") {
  const DirtyNode node("anchor-nic");
  dirty::exec(node, "sysctl -qw net.ipv4.conf.all.src_valid_mark=1");
  dirty::Traffic traffic(node, dirty::Pods::keep);
  node.run(0, verify);
  traffic.check_goes_on();
  node.check_egress();
  dirty::release(node);
  traffic.check_nothing_lost("anchor-nic, strict, all.src_valid_mark");
}

TEST_CASE("switch N6: all of reality's other routes at once") {
  dirty::check_life("noprefixroute+vpc-routes+link-default+other-anchor+vpc-api");
}

TEST_CASE("switch N7: names resolve, and what is claimed is proven by name") {
  const DirtyNode node("classic");
  node.run(0, {"--verify-url", "https://whatismyip.lab/"}, names);
  node.check_egress();
}

TEST_CASE("switch N7: the resolver is silent: the deadline and signals hold, and nothing is lost") {
  const DirtyNode node("classic");
  const std::string before = node.world.snapshot(node.droplet);
  silence_names(node);

  Run run;
  const auto took = duration_of([&] {
    run = support::run(node.command({"--timeout", "10s"}, names));
  });

  INFO(run.out, run.err);
  CHECK((run.exit == 69 || run.exit == 75));
  CHECK(took < 60s);
  CHECK(node.world.snapshot(node.droplet) == before);

  Child child(node.command({"--timeout", "60s"}, names));
  wait_until([&] { return !node.world.journal("dns").empty(); });
  std::this_thread::sleep_for(1s);
  int exit = 0;
  CHECK(duration_of([&] {
          child.signal(SIGTERM);
          exit = child.wait().exit;
        }) < 30s);
  CHECK(exit == 143);
  CHECK(node.world.snapshot(node.droplet) == before);
}

TEST_CASE("switch N7: the resolver falls silent in the window: undone by the deadline") {
  const DirtyNode node("classic");
  const std::string before = default_route(node);
  DatagramFlow egress(node.droplet.name, "192.0.2.1", dirty::echo_port,
                      DatagramFlow::Sockets::many);
  const DatagramService outside("internet", dirty::echo_port);
  node.world.fault({{"server", "whatismyip"},
                    {"kind", "delay"},
                    {"delay_ms", 1000},
                    {"skip", 1},
                    {"count", -1}});
  std::vector<std::string> more = verify;
  more.insert(more.end(), {"--kubernetes", "off", "--timeout", "20s", "--verify-url",
                           "https://whatismyip.lab/"});
  Child child(node.command(more, names));
  wait_until([&] { return is_unconfirmed(node); });
  silence_names(node);
  const auto took = duration_of([&] { CHECK(child.wait().exit != 0); });
  CHECK(took < 60s);
  node.world.sim("DELETE", "/faults");
  CHECK(default_route(node) == before);
  CHECK(node.world.seen_from(node.droplet.name) == node.droplet.public_address);
}
