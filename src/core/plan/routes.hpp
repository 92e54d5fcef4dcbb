// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model.hpp"
#include "core/plan/paths.hpp"

#include <optional>
#include <vector>

namespace core {

// The metadata service: link-local, but reached through the public gateway.
inline constexpr Prefix metadata_service{Ipv4{{169, 254, 169, 254}}, 32};

// The default of a table that wins: unicast, no type of service, lowest metric.
std::optional<Route> default_of(const Network& network, std::uint32_t table);

// That of the main table.
std::optional<Route> default_in_force(const Network& network);

// What is still missing so that metadata, `direct`, replies of the public address and forwarded
// connections that are under it keep to the public gateway, whatever the default is; and what is
// ours there but no longer wanted. Where a switch is not proven yet, `before` has the default that
// is to be remembered.
std::vector<Step> keep_public_paths(const Network& network, const Paths& paths,
                                    const std::vector<Prefix>& direct,
                                    const Network* before = nullptr);

// What makes traffic leave by the anchor; nothing when it does.
std::vector<Step> default_by_anchor(const Network& network, const Paths& paths);

// What makes traffic leave by the public address; nothing when neither the anchor has the default
// nor the default is missing.
std::vector<Step> default_by_public(const Network& network, const Paths& paths,
                                    std::string_view reason);

// What undoes all of the above: the default is again the one that was replaced, which our table
// remembers; rules and routes of ours are gone. Nothing where there is nothing of ours.
std::vector<Step> remove_ours(const Network& network, const Droplet& droplet);

// The metadata service is unreachable while our own default leads through an anchor that may be
// dead, unless its direct route is there. What restores that route from our table alone, before
// anything is known of the droplet.
std::vector<Step> reach_metadata(const Network& network);

// Why traffic does not follow the default in force: a rule or a more specific route in front of it.
std::optional<Ending> default_overruled(const Network& network);

}  // namespace core
