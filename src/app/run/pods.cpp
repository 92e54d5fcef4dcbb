// SPDX-License-Identifier: Apache-2.0
#include "app/run/pods.hpp"

#include "app/run/observe.hpp"
#include "cloud/cilium.hpp"
#include "core/plan/cilium.hpp"
#include "core/plan/paths.hpp"
#include "core/plan/pods.hpp"

#include <algorithm>

namespace app {
namespace {

constexpr const char* config_name = "ConfigMap kube-system/cilium-config";

// The network that cilium_host has an address in; the routes to other nodes' pods lead there, too.
std::optional<core::Prefix> routed_network(const core::Network& network) {
  const core::Link* device = core::find_link(network, "cilium_host");
  if (device == nullptr) {
    return std::nullopt;
  }
  for (const core::Route& route : network.routes) {
    const bool there = route.table == core::main_table && route.via.ifindex == device->ifindex &&
                       route.destination.length > 0 && route.destination.length < 32;
    const bool ours = std::ranges::any_of(network.addresses, [&](const core::LinkAddress& held) {
      return held.ifindex == device->ifindex && route.destination.contains(held.address);
    });
    if (there && ours) {
      return route.destination;
    }
  }
  return std::nullopt;
}

void read_config(core::PodFacts& facts, cloud::Kubernetes* kubernetes) {
  const auto failure = core::catch_error_except_signals([&] {
    if (kubernetes == nullptr) {
      throw core::Error(core::Exit::unavailable, "Kubernetes does not answer");
    }
    facts.cilium = cloud::read_cilium(*kubernetes);
  });
  if (failure) {
    facts.cilium_unread = fmt::format("{} cannot be read: {}", config_name, failure->what());
  } else if (!facts.cilium) {
    facts.cilium_unread = fmt::format("there is no {}", config_name);
  }
}

// DOKS says it for free; else the DaemonSet is asked, where its right was given.
void read_version(core::PodFacts& facts, cloud::Kubernetes* kubernetes, const core::Node* node) {
  if (node != nullptr) {
    const auto label = node->labels.find("doks.digitalocean.com/version");
    facts.version =
        label == node->labels.end() ? std::nullopt : core::cilium_version_of_doks(label->second);
  }
  if (kubernetes != nullptr && !facts.version) {
    core::catch_error_except_signals(
        [&] { facts.version = cloud::read_cilium_version(*kubernetes); });
  }
}

}  // namespace

bool has_cilium(const core::Network& network) {
  return core::find_link(network, "cilium_host") != nullptr;
}

core::PodFacts read_pods(io::Kernel& kernel, cloud::Kubernetes* kubernetes,
                         const core::Observation& found) {
  const auto located = core::find_paths(*found.droplet, found.network);
  const auto* paths = std::get_if<core::Paths>(&located);
  const auto* node = std::get_if<core::Node>(&found.node);
  core::PodFacts facts =
      paths == nullptr ? core::PodFacts{} : kernel.read_pod_facts(paths->anchor_path.via);
  if (!found.looks) {
    facts.gateway_answers.reset();  // the proof of the path will tell; what was once may be over
  }
  facts.pod_network = routed_network(found.network);
  if (node != nullptr) {
    facts.pod_network = facts.pod_network ? facts.pod_network : node->pod_network;
    facts.internal_ip = node->internal_ip;
  }
  facts.has_cilium = has_cilium(found.network);
  if (!facts.has_cilium) {
    return facts;
  }
  auto* answering = node == nullptr ? nullptr : kubernetes;
  read_config(facts, answering);
  if (paths != nullptr && core::depends_on_version(facts, found.network, *paths)) {
    read_version(facts, answering, node);
  }
  return facts;
}

void Observer::read_pods() {
  found_.pods = app::read_pods(system_.kernel, kubernetes_ ? &*kubernetes_ : nullptr, found_);
  found_.pods->incurable = incurable_;
}

void Observer::note_marking_error(const core::Error& error) {
  marking_fails_ = true;
  system_.log.write(io::Level::warning, "open connections of pods may break: {}", error.what());
}

void Observer::note_pod_snat_error(const core::Error& error) {
  incurable_ = fmt::format("the kernel refuses to translate pods: {}", error.what());
  found_.pods.reset();  // read again, incurable
}

}  // namespace app
