// SPDX-License-Identifier: Apache-2.0
// A switch of the default loses nothing: streams to the public address, connections of pods, and
// connections to a port of the public address that leads to a pod.
#include "node.hpp"
#include "support/session.hpp"
#include "support/traffic.hpp"

using support::Count;
using support::DatagramFlow;
using support::DatagramService;
using support::EchoService;
using support::Json;
using support::Stream;

namespace {

constexpr int echo = 7;
constexpr int node_port = 30007;

// Like a NodePort Service or a container's hostPort.
void forward_port(const Node& node) {
  node.world.lab({"exec", node.droplet.name, "nft",
                  "add table ip ports; add chain ip ports in { type nat hook prerouting priority "
                  "dstnat; }; add rule ip ports in fib daddr type local udp dport 30007 dnat to " +
                      node.pod_address() + ":7"});
}

void set_kernel(const Node& node, const std::string& parameter) {
  node.world.lab({"exec", node.droplet.name, "sysctl", "-qw", "net.ipv4.conf." + parameter});
}

// Loose, systemd's default.
void loosen(const Node& node) {
  set_kernel(node, "all.rp_filter=2");
}

// All kinds of traffic on a node.
struct Traffic {
  explicit Traffic(const Node& node)
      : service(node.droplet),
        outside("internet", echo),
        inside(node.droplet.pod(), echo),
        stream(node.droplet.public_address),
        from_pod(node.droplet.pod(), "192.0.2.1", echo),
        to_pod("internet", node.droplet.public_address, node_port) {}

  void check_goes_on() const {
    CHECK(stream.goes_on());
    CHECK(from_pod.goes_on());
    CHECK(to_pod.goes_on());
  }

  EchoService service;
  DatagramService outside;
  DatagramService inside;
  Stream stream;
  DatagramFlow from_pod;
  DatagramFlow to_pod;
};

void report(const std::string& topology, std::string_view what, const Count& count) {
  MESSAGE(topology << ", " << std::string(what) << ": " << count.lost << " of " << count.sent
                   << " lost");
}

void check_nothing_lost(const std::string& topology, Traffic& traffic) {
  const Count stream = traffic.stream.stop();
  const Count from_pod = traffic.from_pod.stop();
  const Count to_pod = traffic.to_pod.stop();
  report(topology, "lines of a TCP stream to the public address", stream);
  report(topology, "datagrams from a pod, 1 kHz", from_pod);
  report(topology, "datagrams to a port of the public address that is a pod's, 1 kHz", to_pod);
  CHECK(stream.lost == 0);
  CHECK(from_pod.lost == 0);
  CHECK(to_pod.lost == 0);
}

bool is_marked(const Node& node) {
  return node.world.snapshot(node.droplet).find("table ip do-egress-ip") != std::string::npos;
}

// During the switch, a steady run and a release.
void check_hitless(const Node& node, const std::string& topology) {
  CAPTURE(topology);
  forward_port(node);
  const std::string before = node.world.snapshot(node.droplet);
  Traffic traffic(node);
  traffic.check_goes_on();

  const Json result = node.run(0);

  traffic.check_goes_on();
  CHECK(is_marked(node));
  node.check_egress();  // new connections use the new address, also those of pods
  CHECK(result.at("floating_ip") == node.world.seen_from(node.droplet.pod()));
  CHECK(node.run(0).at("result") == "unchanged");
  const std::vector<std::string> release = {"release"};
  Node::result_of(support::run(node.command(release)), 0);
  traffic.check_goes_on();
  CHECK(node.world.snapshot(node.droplet) == before);
  CHECK(traffic.outside.sources() == std::vector{node.droplet.public_address});
  check_nothing_lost(topology, traffic);
}

}  // namespace

TEST_CASE("hitless: switch and release in every topology, lose nothing") {
  for (const std::string topology :
       {"classic", "dhcp-metric", "two-defaults", "routing-agent", "anchor-nic"}) {
    const Node node("198.51.100.1-4", topology);
    loosen(node);
    check_hitless(node, topology);
  }
}

TEST_CASE("hitless: anchor NIC, strict rp_filter and src_valid_mark, lose nothing") {
  const Node node("198.51.100.1-4", "anchor-nic");
  set_kernel(node, node.droplet.public_nic + ".src_valid_mark=1");
  check_hitless(node, "anchor-nic, strict, src_valid_mark");
}

TEST_CASE("hitless: anchor NIC, strict rp_filter and src_valid_mark of all, lose nothing") {
  const Node node("198.51.100.1-4", "anchor-nic");
  set_kernel(node, "all.src_valid_mark=1");
  check_hitless(node, "anchor-nic, strict, all.src_valid_mark");
}

// Other programs mark every packet at any hook: ours is added, theirs stay.
TEST_CASE("hitless: marks of network plugins on every packet, lose nothing") {
  struct Plugin {
    std::string name;
    std::string priority;
    std::string words;
    std::string left;  // their bits must still be set where the packet is forwarded
  };
  for (const Plugin& plugin :
       {Plugin{"Calico", "raw", "meta mark set meta mark or 0x40000", "0x40000"},
        Plugin{"Cilium", "raw", "meta mark set 0x12340f00", "0x12340f00"},
        Plugin{"kube-proxy", "dstnat", "meta mark set meta mark or 0xc000", "0xc000"},
        Plugin{"a firewall, all other bits, last", "filter", "meta mark set 0xffffefff",
               "0xffffefff"}}) {
    const Node node;
    loosen(node);
    node.world.lab({"exec", node.droplet.name, "nft",
                    "add table ip plugin; add chain ip plugin marks { type filter hook prerouting "
                    "priority " +
                        plugin.priority + "; }; add rule ip plugin marks " + plugin.words +
                        "; add chain ip plugin looks { type filter hook forward priority 0; }; "
                        "add rule ip plugin looks meta mark and 0xffffefff != " +
                        plugin.left + " drop"});
    check_hitless(node, plugin.name);
  }
}

