// SPDX-License-Identifier: Apache-2.0
#include "core/plan/plan.hpp"

#include "core/plan/candidates.hpp"
#include "core/plan/lease.hpp"
#include "core/plan/node.hpp"
#include "core/plan/paths.hpp"
#include "core/plan/routes.hpp"
#include "core/plan/undo.hpp"

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
       .message = "the droplet holds " + held.to_string() +
                  ", which is not in the pool; it was not touched",
       .hint = "add it to --floating-ips, accept it with --allow-foreign-ip, or unassign it"});
}

// Traffic must be seen to leave by `address` after a switch; and before the Node says so for the
// first time, where a service can tell.
bool is_to_be_proven(const Observation& found, const Config& asked, Ipv4 address) {
  const Node* node = std::get_if<Node>(&found.node);
  const bool news = node != nullptr && tell(*node, asked, address).has_value();
  return !found.proven && (found.before || (news && !asked.verify_urls.empty()));
}

std::string reasons(const std::vector<Step>& steps) {
  std::string text;
  for (const Step& step : steps) {
    text += (text.empty() ? "" : "; ") + step.reason;
  }
  return text;
}

// Egress did not show: back to what was before, or where that is not known, to the public default.
Plan roll_back(const Observation& found, const Config& asked, const std::optional<Paths>& paths,
               const Error& why) {
  Plan plan;
  if (found.before) {
    plan.steps = restore(found.network, *found.before);
  } else if (paths) {
    plan.steps = default_by_public(found.network, *paths, "egress was not proven");
  }
  plan.ending = {.exit = Exit::rolled_back,
                 .message = "egress was not proven, and the default route is as before: " +
                            std::string(why.what()),
                 .hint = why.hint()};
  if (found.failure) {
    plan.ending = {.exit = Exit::degraded,
                   .message = fmt::format("egress was not proven ({}), and undoing the switch "
                                          "failed: {}; still to be undone: {}",
                                          why.what(), found.failure->what(), reasons(plan.steps)),
                   .hint = "put the default route back by hand, see `ip route` and `ip rule`"};
    plan.steps.clear();
  }
  tell_node(plan, found, asked, std::nullopt);
  return plan;
}

// The droplet holds `address`, or will when the steps already in `plan` are done.
void leave_by(Plan& plan, const Observation& found, const Config& asked,
              const std::optional<Paths>& paths, Ipv4 address) {
  if (paths) {
    append(plan.steps, keep_public_paths(found.network, *paths, asked.direct,
                                         found.before ? &*found.before : nullptr));
    append(plan.steps, default_by_anchor(found.network, *paths));
  }
  plan.floating_ip = address;
  if (plan.steps.empty() && is_to_be_proven(found, asked, address)) {
    plan.needs.push_back(Need::egress);
    return;
  }
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

void claim(Plan& plan, Observation found, const Config& asked, const std::optional<Paths>& paths) {
  const Account& account = std::get<Account>(found.account);
  const Droplet& droplet = *found.droplet;
  append(plan.steps, needless_leases(found, std::nullopt));
  if (must_be_read(found)) {
    plan.needs.push_back(Need::whole_account);
    return;
  }
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
  const bool unread = std::ranges::find(account.unread, address) != account.unread.end();
  if (locking.lease && !found.leased.contains(address)) {
    plan.steps.push_back({AcquireLease{address, unread}, "no other node may claim it meanwhile"});
  }
  plan.steps.push_back(
      {AssignFloatingIp{address, droplet.id, locking.lease, unread ? droplet.region : ""},
       fmt::format("the droplet holds no floating IP; this one {} first in its order{}",
                   unread ? "is" : "is free and", locking.reason)});
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
  append(plan.steps, needless_leases(found, held.address));
  if (held.locked) {  // it may be free when that is done, and is then claimed like any other
    const Locking locking = locking_of(found, asked);
    if (locking.ending) {
      return end_without_egress(found, asked, *locking.ending);
    }
    if (locking.lease && !found.leased.contains(held.address)) {
      plan.steps.push_back({AcquireLease{held.address}, "no other node may claim it meanwhile"});
    }
    plan.steps.push_back({AssignFloatingIp{held.address, found.droplet->id, locking.lease},
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
  if (found.failure && !found.unproven) {
    return end_without_egress(found, asked, ending_of(*found.failure));
  }
  std::optional<Paths> paths;
  if (asked.route == RouteMode::set_default) {
    const auto located = find_paths(*found.droplet, found.network);
    if (const auto* ending = std::get_if<Ending>(&located)) {
      const Error why = Error(ending->exit, "{}", ending->message).with_hint(ending->hint);
      return found.before ? roll_back(found, asked, std::nullopt, found.unproven.value_or(why))
                          : end_without_egress(found, asked, *ending);
    }
    paths = std::get<Paths>(located);
  }
  if (found.unproven) {
    return roll_back(found, asked, paths, *found.unproven);
  }
  if (paths && !found.before) {  // after a switch the proof of egress looks at it
    if (const auto ending = default_overruled(found.network)) {
      return end_without_egress(found, asked, *ending);
    }
  }
  const auto held = held_entry(found);
  return held ? keep_address(found, asked, paths, *held) : gain_address(found, asked, paths);
}

}  // namespace core
