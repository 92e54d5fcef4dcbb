// SPDX-License-Identifier: Apache-2.0
// Marks and NAT of other programs: NodePorts and pod connections survive all of them.
#include "dirty.hpp"

using dirty::check_life;
using dirty::Pods;
using support::DatagramFlow;
using support::DatagramService;
using support::EchoService;
using support::Stream;

namespace {

// The kernel considers marks in its reverse path filter.
void mind_marks(const Node& node) {
  dirty::exec(node, "sysctl -qw net.ipv4.conf.all.src_valid_mark=1");
}

}  // namespace

TEST_CASE("dirty: marks-calico, every packet of a pod is marked 0x40000") {
  check_life("marks-calico");
}

TEST_CASE("dirty: marks-cilium, every packet of a pod carries an identity") {
  check_life("marks-cilium");
}

TEST_CASE("dirty: kube-proxy, NodePorts of both policies") {
  check_life("kube-proxy");
  const dirty::DirtyNode node("kube-proxy");
  const DatagramService pod(node.droplet.pod(), dirty::echo_port);
  const DatagramFlow local("internet", node.droplet.public_address, dirty::local_node_port);
  CHECK(local.goes_on());
  node.run(0);
  CHECK(local.goes_on());
  CHECK(pod.sources().back() == "192.0.2.1");  // not hidden behind the node
}

TEST_CASE("dirty: kube-proxy+marks-calico+vpn, three programs set marks at once") {
  check_life("kube-proxy+marks-calico+vpn");
}

TEST_CASE("dirty: kube-proxy+anchor-nic, NodePorts with strict rp_filter and src_valid_mark") {
  const dirty::DirtyNode node("kube-proxy+anchor-nic");
  mind_marks(node);
  const std::string before = node.world.snapshot(node.droplet);
  dirty::Traffic traffic(node, Pods::keep);
  node.run(0, dirty::verify);
  traffic.check_goes_on();
  dirty::release(node);
  CHECK(node.world.snapshot(node.droplet) == before);
  traffic.check_nothing_lost("kube-proxy+anchor-nic, src_valid_mark");
}

TEST_CASE("dirty: docker, containers use the reserved IP and published ports work") {
  check_life("docker");
  const dirty::DirtyNode node("docker");
  const std::string container = node.droplet.name + "-docker";
  const EchoService service(container, dirty::echo_port);
  const EchoService outside("internet", 9);
  const Stream published(node.droplet.public_address, "internet", 8007);
  const Stream begun("192.0.2.1", container, 9);
  CHECK(published.goes_on());
  CHECK(begun.goes_on());
  CHECK(node.world.seen_from(container) == node.droplet.public_address);

  const std::string address = node.run(0).at("floating_ip");

  CHECK(node.world.seen_from(container) == address);
  CHECK(published.goes_on());
  CHECK(begun.goes_on());
}

TEST_CASE("dirty: snat-public, pods with SNAT to the public address keep their egress") {
  check_life("snat-public", Pods::fixed);
}
