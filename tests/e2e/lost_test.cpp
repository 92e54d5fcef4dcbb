// SPDX-License-Identifier: Apache-2.0
// A lost address: the public default returns first, then the Node is patched, then a new address
// follows; the internet sees that order.
#include "node.hpp"
#include "support/traffic.hpp"

#include <algorithm>

using support::DatagramFlow;
using support::DatagramService;
using support::Json;

namespace {

constexpr int host_port = 7;
constexpr int pod_port = 8;
const std::vector<std::string> gate = {"--gate-taint", "example.com/egress:NoSchedule"};

// New connections of the host and a pod, as the internet sees them.
struct Watch {
  explicit Watch(const Node& node)
      : host("internet", host_port),
        pod("internet", pod_port),
        from_host(node.droplet.name, "192.0.2.1", host_port, DatagramFlow::Sockets::many),
        from_pod(node.droplet.pod(), "192.0.2.1", pod_port, DatagramFlow::Sockets::many) {
    check_seen();
  }

  void check_seen() const {
    CHECK(from_host.goes_on(20));
    CHECK(from_pod.goes_on(20));
  }

  DatagramService host;
  DatagramService pod;
  DatagramFlow from_host;
  DatagramFlow from_pod;
};

void report_gap(const std::string& from, const DatagramService& seen) {
  const auto sightings = seen.sightings();
  REQUIRE(sightings.size() == 3);
  const auto gap = [](const auto& start, const auto& end) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(end - start).count();
  };
  MESSAGE("lost, from " << from << ": without any egress for "
                        << gap(sightings[0].last, sightings[1].first)
                        << " ms, without a static one for "
                        << gap(sightings[0].last, sightings[2].first) << " ms");
}

// The writing requests in order: "PATCH kubernetes", "POST digitalocean".
std::vector<std::string> writes(const Node& node) {
  std::vector<std::string> order;
  const Json journal = node.world.sim("GET", "/journal");
  for (const Json& request : journal.at("requests")) {
    const std::string path = request.at("path");
    const bool node_or_action =
        path.find("/nodes/") != std::string::npos || path.find("/actions") != std::string::npos;
    if (request.at("method") != "GET" && node_or_action) {
      order.push_back(request.at("method").get<std::string>() + " " +
                      request.at("server").get<std::string>());
    }
  }
  return order;
}

std::vector<std::string> actions(const Json& result) {
  std::vector<std::string> names;
  for (const Json& step : result.at("steps")) {
    names.push_back(step.at("action"));
  }
  return names;
}

Json taints(const Node& node) {
  return node.world.sim("GET", "/world").at("nodes").at(node.droplet.name).at("taints");
}

}  // namespace

TEST_CASE("lost: address lost, the internet sees the old, the public and the new address in turn") {
  for (const std::string topology : {"classic", "anchor-nic", "dhcp-metric"}) {
    CAPTURE(topology);
    const Node node("198.51.100.1-4", topology);
    const std::string before = node.run(0, gate).at("floating_ip");
    node.world.settings({{"action_latency_ms", 2000}});
    node.world.sim("PUT", "/droplets/1", {{"name", "other"}});
    const Watch watch(node);
    node.world.forget_requests();
    node.world.sim("POST", "/assign/" + before, {{"droplet", 1}});

    const Json result = node.run(0, gate);

    watch.check_seen();
    const std::string after = result.at("floating_ip");
    CHECK(after != before);
    const std::vector<std::string> order = {before, node.droplet.public_address, after};
    CHECK(watch.host.sources() == order);
    CHECK(watch.pod.sources() == order);
    report_gap(topology + ", host", watch.host);
    report_gap(topology + ", pod", watch.pod);
    CHECK(actions(result) == std::vector<std::string>{"replace-default", "label-node",
                                                      "acquire-lease", "assign", "replace-default",
                                                      "confirm-default", "label-node"});
    CHECK(result.at("steps")[1].at("target").get<std::string>().ends_with(
        "enabled=false with taints example.com/egress:NoSchedule"));
    CHECK(writes(node) ==
          std::vector<std::string>{"PATCH kubernetes", "POST digitalocean", "PATCH kubernetes"});
    CHECK(taints(node).empty());
    CHECK(node.world.holder(before) == 1);
    node.check_egress();
  }
}

TEST_CASE("lost: Kubernetes unreachable, the public default returns all the same") {
  const Node node;
  const std::string before = node.run(0).at("floating_ip");
  const Watch watch(node);
  node.world.lab({"cut", node.droplet.name, "kubernetes"});
  node.world.settings({{"action_latency_ms", 2000}});
  node.world.sim("POST", "/unassign/" + before);

  const Json result = node.run(15);

  watch.check_seen();
  CHECK(actions(result).front() == "replace-default");
  CHECK(watch.host.sources().size() == 3);
  CHECK(watch.pod.sources().at(1) == node.droplet.public_address);
  report_gap("classic without Kubernetes, host", watch.host);
  node.world.lab({"mend", node.droplet.name, "kubernetes"});
  node.run(0);
  node.check_egress();
}

TEST_CASE("lost: metadata lags, nothing is undone") {
  const Node node;
  node.world.settings({{"metadata_lag_ms", 3'600'000}});
  const std::string address = node.run(0).at("floating_ip");
  const Watch watch(node);
  CHECK(node.run(0).at("result") == "unchanged");
  watch.check_seen();
  CHECK(watch.host.sources() == std::vector{address});
  CHECK(watch.pod.sources() == std::vector{address});
}
