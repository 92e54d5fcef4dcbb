// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "call.hpp"
#include "faults.hpp"

#include <optional>
#include <set>

namespace sim {

// The interface for tests: sets up the world and its faults, and shows what happened. An unknown
// field is refused, so that a typo in a test fails.
Reply control(World& world, Faults& faults, Json& requests, const Call& call, Millis now);

// Throws std::invalid_argument for an unknown field.
void require_fields(const Json& object, const std::set<std::string>& known);

// Calls about the cluster; nothing for other calls.
std::optional<Json> control_kubernetes(World& world, const Call& call, const Json& body,
                                       Millis now);
Json shown_cluster(World& world);

}  // namespace sim
