// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cloud/kubernetes.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace cloud {

// One Lease (coordination.k8s.io/v1) for one address. A run holds it from the moment it sees the
// address free until the claim is proven.
struct Lease {
  std::string name_space;  // the namespace that holds the Lease
  core::Ipv4 address;
  std::string node;               // spec.holderIdentity
  std::string node_uid;           // of the owner, so that the Lease is deleted with its Node
  std::chrono::seconds duration;  // how long no other node may take it over
};

// The other node that holds the Lease.
struct Holder {
  std::string name = {};  // escaped for output
  std::chrono::seconds left{0};
};

// Whether the Node whose Lease expired still says that the address is its egress IP.
using IsInUse = std::function<bool(const std::string& node)>;

// Creates the Lease, renews our own, or takes over an expired one, always under the API server's
// conflict check and by its time. Returns nothing if the Lease is now ours, else its holder. Leaves
// an expired Lease with its holder if `in_use` says so. Throws like the calls of Kubernetes.
std::optional<Holder> acquire_lease(Kubernetes& kubernetes, const Lease& lease,
                                    const IsInUse& in_use = {});

// The node that the Lease of `address` names, with no time left if it has expired; nothing if there
// is no such Lease. Asks once. Throws like the calls of Kubernetes.
std::optional<Holder> read_holder(Kubernetes& kubernetes, const std::string& name_space,
                                  core::Ipv4 address, const std::optional<io::Source>& source);

// Deletes the Lease if it is still ours. Throws like the calls of Kubernetes.
void release_lease(Kubernetes& kubernetes, const Lease& lease);

}  // namespace cloud
