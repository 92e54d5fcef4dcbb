// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cloud/kubernetes.hpp"
#include "core/pods.hpp"

#include <optional>

// What Kubernetes knows of Cilium. Both throw as the calls of Kubernetes do.
namespace cloud {

// Its ConfigMap, kube-system/cilium-config; nothing where there is none.
std::optional<core::Cilium> read_cilium(Kubernetes& kubernetes);

// By the image of its DaemonSet, kube-system/cilium; nothing where that does not tell.
std::optional<core::CiliumVersion> read_cilium_version(Kubernetes& kubernetes);

}  // namespace cloud
