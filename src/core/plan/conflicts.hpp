// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model.hpp"
#include "core/plan/paths.hpp"

#include <optional>

// What the kernel alone shows to stand against what is asked for.
namespace core {

// Another program's route in one of our tables. It stays.
std::optional<Ending> table_taken(const Network& network);

// The rule or more specific route that overrides the effective default, or would override one.
std::optional<Ending> default_overruled(const Network& network);

// A rule in front of ours that would lead replies of the public address to the anchor gateway, or
// packets of the anchor address past it.
std::optional<Ending> sources_overruled(const Network& network, const Paths& paths);

// Why packets do not follow our table of destinations: a rule in front of it.
std::optional<Ending> destinations_overruled(const Network& network);

// Why the destinations cannot be closed: the node itself would be cut off, or a route in their
// table is another program's. The anchor gateway is known only with the droplet.
std::optional<Ending> destinations_refused(const Network& network, const Config& asked,
                                           const std::optional<Droplet>& droplet = {});

}  // namespace core
