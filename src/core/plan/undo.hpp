// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model.hpp"

#include <optional>
#include <vector>

namespace core {

// What takes everything away that this program changed, in the order that is safe: the default is
// again the one that was replaced, then marking, rules and routes of ours go. What others made
// stays. The one way back: of a switch that was not confirmed, of `release`, of a guard. Where the
// replaced default is not remembered, the droplet's public path is used. Nothing when nothing is
// ours.
std::vector<Step> undo(const Network& network, const std::optional<Droplet>& droplet);

}  // namespace core
