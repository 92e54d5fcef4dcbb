// SPDX-License-Identifier: Apache-2.0
#include "call.hpp"

#include <fmt/format.h>

#include <regex>

// The part of the Kubernetes API that is used: Nodes, with authentication, RBAC, resourceVersion
// and the validation of labels.
namespace sim {
namespace {

Reply status(int code, const std::string& reason, const std::string& message) {
  return {.status = code,
          .body = {{"kind", "Status"},
                   {"apiVersion", "v1"},
                   {"metadata", Json::object()},
                   {"status", "Failure"},
                   {"message", message},
                   {"reason", reason},
                   {"code", code}}};
}

Json shape(const std::string& name, const KubeNode& node) {
  return {{"kind", "Node"},
          {"apiVersion", "v1"},
          {"metadata",
           {{"name", name},
            {"uid", fmt::format("5f0e6e0a-0000-4000-8000-{:012x}",
                                std::hash<std::string>{}(name)&0xffffffffffffU)},
            {"resourceVersion", std::to_string(node.version)},
            {"creationTimestamp", "2026-11-01T10:00:00Z"},
            {"labels", node.labels}}},
          {"spec", {{"providerID", node.provider_id}, {"taints", node.taints}}},
          {"status", {{"nodeInfo", {{"kubeletVersion", "v1.34.1"}}}}}};
}

bool valid_label_value(const std::string& value) {
  static const std::regex pattern("(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?");
  return value.size() <= 63 && std::regex_match(value, pattern);
}

bool valid_label_key(const std::string& key) {
  static const std::regex pattern(
      "([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?");
  return std::regex_match(key, pattern);
}

Reply patched(const std::string& name, KubeNode& node, const Json& wanted) {
  const Json before = shape(name, node);
  if (wanted.at("metadata").value("resourceVersion", "") != std::to_string(node.version)) {
    return status(409, "Conflict",
                  fmt::format("Operation cannot be fulfilled on nodes \"{}\": the object has been "
                              "modified; please apply your changes to the latest version and try "
                              "again",
                              name));
  }
  std::map<std::string, std::string> labels;
  const Json wanted_labels = wanted.at("metadata").value("labels", Json::object());
  for (const auto& [key, value] : wanted_labels.items()) {
    if (!value.is_string() || !valid_label_key(key) || !valid_label_value(value)) {
      return status(422, "Invalid",
                    fmt::format("Node \"{}\" is invalid: metadata.labels: Invalid value: {}", name,
                                value.dump()));
    }
    labels[key] = value;
  }
  node.labels = labels;
  node.taints = wanted.at("spec").value("taints", Json::array());
  node.version += shape(name, node) == before ? 0 : 1;
  return {.body = shape(name, node)};
}

Reply patch(const std::string& name, KubeNode& node, const Call& call) {
  const Json change = Json::parse(call.body, nullptr, false);
  if (change.is_discarded()) {
    return status(400, "BadRequest", "error decoding patch: invalid JSON");
  }
  Json wanted = shape(name, node);
  if (call.content_type == "application/json-patch+json") {
    wanted = wanted.patch(change);
  } else if (call.content_type == "application/merge-patch+json" ||
             call.content_type == "application/strategic-merge-patch+json") {
    wanted.merge_patch(change);
  } else {
    return status(415, "UnsupportedMediaType",
                  "the body of the request was in an unknown format - accepted media types "
                  "include: application/json-patch+json, application/merge-patch+json, "
                  "application/strategic-merge-patch+json, application/apply-patch+yaml");
  }
  return patched(name, node, wanted);
}

}  // namespace

Reply kubernetes(World& world, const Call& call) {
  const auto token = world.kube_tokens.find(call.bearer);
  if (token == world.kube_tokens.end() || token->second.expired) {
    return status(401, "Unauthorized", "Unauthorized");
  }
  static const std::regex one("/api/v1/nodes/([^/]+)");
  std::smatch part;
  if (!std::regex_match(call.path, part, one)) {
    return status(404, "NotFound", "the server could not find the requested resource");
  }
  const std::string name = part[1];
  const std::string verb = call.method == "GET" ? "get" : call.method == "PATCH" ? "patch" : "";
  if (verb.empty()) {
    return status(405, "MethodNotAllowed", "the server does not allow this method");
  }
  if (!world.rbac.contains({verb, "nodes"})) {
    return status(403, "Forbidden",
                  fmt::format("nodes \"{}\" is forbidden: User "
                              "\"system:serviceaccount:do-egress-ip:do-egress-ip\" cannot {} "
                              "resource \"nodes\" in API group \"\" at the cluster scope",
                              name, verb));
  }
  const auto node = world.nodes.find(name);
  if (node == world.nodes.end()) {
    return status(404, "NotFound", fmt::format("nodes \"{}\" not found", name));
  }
  return verb == "get" ? Reply{.body = shape(name, node->second)} : patch(name, node->second, call);
}

}  // namespace sim