TEST_CASE("hitless: older version's whole mark and rules, are replaced by the bit") {
  const Node node;
  const DatagramService outside("internet", echo);
  DatagramFlow from_pod(node.droplet.pod(), "192.0.2.1", echo);
  CHECK(from_pod.goes_on());
  node.run(0);
  const std::string settled = node.world.snapshot(node.droplet);
  const std::string rule = "add rule ip do-egress-ip forwarded meta mark 0 ct ";
  const std::string set = " ip daddr " + node.droplet.public_address +
                          " meta mark set 0xd0e60073 comment \"1: keeps " +
                          node.droplet.public_address + "\"; ";
  const std::vector<std::string> rules = {"17302 lookup main suppress_prefixlength 0",
                                          "17303 lookup 17310"};
  for (const std::string& words : rules) {
    node.world.ip(node.droplet, "rule add fwmark 0xd0e60073 protocol 173 pref " + words);
  }
  node.world.lab(
      {"exec", node.droplet.name, "nft",
       "flush chain ip do-egress-ip forwarded; " + rule + "original" + set + rule + "reply" + set});
  for (const std::string& words : rules) {
    node.world.ip(node.droplet, "rule delete fwmark 0x1000/0x1000 pref " + words);
  }
  REQUIRE(node.world.snapshot(node.droplet) != settled);

  CHECK(node.run(0).at("result") == "changed");

  CHECK(node.world.snapshot(node.droplet) == settled);
  CHECK(from_pod.stop().lost == 0);
}

// The kernel drops the replies, so the best outcome is that a pod's connection restarts at once.
TEST_CASE("hitless: anchor NIC and strict rp_filter, pods continue with the new address") {
  const Node node("198.51.100.1-4", "anchor-nic");
  const EchoService service(node.droplet);
  const DatagramService outside("internet", echo);
  Stream stream(node.droplet.public_address);
  DatagramFlow from_pod(node.droplet.pod(), "192.0.2.1", echo);
  CHECK(stream.goes_on());
  CHECK(from_pod.goes_on());

  const std::string address = node.run(0).at("floating_ip");

  CHECK(stream.goes_on());
  CHECK(from_pod.goes_on());
  CHECK_FALSE(is_marked(node));
  CHECK(outside.sources() == std::vector{node.droplet.public_address, address});
  const Count lines = stream.stop();
  report("anchor-nic, strict", "lines of a TCP stream to the public address", lines);
  CHECK(lines.lost == 0);
  report("anchor-nic, strict", "datagrams from a pod, 1 kHz", from_pod.stop());
}

TEST_CASE("hitless: marking removed, pod connections break, and the next run repairs them") {
  const Node node;
  const DatagramService outside("internet", echo);
  const DatagramFlow from_pod(node.droplet.pod(), "192.0.2.1", echo);
  CHECK(from_pod.goes_on());
  node.run(0);
  const std::string settled = node.world.snapshot(node.droplet);
  for (const std::string words :
       {"nft delete table ip do-egress-ip", "nft flush chain ip do-egress-ip forwarded",
        "ip rule delete pref 17303", "ip rule delete pref 17302"}) {
    CAPTURE(words);
    const bool vital = words != "ip rule delete pref 17302";  // it serves pods on the same node
    node.world.lab({"exec", node.droplet.name, "sh", "-c", words});
    if (vital) {
      CHECK_FALSE(from_pod.goes_on(100, std::chrono::seconds(3)));
    }

    CHECK(node.run(0).at("result") == "changed");

    CHECK(from_pod.goes_on());
    CHECK(node.world.snapshot(node.droplet) == settled);
  }
}

TEST_CASE("hitless: droplet that does not forward, gets no table") {
  const Node node;
  node.world.lab({"exec", node.droplet.name, "sysctl", "-qw", "net.ipv4.ip_forward=0"});
  node.run(0);
  CHECK_FALSE(is_marked(node));
  node.world.lab({"exec", node.droplet.name, "sysctl", "-qw", "net.ipv4.ip_forward=1"});
  CHECK(node.run(0).at("steps").size() == 3);  // the marking and its rules
  CHECK(is_marked(node));
}

TEST_CASE("hitless: --route none, sets no table") {
  const Node node;
  const std::string before = node.world.snapshot(node.droplet);
  node.run(0, {"--route", "none"});
  CHECK(node.world.snapshot(node.droplet) == before);
}

TEST_CASE("hitless: status without rights, assumes what it cannot see") {
  const Node node;
  node.run(0);
  support::Command command = node.command({"status"});
  command.words.insert(command.words.begin() + 2,
                       {"setpriv", "--inh-caps=-all", "--bounding-set=-all"});
  const support::Run run = support::run(command);
  INFO(run.out, run.err);
  CHECK(run.exit == 0);
}
