// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model.hpp"
#include "core/plan/paths.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace core {

// The metadata service. It is link-local, but reached through the public gateway.
inline constexpr Prefix metadata_service{Ipv4{{169, 254, 169, 254}}, 32};

// Whether a route is a default of that table: unicast, no type of service.
bool is_default_of(const Route& route, std::uint32_t table);

// The effective default of a table: unicast, no type of service, lowest metric.
std::optional<Route> default_of(const Network& network, std::uint32_t table);

// The effective default of the main table.
std::optional<Route> default_in_force(const Network& network);

// Whether a route is our default in the main table, confirmed or not.
bool is_our_default(const Route& route);
// Whether the effective default is ours and confirmed by a proof; or ours and not yet confirmed.
bool is_default_confirmed(const Network& network);
bool is_default_unconfirmed(const Network& network);

// The steps before a switch of the default: routes and rules that keep metadata, `direct`, replies
// of the public address and forwarded connections on the public gateway; a table and rules to prove
// the anchor's path; and a copy of the current default, to restore it, or, if only
// destinations are switched, the return of the default that an earlier run replaced. Also removes
// our routes and rules that are no longer wanted.
std::vector<Step> prepare_switch(const Network& network, const Paths& paths,
                                 const std::vector<Prefix>& direct,
                                 RouteMode mode = RouteMode::set_default);

// The step that sets a default through the anchor, not yet confirmed; none if it is set.
std::vector<Step> default_by_anchor(const Network& network, const Paths& paths);

// The same default as confirmed.
Step confirm_default(const Network& network, const Paths& paths);

// The steps that set a default through the public gateway: the stored one, else a new one; where
// another default stands behind the main table, ours is only removed. None if the effective default
// is not ours.
std::vector<Step> default_by_public(const Network& network, const std::optional<Path>& public_path,
                                    std::string_view reason);

// Restores what our defaults of other metrics replaced.
std::vector<Step> restore_other_metrics(const Network& network);

// Restores the direct route to metadata from our own table, before the droplet is known: our
// default may lead through a dead anchor.
std::vector<Step> reach_metadata(const Network& network);

// A route of the main table to what a device reaches without a gateway.
bool is_network_of_device(const Route& route);

// "the default route goes via 203.0.113.1 dev eth0", for output.
std::string describe_default(const Network& network);

}  // namespace core
