// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model.hpp"

#include <optional>
#include <vector>

namespace core {

// What makes the Node tell the truth about its egress: both labels, and the gate taint where one
// is asked for — there without egress, lifted with it, put back when it is lost. Nothing when it
// does already. Other people's labels and taints stay as they are.
std::optional<Step> tell(const Node& node, const Config& asked, const std::optional<Ipv4>& egress);

// The Node as it will be once that step is done.
Node told(Node node, const Config& asked, const std::optional<Ipv4>& egress);

// Whether pods may take the Node for one with an egress.
bool claims_egress(const Node& node, const Config& asked);

// Whether the Node says that it leaves by `address`.
bool leaves_by(const Node& node, const Config& asked, Ipv4 address);

// Why the Node cannot be this droplet's: its spec.providerID names another one. A Node whose
// provider is not known yet, or not DigitalOcean, is taken at its name.
std::optional<Ending> another_droplet(const Node& node, const Droplet& droplet,
                                      const Config& asked);

// What takes back a claim of the Node that nothing shows; `found` is then as after it.
std::vector<Step> correct_node(Observation& found, const Config& asked);

Ending ending_of(const Error& error);

// Adds what makes the Node tell the truth; without its facts, the need for them.
void tell_node(Plan& plan, const Observation& found, const Config& asked,
               const std::optional<Ipv4>& address);

// Egress works, but the Node could not be told.
Ending gate_failed(const Error& error, Ipv4 address);

// Nothing was proven: the Node must not claim anything, and the run ends with `ending`.
Plan end_without_egress(const Observation& found, const Config& asked, Ending ending);

}  // namespace core
