// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model.hpp"

#include <optional>
#include <vector>

namespace core {

// Removes everything of ours from the network in a safe order: the previous default returns first,
// then marking, rules and routes go. Other programs' routes stay. The only undo: for an unconfirmed
// switch, for `release`, and for a guard. Without a stored default it uses the droplet's public
// path. No steps if nothing is ours. Destinations::close keeps destinations unreachable.
std::vector<Step> undo(const Network& network, const std::optional<Droplet>& droplet,
                       Destinations destinations = Destinations::close);

}  // namespace core
