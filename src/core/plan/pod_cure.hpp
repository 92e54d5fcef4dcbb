// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model.hpp"
#include "core/plan/paths.hpp"

#include <optional>
#include <vector>

// The cure of pods that the anchor's default would leave behind, or cut off: what is done, and
// whether it is. Where pods leave is predicted in pods.hpp.
namespace core {

// Whether what decides about pods must be read before anything else: the default is about to be
// switched, our cure is not whole, or nothing is written anyway.
bool needs_pod_facts(const Observation& found, const Config& asked, const Paths& paths);

// Why nothing must be switched: pods would be cut off, or would reach a destination by another
// address, and nothing cures them.
std::optional<Ending> pods_cut_off(const Observation& found, const Config& asked,
                                   const Paths& paths);

// What does no harm before the switch: our translation, what leads pods' packets to destinations
// there, and a route that remembers the cure. Takes away what is ours and no longer wanted.
std::vector<Step> prepare_pods(const Observation& found, const Config& asked, const Paths& paths);

// What follows the switch at once: rules by which Cilium hands what pods send to the host's stack.
std::vector<Step> lead_pods(const Observation& found, const Config& asked, const Paths& paths);

// Where pods leave when every step of the plan is done, or as of now where `planned` is false; what
// is refused for their sake as if it was done.
// Nothing without Kubernetes.
std::optional<PodsLeave> where_pods_leave(const Observation& found, const Config& asked,
                                          bool planned);

}  // namespace core
