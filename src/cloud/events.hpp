// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cloud/kubernetes.hpp"
#include "core/plan/events.hpp"

#include <string>

namespace cloud {

// Writes an Event (events.k8s.io/v1) that regards the Node, in the namespace `default`, which the
// API demands for what has no namespace. Its name follows from what it says and from the API
// server's time in steps of ten minutes, so that a loop that finds the same thing every few seconds
// says it once in such a while. Throws as the calls of Kubernetes do.
void record(Kubernetes& kubernetes, const core::NodeEvent& event, const std::string& node,
            const std::string& node_uid);

}  // namespace cloud
