// SPDX-License-Identifier: Apache-2.0
#include "core/plan/release.hpp"

#include "core/plan/node.hpp"
#include "core/plan/plan.hpp"
#include "core/plan/switch.hpp"
#include "core/plan/undo.hpp"

#include <algorithm>

namespace core {
namespace {

void unassign_address(Plan& plan, const Observation& found, const Config& asked) {
  const bool node_known = std::holds_alternative<Node>(found.node);
  for (const Ipv4 address : found.leased_addresses) {
    if (node_known) {
      plan.steps.push_back({ReleaseLease{address}, "its address is given back"});
    }
  }
  const auto held = held_address(found);
  const bool ours = held && std::ranges::find(asked.pool, *held) != asked.pool.end();
  if (!ours) {
    if (held) {
      plan.ending.message =
          fmt::format("{} stays on the droplet because it is not in the pool", held->to_string());
    }
    return;
  }
  plan.steps.push_back({UnassignFloatingIp{*held, found.droplet->id}, "release gives it back"});
  if (node_known) {
    plan.steps.push_back({ReleaseLease{*held}, "its address is given back"});
  }
}

Ending unfinished(const Error& error) {
  return {.exit = error.exit(),
          .message = fmt::format("cannot release everything: {}", error.what()),
          .hint = error.hint()};
}

// Changes label and taint first. Adds nothing if the Node is not read yet.
std::optional<Ending> patch_released_node(Plan& plan, const Observation& found,
                                          const Config& asked) {
  if (const Node* node = std::get_if<Node>(&found.node)) {
    auto ending = found.droplet ? find_other_droplet(*node, *found.droplet, asked) : std::nullopt;
    if (ending) {
      return ending;
    }
    if (const auto step = node_patch(*node, asked, std::nullopt)) {
      plan.steps.push_back(*step);
    }
  } else if (const auto* unavailable = std::get_if<Unavailable>(&found.node)) {
    plan.ending = unfinished(unavailable->error);
  }
  return std::nullopt;
}

}  // namespace

Plan plan_release(const Observation& found, const Config& asked) {
  Plan plan{.undo = true, .destinations = Destinations::open};
  if (!found.droplet && !found.droplet_error) {
    return {.needs = {Need::droplet}};
  }
  if (std::holds_alternative<NotAsked>(found.node)) {
    return {.needs = {Need::node}};
  }
  if (const auto ending = patch_released_node(plan, found, asked)) {
    return {.ending = *ending};
  }
  if (found.claim_error || found.undo_error) {
    plan.steps.clear();
    plan.ending = unfinished(found.claim_error ? *found.claim_error : *found.undo_error);
    return plan;
  }
  const auto network = undo(found.network, found.droplet, Destinations::open);
  plan.steps.insert(plan.steps.end(), network.begin(), network.end());
  if (!found.network.may_change && !network.empty()) {
    return {.ending = no_rights()};
  }
  if (asked.keep_ip) {
    return plan;
  }
  if (found.droplet_error) {
    plan.ending = unfinished(found.droplet_error->while_doing("find the address of the droplet"));
  } else if (std::holds_alternative<NotAsked>(found.account)) {
    plan.needs = {Need::account};
  } else if (const auto* unavailable = std::get_if<Unavailable>(&found.account)) {
    plan.ending = unfinished(unavailable->error);
  } else {
    unassign_address(plan, found, asked);
  }
  return plan;
}

}  // namespace core
