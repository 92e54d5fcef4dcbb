// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "call.hpp"
#include "faults.hpp"

#include <optional>
#include <set>

namespace sim {

// The tests' own way in: sets up the world, its faults, and reads back what happened. A field that
// is not known is refused, so that a test's typo does not pass.
Reply control(World& world, Faults& faults, Json& requests, const Call& call, Millis now);

// Throws std::invalid_argument for a field that is not one of those.
void require_fields(const Json& object, const std::set<std::string>& known);

// The calls that concern the cluster; nothing for another one.
std::optional<Json> control_kubernetes(World& world, const Call& call, const Json& body,
                                       Millis now);
Json shown_cluster(World& world);

}  // namespace sim
