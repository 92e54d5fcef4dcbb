// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/network.hpp"
#include "core/plan/paths.hpp"
#include "core/pods.hpp"

// Where pods leave once the default route leads through the anchor. The host and its pods differ:
// a plugin that masquerades in BPF chooses the address itself, past the route and past netfilter.
namespace core {

// Through which address, with that cure in force.
PodsLeave predict_pods(const PodFacts& facts, const Network& network, const Paths& paths,
                       Cure cure);

// The least that makes them leave by the anchor; none where they do so anyway, or where nothing is
// known to help.
Cure choose_cure(const PodFacts& facts, const Network& network, const Paths& paths);

// Whether only Cilium's version decides which cure that is.
bool depends_on_version(const PodFacts& facts, const Network& network, const Paths& paths);

// Whether the kernel has routes to single pods, so that replies do not pass cilium_host.
bool shows_endpoint_routes(const Network& network, const Prefix& pods);

}  // namespace core
