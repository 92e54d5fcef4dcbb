// SPDX-License-Identifier: Apache-2.0
#include "cloud/kubernetes.hpp"

#include "cloud/json.hpp"

namespace cloud {
namespace {

using nlohmann::json;

// The message of a Status object; a proxy may answer something else.
std::string explanation(const io::Response& response) {
  const json body = json::parse(response.body, nullptr, false);
  const json* message = member(body, "message");
  return message != nullptr && message->is_string() ? message->get<std::string>() : "";
}

core::Error refusal(const std::string& node, const io::Response& response) {
  const std::string text = explanation(response);
  if (response.status == 401) {
    return core::Error(core::Exit::no_permission,
                       "Kubernetes refuses the service account token: {}", text)
        .with_hint("the token is wrong or expired; check --kube-token-file");
  }
  if (response.status == 403) {
    return core::Error(core::Exit::no_permission, "Kubernetes denies the call: {}", text)
        .with_hint("the service account needs the verbs get and patch on nodes");
  }
  if (response.status == 404) {
    return core::Error(core::Exit::gate_failed, "there is no Node \"{}\"", node)
        .with_hint("set --node-name to the Node of this droplet");
  }
  return core::Error(core::Exit::unavailable, "Kubernetes answered {}: {}", response.status, text);
}

core::Node node_of(const json& reply) {
  core::Node node;
  const json& metadata = reply.at("metadata");
  if (const json* labels = member(metadata, "labels")) {
    labels->get_to(node.labels);
  }
  return node;
}

json merge_patch(const core::PatchNode& patch) {
  json labels = json::object();
  for (const auto& [key, value] : patch.labels) {
    labels[key] = value ? json(*value) : json(nullptr);
  }
  return {{"metadata", {{"labels", labels}}}};
}

}  // namespace

io::Request Kubernetes::request(const std::string& method, const std::string& path) {
  if (!token_) {
    token_ = read_token_();
  }
  return {.server = io::Server::kubernetes,
          .method = method,
          .url = url_ + path,
          .headers = {authorization(*token_), "Accept: application/json"},
          .ca_file = ca_file_};
}

io::Request Kubernetes::node_request(const std::string& node) {
  return request("GET", "/api/v1/nodes/" + node);
}

core::Node Kubernetes::decode_node(const std::string& node, const io::Response& response) const {
  if (response.status != 200) {
    throw refusal(node, response);
  }
  return decode(response.body, node_of);
}

core::Node Kubernetes::patch_labels(const core::PatchNode& patch) {
  return core::attempt(fmt::format("label Node {}", patch.node), [&] {
    auto message = request("PATCH", "/api/v1/nodes/" + patch.node);
    message.headers.emplace_back("Content-Type: application/merge-patch+json");
    message.body = merge_patch(patch).dump();
    return decode_node(patch.node, http_.send(message));
  });
}

}  // namespace cloud
