// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace sim {

using Json = nlohmann::json;
using Millis = std::int64_t;

inline const std::string own_service_account = "system:serviceaccount:do-egress-ip:do-egress-ip";

struct KubeToken {
  std::string user = own_service_account;
  std::optional<std::string> node;  // the claim authentication.kubernetes.io/node-name
  bool admin = false;               // of the group system:masters
  bool expired = false;
};

// One verb on one resource, derived from RBAC's rules and bindings.
struct Grant {
  std::string name_space = {};  // empty: all namespaces
  std::string user = {};        // empty: all known users
  std::string group = {}, resource = {}, verb = {};
  std::set<std::string> names = {};  // empty: all names
  int uses = 0;
};

// The key of an object; a Node has no namespace.
struct KubeKey {
  std::string resource, name_space, name;
  auto operator<=>(const KubeKey&) const = default;
};

// The state that etcd and the controllers have of a cluster.
struct Cluster {
  Cluster();

  std::map<KubeKey, Json> objects;
  std::set<std::string> namespaces = {"default", "kube-system", "kube-public", "kube-node-lease",
                                      "do-egress-ip"};
  std::map<std::string, KubeToken> tokens;
  std::vector<Grant> grants;
  std::set<std::string>
      stripped_labels;  // labels that a mutating webhook removes from every object
  Json denied = Json::array();
  Json creations = Json::array();

  Json* find(const KubeKey& key);

  // Stores the object with a new version, and a new object with a uid.
  const Json& keep(const KubeKey& key, Json object, Millis now);
  void remove(const KubeKey& key);

  // Deletes objects whose owner Nodes are all gone.
  void collect_garbage();

 private:
  bool is_orphan(const Json& object) const;

  std::set<std::string> alive_;  // uids
  std::int64_t version_ = 1000;
  std::int64_t last_uid_ = 0;
  bool clean_ = true;  // unchanged since the last collection
};

// The program's rights unless a test sets others: no more than it needs.
std::vector<Grant> least_privilege();
// The rules of a ClusterRole, for all users.
std::vector<Grant> grants_of_rules(const Json& rules);
// ClusterRoles, Roles and their bindings as shipped; other objects are skipped. Throws
// std::exception for a malformed one.
std::vector<Grant> grants_of_objects(const Json& objects);

}  // namespace sim
