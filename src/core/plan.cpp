// SPDX-License-Identifier: Apache-2.0
#include "core/plan.hpp"

#include "core/candidates.hpp"
#include "core/gate.hpp"
#include "core/paths.hpp"
#include "core/routes.hpp"

#include <algorithm>

namespace core {
namespace {

void append(std::vector<Step>& steps, const std::vector<Step>& more) {
  steps.insert(steps.end(), more.begin(), more.end());
}

Ending ending_of(const Error& error) {
  return {.exit = error.exit(), .message = error.what(), .hint = error.hint()};
}

// --- the Node ----------------------------------------------------------------------------------

// Adds what makes the Node tell the truth; without its facts, the need for them.
void tell_node(Plan& plan, const Observation& found, const Config& asked,
               const std::optional<Ipv4>& address) {
  if (std::holds_alternative<NotAsked>(found.node)) {
    plan.needs.push_back(Need::node);
    return;
  }
  if (const Node* node = std::get_if<Node>(&found.node)) {
    if (const auto step = tell(*node, asked, address)) {
      plan.steps.push_back(*step);
    }
  }
}

Ending gate_failed(const Error& error, Ipv4 address) {
  const bool rights = error.exit() == Exit::no_permission;
  return {
      .exit = rights ? Exit::no_permission : Exit::gate_failed,
      .message = fmt::format("egress by {} is in force, but {}", address.to_string(), error.what()),
      .hint = error.hint()};
}

// --- the ways a run can go ---------------------------------------------------------------------

// Nothing was proven: the Node must not claim anything, and the run ends with `ending`.
Plan end_without_egress(const Observation& found, const Config& asked, Ending ending) {
  Plan plan;
  tell_node(plan, found, asked, std::nullopt);
  plan.ending = std::move(ending);
  return plan;
}

Plan refuse_foreign(const Observation& found, const Config& asked, Ipv4 held) {
  return end_without_egress(
      found, asked,
      {.exit = Exit::foreign_ip,
       .message = fmt::format("the droplet holds {}, which is not in the pool; it was not touched",
                              held.to_string()),
       .hint = "add it to --floating-ips, accept it with --allow-foreign-ip, or unassign it"});
}

// The droplet holds `address`, or will when the steps already in `plan` are done.
void leave_by(Plan& plan, const Observation& found, const Config& asked,
              const std::optional<Paths>& paths, Ipv4 address) {
  if (paths) {
    append(plan.steps, keep_public_paths(found.network, *paths, asked.direct));
    append(plan.steps, default_by_anchor(found.network, *paths));
  }
  plan.floating_ip = address;
  tell_node(plan, found, asked, address);
  if (const auto* unavailable = std::get_if<Unavailable>(&found.node)) {
    plan.ending = gate_failed(unavailable->error, address);
  } else if (found.no_lease) {
    plan.ending = gate_failed(*found.no_lease, address);
  }
}

// The network as it will be once `steps` are done, as far as its default goes.
Network with_default(Network network, const std::vector<Step>& steps) {
  for (const Step& step : steps) {
    if (const auto* replace = std::get_if<ReplaceDefault>(&step.action)) {
      std::erase(network.routes, default_in_force(network).value_or(Route{}));
      network.routes.push_back(replace->route);
    }
  }
  return network;
}

// Whether a claim is made under a Lease; where it may not be made without one, how the run ends.
struct Locking {
  bool lease = false;
  std::string reason = {};
  std::optional<Ending> ending = {};
};

Locking locking_of(const Observation& found, const Config& asked) {
  if (asked.lock == Lock::none || std::holds_alternative<NoKubernetes>(found.node)) {
    return {};
  }
  const auto* unavailable = std::get_if<Unavailable>(&found.node);
  if (unavailable == nullptr && !found.no_lease) {
    return {.lease = true};
  }
  const Error error = found.no_lease ? *found.no_lease : unavailable->error;
  if (asked.lock == Lock::lease) {
    return {.ending = ending_of(error.while_doing("--lock lease: no address is claimed"))};
  }
  return {.reason = "; claimed without a Lease, which cannot be had"};
}

// Gives back the Lease of an address that is not ours after all.
void release_leases(Plan& plan, const Observation& found, const std::optional<Ipv4>& ours) {
  for (const Ipv4 address : found.leased) {
    if (found.lost.contains(address) || (ours && *ours != address)) {
      plan.steps.push_back({ReleaseLease{address}, "it went to somebody else"});
    }
  }
}

void claim(Plan& plan, Observation found, const Config& asked, const std::optional<Paths>& paths) {
  const Account& account = std::get<Account>(found.account);
  const Droplet& droplet = *found.droplet;
  release_leases(plan, found, std::nullopt);
  const auto choice = choose_candidate(account, droplet, asked.pool, found.lost);
  if (const auto* ending = std::get_if<Ending>(&choice)) {
    tell_node(plan, found, asked, std::nullopt);
    plan.ending = *ending;
    return;
  }
  if (Node* node = std::get_if<Node>(&found.node); node && claims_egress(*node, asked)) {
    tell_node(plan, found, asked, std::nullopt);  // before anything slower is tried
    *node = told(*node, asked, std::nullopt);
  }
  if (!account.shows_droplets) {  // every address may look free: no POST before this is known
    plan.needs.push_back(Need::droplet_scope);
    return;
  }
  const Ipv4 address = std::get<Ipv4>(choice);
  const Locking locking = locking_of(found, asked);
  if (locking.ending) {
    plan.ending = *locking.ending;
    return;
  }
  if (locking.lease && !found.leased.contains(address)) {
    plan.steps.push_back({AcquireLease{address}, "no other node may claim it meanwhile"});
  }
  plan.steps.push_back(
      {AssignFloatingIp{address, droplet.id, locking.lease},
       "the droplet holds no floating IP; this one is free and first in its order" +
           locking.reason});
  found.network = with_default(found.network, plan.steps);
  leave_by(plan, found, asked, paths, address);
}

// Neither metadata nor, where it was asked, the API says that this droplet holds an address.
Plan gain_address(const Observation& found, const Config& asked,
                  const std::optional<Paths>& paths) {
  Plan plan;
  if (paths) {
    const auto in_force = default_in_force(found.network);
    if (!in_force || !std::holds_alternative<NotAsked>(found.account)) {
      append(plan.steps, default_by_public(found.network, *paths, "the droplet holds no address"));
    } else if (cut_off(found)) {
      append(plan.steps, keep_public_paths(found.network, *paths, asked.direct));
    }
  }
  if (std::holds_alternative<NotAsked>(found.account)) {
    plan.needs = {Need::account};
  } else if (std::holds_alternative<NotAsked>(found.node)) {
    plan.needs = {Need::node};
  } else if (const auto* unavailable = std::get_if<Unavailable>(&found.account)) {
    tell_node(plan, found, asked, std::nullopt);
    plan.ending = ending_of(unavailable->error);
  } else {
    claim(plan, found, asked, paths);
  }
  return plan;
}

// What the droplet holds: the API's word, where it was asked, before metadata's, which may lag.
std::optional<FloatingIp> held_entry(const Observation& found) {
  if (const auto* account = std::get_if<Account>(&found.account)) {
    return account->ours;
  }
  if (found.droplet && found.droplet->floating_ip) {
    return FloatingIp{.address = *found.droplet->floating_ip, .holder = found.droplet->id};
  }
  return std::nullopt;
}

Plan keep_address(const Observation& found, const Config& asked, const std::optional<Paths>& paths,
                  const FloatingIp& held) {
  if (asked.foreign == Foreign::refuse &&
      std::ranges::find(asked.pool, held.address) == asked.pool.end()) {
    return refuse_foreign(found, asked, held.address);
  }
  Plan plan;
  release_leases(plan, found, held.address);
  if (held.locked) {
    plan.steps.push_back({AssignFloatingIp{held.address, found.droplet->id},
                          "the droplet holds it, but an action on it is pending"});
  }
  leave_by(plan, found, asked, paths, held.address);
  return plan;
}

}  // namespace

std::optional<Ipv4> held_address(const Observation& found) {
  const auto held = held_entry(found);
  return held ? std::optional(held->address) : std::nullopt;
}

bool cut_off(const Observation& found) {
  const auto in_force = default_in_force(found.network);
  return found.droplet && found.droplet->anchor && !found.droplet->floating_ip && in_force &&
         in_force->via.gateway == found.droplet->anchor->gateway;
}

Plan plan(const Observation& found, const Config& asked) {
  if (!found.droplet) {
    const bool ours = asked.route == RouteMode::set_default;
    return {.steps = ours ? reach_metadata(found.network) : std::vector<Step>{},
            .needs = {Need::droplet}};
  }
  if (const Node* node = std::get_if<Node>(&found.node)) {
    if (const auto ending = another_droplet(*node, *found.droplet, asked)) {
      return {.ending = *ending};
    }
  } else if (std::holds_alternative<NotAsked>(found.node) && !cut_off(found)) {
    return {.needs = {Need::node}};  // whose Node it is must be known before anything is written
  }
  if (found.failure) {
    return end_without_egress(found, asked, ending_of(*found.failure));
  }
  std::optional<Paths> paths;
  if (asked.route == RouteMode::set_default) {
    const auto located = find_paths(*found.droplet, found.network);
    if (const auto* ending = std::get_if<Ending>(&located)) {
      return end_without_egress(found, asked, *ending);
    }
    if (const auto ending = default_overruled(found.network)) {
      return end_without_egress(found, asked, *ending);
    }
    paths = std::get<Paths>(located);
  }
  const auto held = held_entry(found);
  return held ? keep_address(found, asked, paths, *held) : gain_address(found, asked, paths);
}

}  // namespace core
