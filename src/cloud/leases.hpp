// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cloud/kubernetes.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace cloud {

// One Lease (coordination.k8s.io/v1) for one address, held from "seen free" to "proven ours".
struct Lease {
  std::string name_space;  // it is in this one
  core::Ipv4 address;
  std::string node;               // spec.holderIdentity
  std::string node_uid;           // of the owner: the Lease goes when its Node goes
  std::chrono::seconds duration;  // nobody else may take it for so long
};

// Who holds it instead.
struct Holder {
  std::string name = {};  // escaped, to be shown
  std::chrono::seconds left{0};
};

// Whether the Node that let its Lease expire says that it leaves by the address.
using IsInUse = std::function<bool(const std::string& node)>;

// Takes the Lease: made new, renewed where it is ours, or taken over where it has expired — never
// without the API server's word that nobody else did so meanwhile. Time is the API server's.
// Nothing when it is ours now. An expired one is left with its holder where `in_use` says so.
// Throws as the calls of Kubernetes do.
std::optional<Holder> acquire(Kubernetes& kubernetes, const Lease& lease,
                              const IsInUse& in_use = {});

// Deletes it where it is still ours. Throws as the calls of Kubernetes do.
void release(Kubernetes& kubernetes, const Lease& lease);

}  // namespace cloud
