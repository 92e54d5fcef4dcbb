// SPDX-License-Identifier: Apache-2.0
// The whole chain: the chart from the API server, its containers run on two droplets like by their
// kubelets, down to the address that the internet sees.
#include "kube/cluster.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <thread>

using kube::cluster;
using kube::Droplet;
using kube::Json;
using kube::Run;

namespace {

// The container of the DaemonSet.
const Json& loop_container() {
  static const Json found = [] {
    cluster().kubectl("--namespace " + kube::name_space +
                      " create secret generic digitalocean --from-file=token=/run/lab/token");
    const Json pod = cluster()
                         .get("--namespace " + kube::name_space + " daemonset do-egress-ip")
                         .at("spec")
                         .at("template")
                         .at("spec");
    REQUIRE(pod.at("containers").size() == 1);
    return pod.at("containers").at(0);
  }();
  return found;
}

const std::vector<Droplet>& nodes() {
  static const std::vector<Droplet> both = {cluster().node("node-a"),
                                            cluster().node("node-b", "anchor-nic")};
  return both;
}

std::string held(const Droplet& node) {
  return cluster().world().held_by(node).at(0);
}

support::Command in_pod(const Droplet& node, const Json& container,
                        const std::vector<std::string>& command = {}) {
  support::Command all{
      {POD, node.name, kube::name_space, "daemonset/do-egress-ip", container.at("name")},
      {{"PATH", std::getenv("PATH")}, {"DO_EGRESS_IP", support::program()}}};
  all.words.insert(all.words.end(), command.begin(), command.end());
  return all;
}

// Asks like the kubelet.
bool is_ready(const Droplet& node) {
  const Json& probe = loop_container().at("readinessProbe").at("exec").at("command");
  return support::run(in_pod(node, loop_container(), probe)).exit == 0;
}

void wait_until(const std::function<bool()>& is_so) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{45};
  while (!is_so()) {
    if (std::chrono::steady_clock::now() > deadline) {
      throw std::runtime_error("the loop did not bring it about in time");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
  }
}

const std::string test_pod = "do-egress-ip-test";

// Runs `helm test` with this test as the kubelet. Returns the pod's output and Helm's exit.
Run helm_test(const Droplet& node) {
  const std::string in_namespace = "--namespace " + kube::name_space + " ";
  cluster().kubectl(in_namespace + "delete pod --ignore-not-found " + test_pod);
  support::Child helm({{CLUSTER, "helm", "--namespace", kube::name_space, "test", "do-egress-ip",
                        "--timeout", "60s"},
                       {{"PATH", std::getenv("PATH")}}});
  wait_until([&] {
    return !cluster()
                .kubectl(in_namespace + "get pod --ignore-not-found --output name " + test_pod)
                .empty();
  });
  support::Command command = in_pod(node, {{"name", "test"}});
  command.words[3] = "pod/" + test_pod;
  Run said = support::run(command);
  const Json status = {{"status", {{"phase", said.exit == 0 ? "Succeeded" : "Failed"}}}};
  cluster().call({"kubectl", "--namespace", kube::name_space, "patch", "pod", test_pod,
                  "--subresource=status", "--patch", status.dump()});
  const Run ended = helm.wait();
  said.err += ended.out + ended.err;
  CHECK((ended.exit == 0) == (said.exit == 0));
  return said;
}

}  // namespace

TEST_CASE("kube chain: two nodes, each with its pod, and what the internet sees") {
  for (const Droplet& node : nodes()) {
    CHECK(cluster().is_gated(node));
    CHECK_FALSE(is_ready(node));
    support::Child loop(in_pod(node, loop_container()));
    wait_until([&] { return is_ready(node); });
    cluster().check_egress(node);
    CHECK_FALSE(cluster().is_gated(node));
    loop.signal(SIGTERM);
    CHECK(loop.wait().exit == 143);
  }
  CHECK(cluster().label(nodes()[0], support::address_label) !=
        cluster().label(nodes()[1], support::address_label));
}

TEST_CASE("kube chain: loop, repairs and ends on a signal") {
  const Droplet& node = nodes()[0];
  support::Child loop(in_pod(node, loop_container()));
  for (const std::string damage : {"flush", "boot"}) {
    cluster().world().lab({damage, node.name});
    wait_until([&] { return cluster().world().seen_from(node.name) == held(node); });
  }
  cluster().kubectl("label node node-a do-outbound-floating-ip-enabled-");
  wait_until([&] { return cluster().label(node) == "true"; });
  cluster().check_egress(node);

  loop.signal(SIGTERM);
  const Run ended = loop.wait();
  INFO(ended.out, ended.err);
  CHECK(ended.exit == 143);
}

TEST_CASE("kube chain: helm test, compares a pod's address with the label") {
  const Droplet& node = nodes()[0];
  Run told = helm_test(node);
  INFO(told.out, told.err);
  CHECK(told.exit == 0);
  CHECK(told.out.find("sees " + held(node)) != std::string::npos);

  // The host is right, but its pods take another path, as with eBPF masquerading.
  cluster().world().ip(node, "rule add pref 100 from 10.244.0.0/16 lookup 17310");
  cluster().check_egress(node);
  told = helm_test(node);
  CHECK(told.exit != 0);
  CHECK(told.out.find("sees " + node.public_address) != std::string::npos);
}
