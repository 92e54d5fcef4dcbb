// SPDX-License-Identifier: Apache-2.0
#include "core/plan/destinations.hpp"

#include "core/error.hpp"
#include "core/prefixes.hpp"

#include <algorithm>
#include <utility>

namespace core {
namespace {

const Rule destination_rule{.priority = destination_priority, .table = destination_table};

Route closed_route() {
  return {.table = destination_table, .type = unreachable_type};
}

// To be reached as if it was in no destination.
Route excepted_route() {
  return {.table = destination_table, .type = throw_type};
}

Route open_route(const Path& anchor, std::uint8_t protocol) {
  return {.via = anchor.via,
          .source = anchor.address,
          .table = destination_table,
          .protocol = protocol};
}

bool is_open(const Route& like) {
  return is_our_destination(like) && like.type == unicast;
}

// Destinations of all groups that `wanted` holds for, sorted.
template <typename Wanted>
Prefixes destinations_of(const Network& network, const Wanted& wanted) {
  Prefixes all;
  for (const RouteGroup& group : network.destinations) {
    if (wanted(group.like)) {
      const auto more = all.insert(all.end(), group.destinations.begin(), group.destinations.end());
      std::ranges::inplace_merge(all, more);
    }
  }
  return all;
}

void set(std::vector<Step>& steps, const Route& like, const Prefixes& destinations,
         std::string_view reason) {
  if (!destinations.empty()) {
    steps.push_back({SetDestinations{{like, destinations}}, std::string(reason)});
  }
}

void remove_unasked(std::vector<Step>& steps, const Network& network, const Prefixes& asked,
                    const Prefixes& except) {
  for (const RouteGroup& group : network.destinations) {
    const Prefixes gone = without(without(group.destinations, asked), except);
    if (is_our_destination(group.like) && !gone.empty()) {
      steps.push_back(
          {RemoveDestinations{{group.like, gone}}, "made by do-egress-ip, and no longer listed"});
    }
  }
}

}  // namespace

bool has_destinations(const Config& asked) {
  return asked.route != RouteMode::none && !asked.destinations.empty();
}

bool is_destination(const Config& asked, Ipv4 address) {
  const Prefix host = Prefix::host(address);
  Prefixes direct = asked.direct;
  std::ranges::sort(direct);
  const Prefix* outer = Cover(asked.destinations).find(host);
  const Prefix* except = Cover(direct).find(host);
  return asked.route != RouteMode::none && outer != nullptr &&
         (except == nullptr || except->length < outer->length);
}

std::vector<Step> fence_destinations(const Network& network, const Config& asked) {
  if (!has_destinations(asked)) {
    return asked.route == RouteMode::none ? std::vector<Step>{} : remove_destinations(network);
  }
  std::vector<Step> steps;
  const Prefixes except = direct_destinations(asked);
  const auto excepted = [](const Route& like) { return like.type == throw_type; };
  const Prefixes there =
      destinations_of(network, [](const Route& like) { return like.type != throw_type; });
  set(steps, closed_route(), without(asked.destinations, there),
      "unreachable until the egress IP is proven");
  set(steps, excepted_route(), without(except, destinations_of(network, excepted)),
      "kept on the public address by --direct");
  if (!has_destination_rule(network)) {
    steps.push_back({AddRule{destination_rule}, "looks up destinations before the main table"});
  }
  remove_unasked(steps, network, asked.destinations, except);
  return steps;
}

std::vector<Step> open_destinations(const Network& network, const Paths& paths,
                                    const Config& asked) {
  std::vector<Step> steps;
  if (!has_destinations(asked)) {
    return steps;
  }
  const Route wanted = open_route(paths.anchor_path, unconfirmed_protocol);
  const Prefixes there = destinations_of(network, [&](Route like) {
    like.protocol = is_open(like) ? unconfirmed_protocol : like.protocol;
    return like == wanted;
  });
  set(steps, wanted, without(asked.destinations, there), "destinations must see the reserved IP");
  return steps;
}

std::vector<Step> confirm_destinations(const Network& network, const Paths& paths,
                                       const Config& asked) {
  std::vector<Step> steps;
  if (!has_destinations(asked)) {
    return steps;
  }
  const Route wanted = open_route(paths.anchor_path, our_protocol);
  const Prefixes there =
      destinations_of(network, [&](const Route& like) { return like == wanted; });
  set(steps, wanted, without(asked.destinations, there), "egress through it is proven");
  return steps;
}

std::vector<Step> close_destinations(const Network& network, std::string_view reason) {
  std::vector<Step> steps;
  set(steps, closed_route(), destinations_of(network, is_open), reason);
  return steps;
}

std::vector<Step> remove_destinations(const Network& network) {
  std::vector<Step> steps;
  if (has_destination_rule(network)) {
    steps.push_back(
        {RemoveRule{destination_rule}, "destinations are reached like everything else"});
  }
  remove_unasked(steps, network, {}, {});
  return steps;
}

bool are_destinations_confirmed(const Network& network, const Config& asked) {
  if (!has_destinations(asked)) {
    return true;
  }
  const Prefixes open = destinations_of(network, [](const Route& like) {
    return like.type == unicast && like.protocol == our_protocol;
  });
  return has_destination_rule(network) &&
         (open == asked.destinations || std::ranges::includes(open, asked.destinations));
}

bool is_any_destination_confirmed(const Network& network) {
  return std::ranges::any_of(network.destinations, [](const RouteGroup& group) {
    return group.like.type == unicast && group.like.protocol == our_protocol;
  });
}

bool is_destination_unconfirmed(const Network& network) {
  return std::ranges::any_of(network.destinations, [](const RouteGroup& group) {
    return group.like.protocol == unconfirmed_protocol;
  });
}

namespace {

// `changed` leaves its groups and, if it is set, joins the one that is like it.
void move_destinations(Network& network, const RouteGroup& changed, bool is_set) {
  auto& groups = groups_of(network, changed.like.table);
  for (RouteGroup& group : groups) {
    group.destinations = without(group.destinations, changed.destinations);
  }
  if (!is_set) {
    return;
  }
  for (const Prefix& destination : changed.destinations) {
    add_to_groups(groups, changed.like, destination);
  }
}

}  // namespace

Network with_destinations(Network network, const std::vector<Step>& steps) {
  for (const Step& step : steps) {
    if (const auto* set = std::get_if<SetDestinations>(&step.action)) {
      move_destinations(network, set->routes, true);
    } else if (const auto* removed = std::get_if<RemoveDestinations>(&step.action)) {
      move_destinations(network, removed->routes, false);
    } else if (const auto* added = std::get_if<AddRule>(&step.action);
               added != nullptr && is_destination_rule(added->rule)) {
      network.rules.push_back(added->rule);
    } else if (const auto* gone = std::get_if<RemoveRule>(&step.action);
               gone != nullptr && is_destination_rule(gone->rule)) {
      std::erase(network.rules, gone->rule);
    }
    network.samples.clear();  // they tell of what was
  }
  for (const std::uint32_t table : {destination_table, pods_table}) {
    auto& groups = groups_of(network, table);
    std::erase_if(groups, [](const RouteGroup& group) { return group.destinations.empty(); });
    sort_groups(groups);
  }
  return network;
}

bool is_our_destination(const Route& like) {
  return like.protocol == our_protocol || like.protocol == unconfirmed_protocol;
}

bool has_destination_rule(const Network& network) {
  return std::ranges::find(network.rules, destination_rule) != network.rules.end();
}

DestinationCounts count_destinations(const Network& network) {
  DestinationCounts counts;
  for (const RouteGroup& group : network.destinations) {
    const Route& like = group.like;
    const bool closed = like.type == unreachable_type;
    std::size_t& count = closed                                  ? counts.unreachable
                         : like.type == throw_type               ? counts.direct
                         : like.protocol == unconfirmed_protocol ? counts.unconfirmed
                                                                 : counts.proven;
    count += group.destinations.size();
  }
  return counts;
}

std::optional<Ending> destinations_left(const Network& network, const Config& asked) {
  const Prefixes ours = destinations_of(network, is_our_destination);
  if (asked.route != RouteMode::none || ours.empty()) {
    return std::nullopt;
  }
  return Ending{
      .message = fmt::format("--route none leaves destinations of an earlier run: {}, {} of them "
                             "unreachable",
                             render_destinations(ours), count_destinations(network).unreachable),
      .hint = "to end that: do-egress-ip release --keep-ip"};
}

Prefixes direct_destinations(const Config& asked) {
  Prefixes inner;
  for (const Prefix& direct : asked.direct) {
    if (std::ranges::any_of(asked.destinations,
                            [&](const Prefix& outer) { return outer.contains(direct); })) {
      inner.push_back(direct);
    }
  }
  normalize(inner);
  return inner;
}

bool is_destination_rule(const Rule& rule) {
  return rule == destination_rule;
}

std::string render_destinations(const std::vector<Prefix>& destinations) {
  const std::string first = destinations.empty() ? "none" : destinations.front().to_string();
  return destinations.size() < 2 ? first
                                 : fmt::format("{} and {} more", first, destinations.size() - 1);
}

}  // namespace core
