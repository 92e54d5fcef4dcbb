// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model.hpp"

#include <optional>
#include <string>
#include <vector>

namespace core {

// The step that makes the Node's labels and gate taint match its egress. With egress both labels
// are set and the gate is removed; without, the gate is added. Nothing if they match. Other labels
// and taints stay.
std::optional<Step> node_patch(const Node& node, const Config& asked,
                               const std::optional<Ipv4>& egress);

// The Node after that step.
Node with_patch(Node node, const Config& asked, const std::optional<Ipv4>& egress);

// The value of a label; nothing if the Node does not have it.
std::optional<std::string> find_label(const Node& node, const std::string& key);

// What a run does to the gate taint, if one is asked for.
enum class Gate { lift, put, keep };

// The Node's taints after that, and without those that an earlier run put there under a key that is
// no longer the gate's; nothing if they are so already.
std::optional<std::vector<Taint>> taints_for(const Node& node, const Config& asked, Gate gate);

// Whether the Node has the gate taint that is asked for.
bool is_gated(const Node& node, const Config& asked);

// Whether the labels or a missing gate make the Node eligible for pods that need an egress IP.
bool is_labelled_true(const Node& node, const Config& asked);

// Whether the Node's labels name `address` as its egress IP.
bool is_labelled_with(const Node& node, const Config& asked, Ipv4 address);

// The ending for a Node whose spec.providerID names another droplet. A Node with an unknown
// provider, or another cloud's, is accepted by its name.
std::optional<Ending> find_other_droplet(const Node& node, const Droplet& droplet,
                                         const Config& asked);

// The step that removes unproven labels. `found` becomes the state after it.
std::vector<Step> correct_node(Observation& found, const Config& asked);

Ending ending_of(const Error& error);

// Adds the Node's step, or the need to read the Node first.
void patch_node(Plan& plan, const Observation& found, const Config& asked,
                const std::optional<Ipv4>& address);

// The ending if egress works, as far as can be known, but the Node could not be patched.
Ending gate_failed(const Error& error, Ipv4 address, bool doubtful);

// The plan for an unproven egress: labels say so, and the run ends with `ending`.
Plan end_without_egress(const Observation& found, const Config& asked, Ending ending);

// If a --verify-url is given, it must see the address before the first label.
bool must_prove_before_label(const Observation& found, const Config& asked, Ipv4 address);

}  // namespace core
