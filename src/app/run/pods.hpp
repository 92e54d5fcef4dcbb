// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cloud/kubernetes.hpp"
#include "core/model.hpp"
#include "io/kernel.hpp"

namespace app {

// Whether Cilium's device is on this host.
bool has_cilium(const core::Network& network);

// What decides where the pods of this node leave, of a droplet and a Node that are known. What
// cannot be read is said in there; only a signal or the deadline throws.
core::PodFacts read_pods(io::Kernel& kernel, cloud::Kubernetes* kubernetes,
                         const core::Observation& found);

}  // namespace app
