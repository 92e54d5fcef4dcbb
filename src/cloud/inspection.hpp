// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cloud/kubernetes.hpp"
#include "core/doctor/doctor.hpp"

#include <optional>
#include <string>
#include <vector>

// What `doctor` alone asks of Kubernetes. Each throws as the calls of Kubernetes do.
namespace cloud {

// Whether the caller may do that: a SelfSubjectAccessReview, which is a POST and creates nothing.
bool may(Kubernetes& kubernetes, const core::Right& right);

// The names of all Nodes.
std::vector<std::string> list_nodes(Kubernetes& kubernetes);

// How Cilium masquerades, by its own ConfigMap; nothing where there is none.
std::optional<core::Cilium> read_cilium(Kubernetes& kubernetes);

}  // namespace cloud
