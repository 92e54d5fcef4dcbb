// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace core {

// One thing that the service account must be allowed to do.
struct Right {
  std::string verb = {};
  std::string group = {};
  std::string resource = {};
  std::string name_space = {};  // empty: not in any
  std::string name = {};        // empty: any
  bool allowed = false;
};

// Every right, with Leases in that namespace (deploy/manifests/10-access.yaml).
std::vector<Right> needed_rights(const std::string& node, const std::string& name_space);

// "patch nodes, create leases in egress": those that are not allowed; empty when all are.
std::string name_missing(const std::vector<Right>& rights);

}  // namespace core
