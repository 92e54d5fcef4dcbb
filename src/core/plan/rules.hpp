// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model.hpp"
#include "core/plan/paths.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace core {

// The priority of the rule that keeps replies of the public address on the public gateway: that of
// the DOKS routing agent or of another program where there is one, else ours.
std::uint32_t replies_kept_at(const Network& network, const Path& path);

// The missing steps by which packets of the public address use our table and the public gateway:
// rules by source for packets that have it, and a mark for those that NAT gives it on their way
// out. Also the removal of what is no longer wanted.
std::vector<Step> rules_and_marking(const Network& network, const Paths& paths);

// Removes our rules but for those `wanted` and the one of destinations, the last first: a rule that
// leads to our table would cut off even pods without the rule in front of it.
std::vector<Step> remove_rules(const Network& network, const std::vector<Rule>& wanted,
                               std::string_view reason);

// "0x1000/0x1000", as ip-rule(8) writes it; without a mask if it covers all bits.
std::string render_mark(const Mark& mark);

}  // namespace core
