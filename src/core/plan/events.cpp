// SPDX-License-Identifier: Apache-2.0
#include "core/plan/events.hpp"

#include <algorithm>

namespace core {
namespace {

using Type = NodeEvent::Type;

template <typename Wanted>
const Wanted* last(const std::vector<Step>& done) {
  const Wanted* found = nullptr;
  for (const Step& step : done) {
    if (const auto* action = std::get_if<Wanted>(&step.action)) {
      found = action;
    }
  }
  return found;
}

// Empty if repeating the run is enough.
std::string_view reason_of(Exit exit) {
  switch (exit) {
    case Exit::pool_exhausted:
      return "PoolExhausted";
    case Exit::claim_lost:
      return "ClaimLost";
    case Exit::foreign_ip:
      return "ForeignIP";
    case Exit::rolled_back:
      return "RolledBack";
    case Exit::degraded:
      return "Degraded";
    case Exit::software:
    case Exit::os_error:
    case Exit::no_permission:
    case Exit::config:
      return "EgressIPFailed";
    default:
      return {};
  }
}

}  // namespace

std::vector<NodeEvent> events_of(const std::vector<Step>& done, const std::string& claimed,
                                 const std::optional<Ipv4>& floating_ip, const Ending& ending) {
  std::vector<NodeEvent> events;
  const std::string now = floating_ip ? floating_ip->to_string() : std::string{};
  if (const auto* given_back = last<UnassignFloatingIp>(done)) {
    return {{Type::normal, "EgressIPReleased", "Release",
             fmt::format("released {} from droplet {}", given_back->address.to_string(),
                         given_back->droplet)}};
  }
  if (!claimed.empty() && claimed != now && last<PatchNode>(done) != nullptr) {
    events.push_back({Type::warning, "EgressIPLost", "Reconcile",
                      fmt::format("the droplet no longer holds {}", claimed)});
  }
  const auto* assigned = last<AssignFloatingIp>(done);
  if (assigned != nullptr && floating_ip == assigned->address) {
    events.push_back(
        {Type::normal, "EgressIPAssigned", "Assign",
         fmt::format("egress IP {} assigned to droplet {} and proven", now, assigned->droplet)});
  } else if (floating_ip && last<ReplaceDefault>(done) == nullptr &&
             last<SetDestinations>(done) != nullptr) {
    events.push_back({Type::normal, "EgressRouteRepaired", "Reconcile",
                      fmt::format("destinations repaired; egress IP {}", now)});
  } else if (floating_ip && last<ReplaceDefault>(done) != nullptr) {
    events.push_back({Type::normal, "EgressRouteRepaired", "Reconcile",
                      fmt::format("default route repaired; egress IP {}", now)});
  }
  if (const auto reason = reason_of(ending.exit); !reason.empty()) {
    events.push_back({Type::warning, std::string(reason), "Reconcile",
                      ending.message + (ending.hint.empty() ? "" : ": " + ending.hint), true});
  }
  return events;
}

std::optional<NodeEvent> event_of_pods(const std::optional<std::string>& before,
                                       const std::optional<std::string>& after,
                                       const Ending& ending) {
  const std::string note = ending.message + (ending.hint.empty() ? "" : ": " + ending.hint);
  if (ending.exit == Exit::rolled_back) {
    return NodeEvent{Type::warning, "PodsEgressWrong", "Verify", note, true};
  }
  if (before == after) {
    return std::nullopt;
  }
  if (after == "true") {
    return NodeEvent{Type::normal, "PodsEgressProven", "Verify",
                     "services see pods of this node as its egress IP"};
  }
  return before == "true"
             ? std::optional(NodeEvent{Type::warning, "PodsEgressLost", "Verify", note})
             : std::nullopt;
}

}  // namespace core
