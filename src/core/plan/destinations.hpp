// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model.hpp"
#include "core/plan/paths.hpp"

#include <optional>
#include <string_view>
#include <vector>

// Who must see the reserved IP, or nothing. Each destination is a route in a table of ours that one
// rule leads to, before main and whatever is in there: by the anchor gateway while egress is
// proven, `unreachable` for all other time. So no route of anybody is touched, and a packet never
// takes another way. One atomic replace opens or closes a destination, since both routes have the
// same place.
namespace core {

bool has_destinations(const Config& asked);

// Whether packets to `address` are for the anchor gateway: of --destination and --direct the
// longest prefix decides.
bool is_destination(const Config& asked, Ipv4 address);

// What makes the kernel's set of destinations the one that is asked for: a new one is unreachable
// at first. Also takes away what is no longer asked for. Needs no proof, and no droplet.
std::vector<Step> fence_destinations(const Network& network, const Config& asked);

// What leads the destinations through the anchor, not yet confirmed; nothing where it does.
std::vector<Step> open_destinations(const Network& network, const Paths& paths,
                                    const Config& asked);

// The same routes, confirmed.
std::vector<Step> confirm_destinations(const Network& network, const Paths& paths,
                                       const Config& asked);

// What makes every open destination unreachable.
std::vector<Step> close_destinations(const Network& network, std::string_view reason);

// What takes them all away, the rule first: they are then reached like everything else.
std::vector<Step> remove_destinations(const Network& network);

// Whether every destination that is asked for leads through a confirmed route, or one of them
// through one that waits for its proof.
bool are_destinations_confirmed(const Network& network, const Config& asked);
bool is_any_destination_confirmed(const Network& network);
bool is_destination_unconfirmed(const Network& network);

// The network once `steps` are done, as far as destinations go.
Network with_destinations(Network network, const std::vector<Step>& steps);

// What is ours of what there is: the rule, and routes by their protocol.
bool is_destination_rule(const Rule& rule);
bool has_destination_rule(const Network& network);
bool is_our_destination(const Route& like);

// How many networks the table of destinations has in each state.
struct DestinationCounts {
  std::size_t proven = 0;
  std::size_t unconfirmed = 0;
  std::size_t unreachable = 0;
  std::size_t direct = 0;
};
DestinationCounts count_destinations(const Network& network);

// Destinations of an earlier run that --route none leaves as they are.
std::optional<Ending> destinations_left(const Network& network, const Config& asked);

// What of --direct is within a destination, which would hide it; sorted.
std::vector<Prefix> direct_destinations(const Config& asked);

// "192.0.2.0/24 and 3 more", for people.
std::string render_destinations(const std::vector<Prefix>& destinations);

}  // namespace core
