// SPDX-License-Identifier: Apache-2.0
// `verify` from the host and from a pod, by real packets: what the internet sees is what it says.
#include "pod.hpp"

using support::Json;
using support::Run;

namespace {

const std::string pod_label = "do-outbound-floating-ip-pods";
const std::string pod_gate = "egress.example.com/pods:NoSchedule";

Run in_pod(const Node& node, const std::vector<std::string>& more) {
  std::vector<std::string> words = {"--verify-url", "http://192.0.2.1/"};
  words.insert(words.end(), more.begin(), more.end());
  return support::run(verify_in_pod(node, words));
}

Json result_of(const Run& run, int exit) {
  INFO(run.out, run.err);
  CHECK(run.exit == exit);
  const Json result = Json::parse(run.out);
  CHECK(result.at("command") == "verify");
  CHECK(result.at("exit").at("code") == exit);
  return result;
}

// Like Cilium's masquerading in eBPF: the host is right, its pods keep another address.
void divert_pods(const Node& node) {
  node.world.ip(node.droplet, "rule add pref 100 from 10.244.0.0/16 lookup 17310");
  REQUIRE(node.world.seen_from(node.droplet.pod()) == node.droplet.public_address);
}

}  // namespace

TEST_CASE("verify: a pod that the internet sees as its Node's address, exit 0") {
  const Node node;
  node.run(0);
  const std::string held = node.world.held_by(node.droplet).at(0);
  node.world.forget_requests();

  const Json result = result_of(in_pod(node, {}), 0);

  CHECK(result.at("floating_ip") == held);
  CHECK(result.at("services").at(0).at("address") == held);
  CHECK(node.world.requests("kubernetes") == 1);
  CHECK(node.world.requests("digitalocean") == 0);
  CHECK(node.world.requests("metadata") == 0);
}

TEST_CASE("verify: a pod that is masqueraded to another address, exit 13") {
  const Node node;
  node.run(0);
  divert_pods(node);

  const Json result = result_of(in_pod(node, {}), 13);

  CHECK(result.at("services").at(0).at("address") == node.droplet.public_address);
  CHECK(result.at("error").at("message") == "cannot verify the egress IP: http://192.0.2.1/ sees " +
                                                node.droplet.public_address + ", not " +
                                                node.world.held_by(node.droplet).at(0));
  CHECK(node.world.label(node.droplet) == "true");  // which is about the host
}

TEST_CASE("verify: --expect needs no Kubernetes; with neither, exit 64") {
  const Node node;
  node.run(0);
  const std::string held = node.world.held_by(node.droplet).at(0);
  result_of(in_pod(node, {"--kubernetes", "off", "--expect", held}), 0);
  result_of(in_pod(node, {"--kubernetes", "off", "--expect", "198.51.100.77"}), 13);
  result_of(in_pod(node, {"--kubernetes", "off"}), 64);
}

TEST_CASE("verify: a Node without the labels, exit 78; a silent service, exit 69") {
  const Node node;
  result_of(in_pod(node, {}), 78);
  result_of(in_pod(node, {"--expect", node.droplet.public_address}), 0);
  node.world.fault({{"server", "whatismyip"}, {"kind", "status"}, {"status", 503}, {"count", -1}});
  result_of(in_pod(node, {"--expect", node.droplet.public_address}), 69);
}

TEST_CASE("verify: --pod-label and --gate-by pods, the pod alone lifts the gate") {
  const Node node;
  const std::vector<std::string> gate = {"--pod-label", pod_label,      "--gate-by",
                                         "pods",        "--gate-taint", pod_gate};
  const auto is_gated = [&] {
    const Json taints =
        node.world.sim("GET", "/world").at("nodes").at("node-1").value("taints", Json::array());
    return !taints.empty();
  };
  node.run(0, gate);  // no taint yet: nobody has lifted it, and egress is good
  divert_pods(node);
  result_of(in_pod(node, gate), 13);
  CHECK(node.world.label(node.droplet, pod_label) == "false");
  CHECK(is_gated());
  node.run(0, gate);
  CHECK(is_gated());

  node.world.ip(node.droplet, "rule del pref 100");
  result_of(in_pod(node, gate), 0);
  CHECK(node.world.label(node.droplet, pod_label) == "true");
  CHECK_FALSE(is_gated());

  const std::string held = node.world.held_by(node.droplet).at(0);
  node.world.sim("PUT", "/droplets/1", {{"name", "other"}});
  node.world.sim("POST", "/assign/" + held, {{"droplet", 1}});
  node.run(0, gate);  // takes another address
  CHECK(node.world.label(node.droplet, pod_label) == "false");
  CHECK(is_gated());
}
