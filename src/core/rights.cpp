// SPDX-License-Identifier: Apache-2.0
#include "core/rights.hpp"

#include <fmt/format.h>

namespace core {

std::vector<Right> needed_rights(const std::string& node, const std::string& name_space) {
  std::vector<Right> rights;
  for (const char* verb : {"get", "patch"}) {
    rights.push_back({.verb = verb, .resource = "nodes", .name = node});
  }
  for (const char* verb : {"create", "get", "update", "delete"}) {
    rights.push_back({.verb = verb,
                      .group = "coordination.k8s.io",
                      .resource = "leases",
                      .name_space = name_space});
  }
  rights.push_back(
      {.verb = "create", .group = "events.k8s.io", .resource = "events", .name_space = "default"});
  return rights;
}

std::string name_missing(const std::vector<Right>& rights) {
  std::string names;
  for (const Right& right : rights) {
    if (!right.allowed) {
      names += fmt::format("{}{} {}{}", names.empty() ? "" : ", ", right.verb, right.resource,
                           right.name_space.empty() ? "" : " in " + right.name_space);
    }
  }
  return names;
}

}  // namespace core
