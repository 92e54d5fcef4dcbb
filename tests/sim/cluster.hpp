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

// One verb on one resource: what RBAC's rules and bindings come to.
struct Grant {
  std::string name_space = {};  // empty: everywhere
  std::string user = {};        // empty: everybody who is known
  std::string group = {}, resource = {}, verb = {};
  std::set<std::string> names = {};  // empty: all
  int uses = 0;
};

// What an object is kept under; namespace empty for a Node.
struct KubeKey {
  std::string resource, name_space, name;
  auto operator<=>(const KubeKey&) const = default;
};

// What etcd and the controllers hold of a Kubernetes cluster.
struct Cluster {
  Cluster();

  std::map<KubeKey, Json> objects;
  std::set<std::string> namespaces = {"default", "kube-system", "kube-public", "kube-node-lease",
                                      "do-egress-ip"};
  std::map<std::string, KubeToken> tokens;
  std::vector<Grant> grants;
  std::set<std::string> stripped_labels;  // which a mutating webhook takes off every object
  Json denied = Json::array();
  Json creations = Json::array();

  Json* find(const KubeKey& key);

  // Gives the object a new version, and a new one its uid; keeps it.
  const Json& keep(const KubeKey& key, Json object, Millis now);
  void remove(const KubeKey& key);

  // What all of whose owners, Nodes, are gone goes as well.
  void collect_garbage();

 private:
  bool is_orphan(const Json& object) const;

  std::set<std::string> alive_;  // uids
  std::int64_t version_ = 1000;
  std::int64_t last_uid_ = 0;
  bool clean_ = true;  // nothing changed since garbage was collected
};

// What the program is granted where no test says otherwise: no more than it needs.
std::vector<Grant> least_privilege();
// The rules of a ClusterRole, for everybody.
std::vector<Grant> grants_of_rules(const Json& rules);
// ClusterRoles, Roles and their bindings as they are shipped; other objects among them are passed
// over. Throws std::exception where one of them makes no sense.
std::vector<Grant> grants_of_objects(const Json& objects);

}  // namespace sim
