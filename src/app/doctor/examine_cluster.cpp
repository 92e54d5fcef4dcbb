// SPDX-License-Identifier: Apache-2.0
#include "app/doctor/examine.hpp"
#include "cloud/inspection.hpp"

namespace app {
namespace {

// A Node that is not there, or may not be read, is an answer of a Kubernetes that works.
void read_node(core::ClusterFacts& facts, Witness& http, cloud::Kubernetes& kubernetes,
               const std::string& name) {
  facts.node = fact_of<core::Node>([&] {
    return core::attempt(fmt::format("read Node {}", name), [&] {
      return kubernetes.decode_node(name, http.send(kubernetes.node_request(name)));
    });
  });
  const core::Error* failure = core::failure_in(facts.node);
  if (failure == nullptr || http.saw(io::Server::kubernetes, 403) ||
      http.saw(io::Server::kubernetes, 404)) {
    return;
  }
  facts.failure = *failure;
}

std::vector<core::Right> review(cloud::Kubernetes& kubernetes, std::vector<core::Right> rights) {
  for (core::Right& right : rights) {
    right.allowed = cloud::has_right(kubernetes, right);
  }
  return rights;
}

}  // namespace

core::ClusterFacts examine_cluster(Witness& http, const Invocation& invocation) {
  core::ClusterFacts facts;
  if (!invocation.kubernetes) {
    return facts;
  }
  facts.asked = true;
  const Access& access = *invocation.kubernetes;
  cloud::Kubernetes kubernetes(http, access.url, access.ca_file, access.token);
  const std::string& node = invocation.config.node_name;
  read_node(facts, http, kubernetes, node);
  if (facts.failure) {
    return facts;
  }
  facts.rights = fact_of<std::vector<core::Right>>(
      [&] { return review(kubernetes, core::needed_rights(node, invocation.name_space)); });
  facts.nodes = fact_of<std::vector<std::string>>([&] { return cloud::list_nodes(kubernetes); });
  facts.cilium =
      fact_of<std::optional<core::Cilium>>([&] { return cloud::read_cilium(kubernetes); });
  return facts;
}

}  // namespace app
