// SPDX-License-Identifier: Apache-2.0
#include "core/plan/release.hpp"

#include "core/plan/node.hpp"
#include "core/plan/plan.hpp"
#include "core/plan/routes.hpp"

#include <algorithm>

namespace core {
namespace {

void give_back(Plan& plan, const Observation& found, const Config& asked) {
  const bool told = std::holds_alternative<Node>(found.node);
  for (const Ipv4 address : found.leased) {
    if (told) {
      plan.steps.push_back({ReleaseLease{address}, "its address is not claimed any more"});
    }
  }
  const auto held = held_address(found);
  const bool ours = held && std::ranges::find(asked.pool, *held) != asked.pool.end();
  if (!ours) {
    return;
  }
  plan.steps.push_back({UnassignFloatingIp{*held, found.droplet->id}, "it is to be nobody's"});
  if (told) {
    plan.steps.push_back({ReleaseLease{*held}, "its address is not claimed any more"});
  }
}

Ending unfinished(const Error& error) {
  return {.exit = error.exit(),
          .message = fmt::format("not everything is released: {}", error.what()),
          .hint = error.hint()};
}

}  // namespace

Plan plan_release(const Observation& found, const Config& asked) {
  Plan plan;
  if (!found.droplet) {
    return {.needs = {Need::droplet}};
  }
  if (std::holds_alternative<NotAsked>(found.node)) {
    return {.needs = {Need::node}};
  }
  if (const Node* node = std::get_if<Node>(&found.node)) {
    if (const auto ending = another_droplet(*node, *found.droplet, asked)) {
      return {.ending = *ending};
    }
    if (const auto step = tell(*node, asked, std::nullopt)) {
      plan.steps.push_back(*step);
    }
  } else if (const auto* unavailable = std::get_if<Unavailable>(&found.node)) {
    plan.ending = unfinished(unavailable->error);
  }
  if (found.failure) {
    plan.steps.clear();
    plan.ending = unfinished(*found.failure);
    return plan;
  }
  const auto network = remove_ours(found.network, *found.droplet);
  plan.steps.insert(plan.steps.end(), network.begin(), network.end());
  if (asked.keep_ip) {
    return plan;
  }
  if (std::holds_alternative<NotAsked>(found.account)) {
    plan.needs = {Need::account};
  } else if (const auto* unavailable = std::get_if<Unavailable>(&found.account)) {
    plan.ending = unfinished(unavailable->error);
  } else {
    give_back(plan, found, asked);
  }
  return plan;
}

}  // namespace core
