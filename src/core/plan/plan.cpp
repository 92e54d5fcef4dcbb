// SPDX-License-Identifier: Apache-2.0
#include "core/plan/plan.hpp"

#include "core/plan/candidates.hpp"
#include "core/plan/claim.hpp"
#include "core/plan/conflicts.hpp"
#include "core/plan/destinations.hpp"
#include "core/plan/lease.hpp"
#include "core/plan/node.hpp"
#include "core/plan/paths.hpp"
#include "core/plan/pod_cure.hpp"
#include "core/plan/rights.hpp"
#include "core/plan/routes.hpp"
#include "core/plan/stored_default.hpp"
#include "core/plan/switch.hpp"

#include <algorithm>

namespace core {
namespace {

void append(std::vector<Step>& steps, const std::vector<Step>& more) {
  steps.insert(steps.end(), more.begin(), more.end());
}

Plan refuse_foreign(const Observation& found, const Config& asked, Ipv4 held) {
  const auto in_force = default_in_force(found.network);
  const bool by_anchor =
      found.droplet->anchor && in_force && in_force->via.gateway == found.droplet->anchor->gateway;
  return end_closed(
      found, asked,
      {.exit = Exit::foreign_ip,
       .message = fmt::format("cannot use {}: the droplet holds it, but it is not in the pool; {}",
                              held.to_string(),
                              by_anchor ? "it is the egress IP all the same, because the default "
                                          "route goes through the anchor gateway"
                                        : "nothing was changed"),
       .hint = "add it to --floating-ips, give --allow-foreign-ip, or unassign it"});
}

// Rolls back an unconfirmed switch, and one whose default is gone: a removed address takes the
// routes with it. A working egress stays, and the Node is not gated for another finding.
Plan end_with_finding(const Observation& found, const Config& asked, const Ending& ending) {
  const bool gone = !default_in_force(found.network) && stored_default(found.network);
  if (is_unconfirmed(found.network) || (gone && found.network.may_change)) {
    return roll_back(found, asked, ending);
  }
  const bool works = is_egress_shown(found.network, asked) && !overruled(found.network, asked);
  return works ? Plan{.ending = ending} : end_closed(found, asked, ending);
}

// The droplet holds `address`, or will after the steps in `plan`.
void use_address(Plan& plan, const Observation& found, const Config& asked,
                 const std::optional<Paths>& paths, Ipv4 address) {
  if (paths && !switch_routes(plan, found, asked, *paths)) {
    return;
  }
  if (plan.steps.empty() && !found.egress_proven &&
      must_prove_before_label(found, asked, address)) {
    plan.needs.push_back(Need::egress);
    return;
  }
  const bool doubtful = paths && plan.steps.empty() && is_doubtful(found, asked);
  if (doubtful && !found.nothing_answers) {
    plan.needs.push_back(Need::path);
    return;
  }
  plan.floating_ip = address;
  patch_node(plan, found, asked, address);
  if (const auto* unavailable = std::get_if<Unavailable>(&found.node)) {
    plan.ending = gate_failed(unavailable->error, address, doubtful);
  } else if (found.lease_error) {
    plan.ending = gate_failed(*found.lease_error, address, false);
  }
}

void claim(Plan& plan, Observation found, const Config& asked, const std::optional<Paths>& paths) {
  const Account& account = std::get<Account>(found.account);
  append(plan.steps, needless_leases(found, std::nullopt));
  if (must_read_page(found)) {
    plan.needs.push_back(Need::next_page);
    return;
  }
  const auto choice = choose_candidate(account, *found.droplet, asked.pool, found.lost_candidates);
  if (const auto* ending = std::get_if<Ending>(&choice)) {
    patch_node(plan, found, asked, std::nullopt);
    plan.ending = *ending;
    return;
  }
  append(plan.steps, correct_node(found, asked));  // before slower steps
  if (const auto denied = denied_claim(found)) {
    patch_node(plan, found, asked, std::nullopt);
    plan.ending = *denied;
    return;
  }
  if (!account.shows_droplets) {  // without that scope every address may look free, so no POST yet
    plan.needs.push_back(Need::droplet_scope);
    return;
  }
  const Ipv4 address = std::get<Ipv4>(choice);
  const Locking locking = locking_of(found, asked);
  if (locking.ending) {
    plan.ending = *locking.ending;
    return;
  }
  append(plan.steps, claim_steps(found, locking, address));
  found.network = with_changes(std::move(found.network), plan.steps);
  use_address(plan, found, asked, paths, address);
}

// Neither metadata nor the API (if asked) shows an address of this droplet.
Plan gain_address(const Observation& found, const Config& asked,
                  const std::optional<Paths>& paths) {
  Plan plan;
  if (paths) {
    const auto in_force = default_in_force(found.network);
    const bool known = !std::holds_alternative<NotAsked>(found.account);
    const bool by_us =
        asked.route == RouteMode::set_default || (in_force && is_our_default(*in_force));
    constexpr std::string_view reason = "the droplet holds no reserved IP";
    if (known) {
      append(plan.steps, close_destinations(found.network, reason));
    }
    if (by_us && (!in_force || known)) {
      append(plan.steps, default_by_public(found.network, paths->public_path, reason));
    } else if (is_cut_off(found)) {
      append(plan.steps, prepare_switch(found.network, *paths, asked.direct, asked.route));
    }
  }
  if (std::holds_alternative<NotAsked>(found.account)) {
    plan.needs = needs_of_account(found);
  } else if (std::holds_alternative<NotAsked>(found.node)) {
    plan.needs = {Need::node};
  } else if (must_ask_rights(found)) {
    plan.needs = {Need::rights};
  } else if (const auto* unavailable = std::get_if<Unavailable>(&found.account)) {
    patch_node(plan, found, asked, std::nullopt);
    plan.ending = ending_of(unavailable->error);
  } else {
    claim(plan, found, asked, paths);
  }
  return plan;
}

// The address that the droplet holds. The API's answer precedes metadata, which may lag.
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
  if (held.locked) {  // the action may free it; then it is claimed like any other
    const Locking locking = locking_of(found, asked);
    if (locking.ending) {
      return end_closed(found, asked, *locking.ending);
    }
    if (locking.lease && !found.leased_addresses.contains(held.address)) {
      plan.steps.push_back({AcquireLease{held.address}, "keeps other nodes from claiming it"});
    }
    const AssignFloatingIp wanted{held.address, found.droplet->id, locking.lease};
    plan.steps.push_back({wanted, "the droplet holds it, but an action on it is pending; next: " +
                                      describe(first_move(wanted, held))});
  }
  use_address(plan, found, asked, paths, held.address);
  return plan;
}

}  // namespace

