// SPDX-License-Identifier: Apache-2.0
#include "control.hpp"

#include <regex>
#include <stdexcept>

namespace sim {
namespace {

KubeKey node_key(const std::string& name) {
  return {"nodes", "", name};
}

// Changes a Node without any checks. Omitted fields stay.
Json put_node(World& world, const std::string& name, const Json& body, Millis now) {
  require_fields(body, {"labels", "taints", "providerID", "podCIDR", "addresses"});
  const Json* before = world.kube.find(node_key(name));
  Json node = before != nullptr ? *before
                                : Json{{"kind", "Node"},
                                       {"apiVersion", "v1"},
                                       {"metadata", {{"name", name}, {"labels", Json::object()}}},
                                       {"spec", Json::object()},
                                       {"status", {{"nodeInfo", {{"kubeletVersion", "v1.34.1"}}}}}};
  for (const auto& [key, value] : body.items()) {
    node[key == "labels" ? "metadata" : key == "addresses" ? "status" : "spec"][key] = value;
  }
  world.kube.keep(node_key(name), node, now);
  return Json::object();
}

Json put_token(World& world, const std::string& token, const Json& body) {
  require_fields(body, {"user", "node", "admin", "expired"});
  KubeToken& entry = world.kube.tokens[token];
  entry.expired = body.value("expired", false);
  entry.admin = body.value("admin", false);
  entry.user = body.value("user", own_service_account);
  if (body.contains("node") && !body.at("node").is_null()) {
    entry.node = body.at("node").get<std::string>();
  }
  return Json::object();
}

Json put_rbac(World& world, const Json& body) {
  require_fields(body, {"rules", "objects"});
  if (body.contains("rules") == body.contains("objects")) {
    throw std::invalid_argument("either rules or objects");
  }
  world.kube.grants = body.contains("rules") ? grants_of_rules(body.at("rules"))
                                             : grants_of_objects(body.at("objects"));
  world.kube.denied = Json::array();
  return Json::object();
}

Json rbac_used(const World& world) {
  Json result = {
      {"used", Json::array()}, {"needless", Json::array()}, {"denied", world.kube.denied}};
  for (const Grant& grant : world.kube.grants) {
    Json shown = {{"namespace", grant.name_space},
                  {"apiGroup", grant.group},
                  {"resource", grant.resource},
                  {"verb", grant.verb}};
    result[grant.uses > 0 ? "used" : "needless"].push_back(shown);
  }
  return result;
}

Json forget_use(World& world) {
  for (Grant& grant : world.kube.grants) {
    grant.uses = 0;
  }
  world.kube.denied = Json::array();
  return Json::object();
}

// Adds another holder's Lease without any checks.
Json put_lease(World& world, const std::string& name_space, const std::string& name,
               const Json& body, Millis now) {
  require_fields(body, {"spec", "ownerReferences"});
  const KubeKey key{"leases.coordination.k8s.io", name_space, name};
  const Json* before = world.kube.find(key);
  Json lease = before != nullptr ? *before
                                 : Json{{"kind", "Lease"},
                                        {"apiVersion", "coordination.k8s.io/v1"},
                                        {"metadata", {{"name", name}, {"namespace", name_space}}}};
  lease["spec"] = body.at("spec");
  if (body.contains("ownerReferences")) {
    lease["metadata"]["ownerReferences"] = body.at("ownerReferences");
  }
  world.kube.keep(key, lease, now);
  return Json::object();
}

// Adds it without any checks.
Json put_config_map(World& world, const std::string& name_space, const std::string& name,
                    const Json& body, Millis now) {
  require_fields(body, {"data"});
  world.kube.keep({"configmaps", name_space, name},
                  {{"kind", "ConfigMap"},
                   {"apiVersion", "v1"},
                   {"metadata", {{"name", name}, {"namespace", name_space}}},
                   {"data", body.at("data")}},
                  now);
  return Json::object();
}

// One container, of that image.
Json put_daemon_set(World& world, const std::string& name_space, const std::string& name,
                    const Json& body, Millis now) {
  require_fields(body, {"container", "image"});
  const Json containers =
      Json::array({{{"name", body.at("container")}, {"image", body.at("image")}}});
  world.kube.keep({"daemonsets.apps", name_space, name},
                  {{"kind", "DaemonSet"},
                   {"apiVersion", "apps/v1"},
                   {"metadata", {{"name", name}, {"namespace", name_space}}},
                   {"spec", {{"template", {{"spec", {{"containers", containers}}}}}}}},
                  now);
  return Json::object();
}

Json put_namespace(World& world, const std::string& name) {
  world.kube.namespaces.insert(name);
  return Json::object();
}

Json delete_node(World& world, const std::string& name) {
  world.kube.remove(node_key(name));
  return Json::object();
}

}  // namespace

std::optional<Json> control_kubernetes(World& world, const Call& call, const Json& body,
                                       Millis now) {
  const auto is = [&](const std::string& method, const std::string& path) {
    return call.method == method && call.path == path;
  };
  static const std::regex named("/(nodes|kube-tokens|namespaces)/(.+)");
  std::smatch part;
  if (std::regex_match(call.path, part, named)) {
    const std::string what = call.method + " " + part[1].str();
    const std::string name = part[2];
    return what == "PUT nodes"         ? std::optional(put_node(world, name, body, now))
           : what == "DELETE nodes"    ? std::optional(delete_node(world, name))
           : what == "PUT kube-tokens" ? std::optional(put_token(world, name, body))
           : what == "PUT namespaces"  ? std::optional(put_namespace(world, name))
                                       : std::nullopt;
  }
  static const std::regex placed("/(leases|configmaps|daemonsets)/([^/]+)/([^/]+)");
  if (call.method == "PUT" && std::regex_match(call.path, part, placed)) {
    return part[1] == "leases"       ? put_lease(world, part[2], part[3], body, now)
           : part[1] == "daemonsets" ? put_daemon_set(world, part[2], part[3], body, now)
                                     : put_config_map(world, part[2], part[3], body, now);
  }
  return is("PUT", "/rbac")           ? std::optional(put_rbac(world, body))
         : is("GET", "/rbac/used")    ? std::optional(rbac_used(world))
         : is("DELETE", "/rbac/used") ? std::optional(forget_use(world))
                                      : std::nullopt;
}

Json shown_cluster(World& world) {
  world.kube.collect_garbage();
  Json result = {{"nodes", Json::object()}, {"leases", Json::array()}, {"events", Json::array()}};
  for (const auto& [key, object] : world.kube.objects) {
    const Json& metadata = object.at("metadata");
    if (key.resource == "nodes") {
      const Json spec = object.value("spec", Json::object());
      result["nodes"][key.name] = {
          {"labels", metadata.value("labels", Json::object())},
          {"taints", spec.value("taints", Json::array())},
          {"uid", metadata.at("uid")},
          {"resourceVersion", std::stoll(metadata.at("resourceVersion").get<std::string>())}};
    } else {
      result[key.resource.substr(0, key.resource.find('.'))].push_back(object);
    }
  }
  return result;
}

}  // namespace sim
