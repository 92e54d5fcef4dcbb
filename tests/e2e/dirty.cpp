// SPDX-License-Identifier: Apache-2.0
#include "dirty.hpp"

#include <chrono>

namespace dirty {
namespace {

using support::Count;
using support::DatagramFlow;
using support::Json;
using support::Stream;

constexpr int outside_port = 9;
constexpr int host_port = 5353;
constexpr int foreign_id = 900'000'001;
const std::string internet = "192.0.2.1";
const std::string vpc_nat = "192.0.2.254";

bool has(const std::string& topology, const std::string& part) {
  return ("+" + topology + "+").find("+" + part + "+") != std::string::npos;
}

// Like a NodePort Service, for topologies without kube-proxy.
void forward_port(const Node& node) {
  const std::string rule = "fib daddr type local meta l4proto ";
  exec(node,
       "nft 'add table ip ports; add chain ip ports in { type nat hook prerouting priority "
       "dstnat; }; add rule ip ports in " +
           rule + "tcp tcp dport 30007 dnat to " + node.droplet.pod_address +
           ":7; add rule ip ports in " + rule + "udp udp dport 30007 dnat to " +
           node.droplet.pod_address + ":7'");
}

void check_seen(const Node& node, const std::string& address, Pods pods) {
  CHECK(node.world.seen_from(node.droplet.name) == address);
  const std::string seen = node.world.seen_from(node.droplet.pod());
  if (pods == Pods::fixed) {
    const bool has_egress = seen == address || seen == node.droplet.public_address;
    CAPTURE(seen);
    CHECK(has_egress);
  } else {
    CHECK(seen == address);
  }
}

void check_labels(const Node& node, const std::string& enabled, const std::string& address) {
  CHECK(node.world.label(node.droplet) == enabled);
  CHECK(node.world.label(node.droplet, support::address_label) == address);
}

void get_address(const Node& node, Pods pods) {
  const std::string address = node.run(0, verify).at("floating_ip");
  CHECK(node.world.held_by(node.droplet) == std::vector{address});
  check_seen(node, address, pods);
  check_labels(node, "true", address);
  CHECK(node.run(0, verify).at("result") == "unchanged");
}

}  // namespace

Traffic::Traffic(const Node& node, Pods pods, Begun begun)
    : ssh_(node.droplet),
      pod_service_(node.droplet.pod(), echo_port),
      outside_("internet", outside_port),
      outside_datagrams_("internet", echo_port),
      pod_datagrams_(node.droplet.pod(), echo_port),
      host_datagrams_(node.droplet.name, host_port, node.droplet.public_address) {
  const std::string& here = node.droplet.public_address;
  const auto stream = [&](const std::string& what, const std::string& to, const std::string& from,
                          int port) {
    streams_.emplace_back(what, std::make_unique<Stream>(to, from, port));
  };
  const auto flow = [&](const std::string& what, const std::string& from, const std::string& to,
                        int port) {
    flows_.emplace_back(what, std::make_unique<DatagramFlow>(from, to, port));
  };
  stream("TCP to the public address", here, "internet", support::ssh_port);
  if (begun == Begun::by_both) {
    stream("TCP from the host", internet, node.droplet.name, outside_port);
  }
  flow("UDP to a service on the public address", "internet", here, host_port);
  if (pods != Pods::restart) {
    stream("TCP to a NodePort", here, "internet", node_port);
    flow("UDP to a NodePort", "internet", here, node_port);
  }
  if (pods != Pods::restart && begun == Begun::by_both) {
    stream("TCP from a pod", internet, node.droplet.pod(), outside_port);
    flow("UDP from a pod", node.droplet.pod(), internet, echo_port);
  }
  check_goes_on();
}

void Traffic::check_goes_on() const {
  constexpr int answers = 50;
  constexpr std::chrono::seconds patience{20};
  for (const auto& [what, stream] : streams_) {
    CAPTURE(what);
    CHECK(stream->goes_on(answers, patience));
  }
  for (const auto& [what, flow] : flows_) {
    CAPTURE(what);
    CHECK(flow->goes_on(answers, patience));
  }
}

void Traffic::check_nothing_lost(const std::string& topology) {
  const auto check = [&](const std::string& what, const Count& count) {
    CAPTURE(what);
    MESSAGE(topology << ", " << what << ": " << count.lost << " of " << count.sent << " lost");
    CHECK(count.lost == 0);
  };
  for (const auto& [what, stream] : streams_) {
    check(what, stream->stop());
  }
  for (const auto& [what, flow] : flows_) {
    check(what, flow->stop());
  }
}

DirtyNode::DirtyNode(const std::string& topology) : Node("198.51.100.1-2", topology) {
  if (!has(topology, "kube-proxy")) {
    forward_port(*this);
  }
  world.sim("PUT", "/droplets/" + std::to_string(foreign_id), {{"name", "foreign"}});
  world.sim("PUT", "/droplets/" + std::to_string(foreign_id + 1), {{"name", "foreign"}});
}

void check_life(const std::string& topology, Pods pods) {
  CAPTURE(topology);
  const DirtyNode node(topology);
  const std::string before = node.world.snapshot(node.droplet);
  Traffic traffic(node, pods);
  check_seen(node, node.droplet.public_address, pods);

  get_address(node, pods);
  traffic.check_goes_on();

  take_pool(node);
  node.run(10, verify);
  check_seen(node, node.droplet.public_address, pods);
  check_labels(node, "false", "");
  traffic.check_goes_on();

  free_pool(node);
  get_address(node, pods);
  traffic.check_goes_on();

  CHECK(release(node).at("result") == "changed");
  CHECK(node.world.snapshot(node.droplet) == before);
  CHECK(node.world.held_by(node.droplet).empty());
  check_seen(node, node.droplet.public_address, pods);
  check_labels(node, "false", "");
  traffic.check_goes_on();
  traffic.check_nothing_lost(topology);
}

void check_life_behind_vpc(const std::string& topology) {
  CAPTURE(topology);
  const DirtyNode node(topology);
  const std::string before = node.world.snapshot(node.droplet);
  check_seen(node, vpc_nat, Pods::keep);

  get_address(node, Pods::keep);
  Traffic traffic(node, Pods::keep, Begun::by_internet);

  take_pool(node);
  node.run(10, verify);
  check_seen(node, vpc_nat, Pods::keep);
  check_labels(node, "false", "");
  traffic.check_goes_on();

  free_pool(node);
  get_address(node, Pods::keep);
  traffic.check_goes_on();
  traffic.check_nothing_lost(topology);

  CHECK(release(node).at("result") == "changed");
  CHECK(node.world.snapshot(node.droplet) == before);
  CHECK(node.world.held_by(node.droplet).empty());
  check_seen(node, vpc_nat, Pods::keep);
  check_labels(node, "false", "");
}

void check_refused(const std::string& topology) {
  CAPTURE(topology);
  const DirtyNode node(topology);
  const std::string before = node.world.snapshot(node.droplet);
  node.run(78, verify);
  CHECK(node.world.snapshot(node.droplet) == before);
  CHECK(node.world.held_by(node.droplet).empty());
  CHECK(node.posted().empty());
  check_labels(node, "false", "");
}

Json release(const Node& node, const std::vector<std::string>& more) {
  std::vector<std::string> words = {"release"};
  words.insert(words.end(), more.begin(), more.end());
  return Node::result_of(support::run(node.command(words)), 0);
}

void take_pool(const Node& node) {
  for (const int number : {1, 2}) {
    node.world.sim("POST", "/assign/198.51.100." + std::to_string(number),
                   {{"droplet", foreign_id + number - 1}});
  }
}

void free_pool(const Node& node) {
  for (const int number : {1, 2}) {
    node.world.sim("POST", "/unassign/198.51.100." + std::to_string(number));
  }
}

std::string exec(const Node& node, const std::string& script) {
  return node.world.lab({"exec", node.droplet.name, "sh", "-c", script});
}

}  // namespace dirty
