// SPDX-License-Identifier: Apache-2.0
#include "cluster.hpp"

#include <fmt/format.h>

#include <stdexcept>

// Evaluates Roles and their bindings.
namespace sim {
namespace {

void grant(std::vector<Grant>& grants, const Grant& who, const Json& rules) {
  for (const Json& rule : rules) {
    Grant one = who;
    one.names = rule.value("resourceNames", std::set<std::string>{});
    for (const std::string group : rule.value("apiGroups", Json{"*"})) {
      for (const std::string resource : rule.value("resources", Json::array())) {
        for (const std::string verb : rule.at("verbs")) {
          one.group = group;
          one.resource = resource;
          one.verb = verb;
          grants.push_back(one);
        }
      }
    }
  }
}

void flatten(const Json& object, std::vector<Json>& into) {
  if (object.at("kind") == "List") {
    for (const Json& item : object.at("items")) {
      flatten(item, into);
    }
  } else {
    into.push_back(object);
  }
}

const Json& rules_of(const std::vector<Json>& objects, const std::string& kind,
                     const std::string& name, const std::string& name_space) {
  for (const Json& object : objects) {
    if (object.at("kind") == kind && object.at("metadata").at("name") == name &&
        object.at("metadata").value("namespace", "") == name_space) {
      return object.at("rules");
    }
  }
  throw std::invalid_argument(fmt::format("there is no {} {}/{}", kind, name_space, name));
}

std::string user_of(const Json& subject) {
  if (subject.at("kind") == "User") {
    return subject.at("name");
  }
  if (subject.at("kind") == "ServiceAccount") {
    return fmt::format("system:serviceaccount:{}:{}", subject.at("namespace").get<std::string>(),
                       subject.at("name").get<std::string>());
  }
  throw std::invalid_argument("subjects of this kind are not simulated: " + subject.dump());
}

void add_binding(std::vector<Grant>& grants, const std::vector<Json>& objects,
                 const Json& binding) {
  const bool is_namespaced = binding.at("kind") == "RoleBinding";
  const std::string name_space =
      is_namespaced ? binding.at("metadata").at("namespace").get<std::string>() : "";
  const Json& role = binding.at("roleRef");
  const std::string kind = role.at("kind");
  if (role.at("apiGroup") != "rbac.authorization.k8s.io" || (kind == "Role" && !is_namespaced)) {
    throw std::invalid_argument("no such role can be bound: " + binding.dump());
  }
  const Json rules =
      rules_of(objects, kind, role.at("name"), kind == "Role" ? name_space : std::string{});
  for (const Json& subject : binding.at("subjects")) {
    grant(grants, {.name_space = name_space, .user = user_of(subject)}, rules);
  }
}

}  // namespace

std::vector<Grant> grants_of_rules(const Json& rules) {
  std::vector<Grant> grants;
  grant(grants, {}, rules);
  return grants;
}

std::vector<Grant> grants_of_objects(const Json& objects) {
  std::vector<Json> all;
  for (const Json& object : objects) {
    flatten(object, all);
  }
  std::vector<Grant> grants;
  for (const Json& object : all) {
    const std::string kind = object.at("kind");
    if (kind == "ClusterRoleBinding" || kind == "RoleBinding") {
      add_binding(grants, all, object);
    } else if (kind == "Role" && !object.at("metadata").contains("namespace")) {
      throw std::invalid_argument("a Role needs a namespace: " + object.dump());
    }
  }
  return grants;
}

std::vector<Grant> least_privilege() {
  std::vector<Grant> grants;
  grant(grants, {}, {{{"apiGroups", {""}}, {"resources", {"nodes"}}, {"verbs", {"get", "patch"}}}});
  grant(grants, {.name_space = "do-egress-ip"},
        {{{"apiGroups", {"coordination.k8s.io"}},
          {"resources", {"leases"}},
          {"verbs", {"create", "get", "update", "delete"}}}});
  grant(grants, {.name_space = "default"},
        {{{"apiGroups", {"events.k8s.io"}}, {"resources", {"events"}}, {"verbs", {"create"}}}});
  grant(grants, {.name_space = "kube-system"},
        {{{"apiGroups", {""}},
          {"resources", {"configmaps"}},
          {"resourceNames", {"cilium-config"}},
          {"verbs", {"get"}}},
         {{"apiGroups", {"apps"}},
          {"resources", {"daemonsets"}},
          {"resourceNames", {"cilium"}},
          {"verbs", {"get"}}}});
  return grants;
}

}  // namespace sim
