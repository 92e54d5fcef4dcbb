// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model.hpp"
#include "core/plan/paths.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace core {

// The metadata service: link-local, but reached through the public gateway.
inline constexpr Prefix metadata_service{Ipv4{{169, 254, 169, 254}}, 32};

// The default of a table that wins: unicast, no type of service, lowest metric.
std::optional<Route> default_of(const Network& network, std::uint32_t table);

// That of the main table.
std::optional<Route> default_in_force(const Network& network);

// Whether a route is a default of ours in the main table, confirmed or not.
bool is_our_default(const Route& route);
// Whether the default in force is one of ours that a proof confirmed; or one that waits for it.
bool is_confirmed(const Network& network);
bool is_unconfirmed(const Network& network);

// What must be there before the default may be switched: routes and rules that keep metadata,
// `direct`, replies of the public address and forwarded connections on the public gateway; a table
// and rules by which the anchor's path can be proven; and a copy of the default to be replaced, by
// which it is put back. Also takes away what is ours there and no longer wanted.
std::vector<Step> prepare_switch(const Network& network, const Paths& paths,
                                 const std::vector<Prefix>& direct);

// What makes traffic leave by the anchor, not yet confirmed; nothing when it does.
std::vector<Step> default_by_anchor(const Network& network, const Paths& paths);

// The same default, confirmed.
Step confirm_default(const Network& network, const Paths& paths);

// What makes traffic leave by the public address: the default that ours replaced, or one through
// the public gateway. Nothing when a default of somebody else's is in force.
std::vector<Step> default_by_public(const Network& network, const std::optional<Path>& public_path,
                                    std::string_view reason);

// Beside the default in force there may be one that we made at another metric: what it replaced is
// put back.
std::vector<Step> restore_other_metrics(const Network& network);

// The metadata service is unreachable while our own default leads through an anchor that may be
// dead, unless its direct route is there. What restores that route from our table alone, before
// anything is known of the droplet.
std::vector<Step> reach_metadata(const Network& network);

// Why traffic does not follow the default in force: a rule or a more specific route in front of it.
std::optional<Ending> default_overruled(const Network& network);

// Somebody else's route in a table of ours, which is left to its owner.
std::optional<Ending> table_taken(const Network& network);

// "the default route goes via 203.0.113.1 dev eth0", for people.
std::string describe_default(const Network& network);

}  // namespace core
