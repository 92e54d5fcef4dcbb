// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cloud/kubernetes.hpp"
#include "core/plan/events.hpp"

#include <string>

namespace cloud {

// Writes an Event (events.k8s.io/v1) about the Node. It is in the namespace `default`, as the API
// demands for an object without a namespace. Its name derives from its content and from the API
// server's time; for an event that repeats, in steps of ten minutes, so a loop that finds the same
// thing every few seconds writes one Event in ten minutes. Throws like the calls of Kubernetes.
void write_event(Kubernetes& kubernetes, const core::NodeEvent& event, const std::string& node,
                 const std::string& node_uid);

}  // namespace cloud