std::optional<Ipv4> held_address(const Observation& found) {
  const auto held = held_entry(found);
  return held ? std::optional(held->address) : std::nullopt;
}

bool is_cut_off(const Observation& found) {
  const auto in_force = default_in_force(found.network);
  return found.droplet && found.droplet->anchor && !found.droplet->floating_ip && in_force &&
         in_force->via.gateway == found.droplet->anchor->gateway;
}

namespace {

// Plans before the droplet is known. Labels that the kernel's state contradicts are corrected
// first, because later steps may take long.
Plan plan_without_droplet(const Observation& found, const Config& asked) {
  if (asked.route == RouteMode::none) {
    return {.needs = {Need::droplet}};
  }
  if (const auto ending = wrong_by_kernel(found.network, asked)) {
    return end_with_finding(found, asked, *ending);
  }
  const Node* node = std::get_if<Node>(&found.node);
  const bool may_say_true =
      std::holds_alternative<NotAsked>(found.node) || (node && is_labelled_true(*node, asked));
  if (!is_egress_shown(found.network, asked) && may_say_true) {
    Plan plan;
    patch_node(plan, found, asked, std::nullopt);
    if (!plan.steps.empty()) {
      plan.needs.push_back(Need::droplet);  // in a dry run, which does not write the step
    }
    return plan;
  }
  return {.steps = reach_metadata(found.network), .needs = {Need::droplet}};
}

Plan plan_with_paths(Observation found, const Config& asked, const std::optional<Paths>& paths) {
  if (paths && needs_pod_facts(found, asked, *paths)) {
    return {.needs = {Need::pods}};
  }
  if (const auto ending = paths ? pods_cut_off(found, asked, *paths) : std::nullopt) {
    return end_with_finding(found, asked, *ending);
  }
  const bool shown = !paths || is_egress_shown(found.network, asked);
  const auto correction = shown ? std::vector<Step>{} : correct_node(found, asked);
  const auto held = held_entry(found);
  Plan next = held ? keep_address(found, asked, paths, *held) : gain_address(found, asked, paths);
  next.steps.insert(next.steps.begin(), correction.begin(), correction.end());
  return paths && needs_net_admin(next.steps) && !found.network.may_change
             ? end_closed(found, asked, no_rights())
             : next;
}

// What is asked for but for the fence around destinations, which stands.
Plan plan_within_fence(const Observation& found, const Config& asked) {
  if (found.droplet_error) {
    return end_without_droplet(found, asked);
  }
  if (!found.droplet) {
    return found.undone_for ? roll_back(found, asked, *found.undone_for)
                            : plan_without_droplet(found, asked);
  }
  if (const Node* node = std::get_if<Node>(&found.node)) {
    if (const auto ending = find_other_droplet(*node, *found.droplet, asked)) {
      return {.ending = *ending};
    }
  } else if (std::holds_alternative<NotAsked>(found.node) && !is_cut_off(found)) {
    return {.needs = {Need::node}};  // never write to another droplet's Node
  }
  if (found.undone_for) {  // its cause may show only while our default is there
    return roll_back(found, asked, *found.undone_for);
  }
  if (found.proof_error) {
    return roll_back(found, asked, not_proven(*found.proof_error));
  }
  if (found.change_error) {
    const Ending ending = ending_of(*found.change_error);
    return is_egress_shown(found.network, asked) ? Plan{.ending = ending}
                                                 : roll_back(found, asked, ending);
  }
  if (found.claim_error) {
    return end_closed(found, asked, ending_of(*found.claim_error));
  }
  if (asked.route == RouteMode::none) {
    return plan_with_paths(found, asked, std::nullopt);
  }
  const auto located = find_paths(*found.droplet, found.network);
  const auto* paths = std::get_if<Paths>(&located);
  const auto wrong =
      paths ? wrong_by_kernel(found.network, asked, paths) : std::get<Ending>(located);
  if (wrong) {
    return end_with_finding(found, asked, *wrong);
  }
  return plan_with_paths(found, asked, *paths);
}

}  // namespace

// Destinations are unreachable before anything else is known or tried.
Plan plan(const Observation& found, const Config& asked) {
  if (const auto ending = destinations_refused(found.network, asked, found.droplet)) {
    return end_with_finding(found, asked, *ending);
  }
  const auto fence =
      found.change_error ? std::vector<Step>{} : fence_destinations(found.network, asked);
  if (fence.empty()) {
    return plan_within_fence(found, asked);
  }
  if (!found.network.may_change) {
    return end_without_egress(found, asked, no_rights());
  }
  Observation fenced = found;
  fenced.network = with_destinations(found.network, fence);
  Plan next = plan_within_fence(fenced, asked);
  next.steps.insert(next.steps.begin(), fence.begin(), fence.end());
  return next;
}

}  // namespace core
