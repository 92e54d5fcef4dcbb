// SPDX-License-Identifier: Apache-2.0
#include "kubernetes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

// Authentication, and RBAC's decisions.
namespace sim {
namespace {

std::vector<std::string> parts_of(const std::string& path) {
  std::vector<std::string> parts;
  std::istringstream stream(path);
  for (std::string part; std::getline(stream, part, '/');) {
    if (!part.empty()) {
      parts.push_back(part);
    }
  }
  return parts;
}

std::string verb_of(const Call& call, bool named) {
  static const std::map<std::string, std::string> verbs = {
      {"POST", "create"}, {"PUT", "update"}, {"PATCH", "patch"}};
  if (const auto verb = verbs.find(call.method); verb != verbs.end()) {
    return verb->second;
  }
  if (call.method == "DELETE") {
    return named ? "delete" : "deletecollection";
  }
  return named ? "get" : call.query.contains("watch") ? "watch" : "list";
}

bool matches(const std::string& granted, const std::string& asked) {
  return granted == "*" || granted == asked;
}

bool allows(const Grant& grant, const User& user, const Attributes& asked) {
  const std::string resource =
      asked.subresource.empty() ? asked.resource : asked.resource + "/" + asked.subresource;
  return (grant.user.empty() ? !user.anonymous : grant.user == user.name) &&
         (grant.name_space.empty() || grant.name_space == asked.name_space) &&
         matches(grant.verb, asked.verb) && matches(grant.group, asked.group) &&
         matches(grant.resource, resource) &&
         (grant.names.empty() || grant.names.contains(asked.name));
}

Reply forbidden(const User& user, const Attributes& asked) {
  const std::string resource =
      asked.subresource.empty() ? asked.resource : asked.resource + "/" + asked.subresource;
  const std::string where = asked.name_space.empty()
                                ? "at the cluster scope"
                                : fmt::format("in the namespace \"{}\"", asked.name_space);
  const std::string qualified =
      asked.group.empty() ? asked.resource : asked.resource + "." + asked.group;
  Json details = {{"kind", asked.resource}};
  if (!asked.group.empty()) {
    details["group"] = asked.group;
  }
  if (!asked.name.empty()) {
    details["name"] = asked.name;
  }
  return status(
      403, "Forbidden",
      fmt::format("{}{} is forbidden: User \"{}\" cannot {} resource \"{}\" in API group \"{}\" {}",
                  qualified, asked.name.empty() ? "" : fmt::format(" \"{}\"", asked.name),
                  user.name, asked.verb, resource, asked.group, where),
      details);
}

bool is_for_everybody(const std::string& path) {
  static const std::set<std::string> paths = {"healthz", "livez", "readyz", "version"};
  return paths.contains(path);
}

// What the ClusterRole system:basic-user grants to system:authenticated.
bool is_for_all_known(const User& user, const Attributes& asked) {
  return !user.anonymous && asks_for_review(asked);
}

bool is_open(const User& user, const Attributes& asked) {
  return user.admin ||
         (asked.is_resource ? is_for_all_known(user, asked) : is_for_everybody(asked.name));
}

}  // namespace

Attributes attributes_of(const Call& call) {
  const auto parts = parts_of(call.path);
  Attributes found{.verb = call.method, .name = call.path.substr(1)};
  std::size_t next = 0;
  if (parts.size() > 2 && parts[0] == "api") {
    found.version = parts[1];
    next = 2;
  } else if (parts.size() > 3 && parts[0] == "apis") {
    found.group = parts[1];
    found.version = parts[2];
    next = 3;
  } else {
    std::ranges::transform(found.verb, found.verb.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return found;
  }
  if (parts[next] == "namespaces" && parts.size() > next + 2) {
    found.name_space = parts[next + 1];
    next += 2;
  }
  const auto part = [&](std::size_t i) { return parts.size() > i ? parts[i] : std::string{}; };
  found.resource = part(next);
  found.name = part(next + 1);
  found.subresource = part(next + 2);
  found.verb = verb_of(call, !found.name.empty());
  found.is_resource = true;
  return found;
}

std::optional<User> authenticate(const Cluster& cluster, const Call& call) {
  if (call.bearer.empty()) {
    return User{.name = "system:anonymous", .anonymous = true};
  }
  const auto token = cluster.tokens.find(call.bearer);
  if (token == cluster.tokens.end() || token->second.expired) {
    return std::nullopt;
  }
  return User{.name = token->second.admin ? "admin" : token->second.user,
              .admin = token->second.admin};
}

bool may(const Cluster& cluster, const User& user, const Attributes& asked) {
  return is_open(user, asked) ||
         (asked.is_resource && std::ranges::any_of(cluster.grants, [&](const Grant& entry) {
            return allows(entry, user, asked);
          }));
}

std::optional<Reply> deny(Cluster& cluster, const User& user, const Attributes& asked) {
  if (is_open(user, asked)) {
    return std::nullopt;
  }
  if (!asked.is_resource) {
    return status(403, "Forbidden",
                  fmt::format("forbidden: User \"{}\" cannot {} path \"/{}\"", user.name,
                              asked.verb, asked.name),
                  Json::object());
  }
  const auto grant = std::ranges::find_if(
      cluster.grants, [&](const Grant& entry) { return allows(entry, user, asked); });
  if (grant != cluster.grants.end()) {
    ++grant->uses;
    return std::nullopt;
  }
  cluster.denied.push_back({{"user", user.name},
                            {"namespace", asked.name_space},
                            {"apiGroup", asked.group},
                            {"resource", asked.resource},
                            {"name", asked.name},
                            {"verb", asked.verb}});
  return forbidden(user, asked);
}

}  // namespace sim
