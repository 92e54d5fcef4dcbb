// SPDX-License-Identifier: Apache-2.0
#include "core/plan/switch.hpp"

#include "core/plan/conflicts.hpp"
#include "core/plan/destinations.hpp"
#include "core/plan/node.hpp"
#include "core/plan/pod_cure.hpp"
#include "core/plan/routes.hpp"
#include "core/plan/undo.hpp"

#include <utility>

namespace core {
namespace {

std::string reasons(const std::vector<Step>& steps) {
  std::string text;
  for (const Step& step : steps) {
    text += (text.empty() ? "" : "; ") + step.reason;
  }
  return text;
}

void add_steps(std::vector<Step>& steps, const std::vector<Step>& more) {
  steps.insert(steps.end(), more.begin(), more.end());
}

}  // namespace

bool switch_routes(Plan& plan, const Observation& found, const Config& asked, const Paths& paths) {
  add_steps(plan.steps, prepare_switch(found.network, paths, asked.direct, asked.route));
  add_steps(plan.steps, prepare_pods(found, asked, paths));
  auto steps = open_destinations(found.network, paths, asked);
  const auto replace = asked.route == RouteMode::set_default
                           ? default_by_anchor(found.network, paths)
                           : std::vector<Step>{};
  add_steps(steps, replace);
  const auto lead = lead_pods(found, asked, paths);
  if (steps.empty() && is_confirmed(found.network, asked)) {
    add_steps(plan.steps, lead);
    return true;
  }
  if (plan.steps.empty() && !found.path_proven) {
    plan.needs.push_back(Need::path);
    return false;
  }
  add_steps(plan.steps, steps);
  add_steps(plan.steps, lead);
  if (plan.steps.empty() && !found.egress_proven) {
    plan.needs.push_back(Need::egress);
    return false;
  }
  add_steps(plan.steps, confirm_destinations(found.network, paths, asked));
  if (asked.route == RouteMode::set_default &&
      !(replace.empty() && is_default_confirmed(found.network))) {
    plan.steps.push_back(confirm_default(found.network, paths));
  }
  return true;
}

Plan put_back(const Observation& found, Ending ending) {
  Plan plan{.ending = std::move(ending)};
  const auto left = undo(found.network, found.droplet);
  if (found.undo_error) {
    plan.ending = {.exit = Exit::degraded,
                   .message = fmt::format("{}; cannot roll back: {}; left: {}", plan.ending.message,
                                          found.undo_error->what(), reasons(left)),
                   .hint =
                       "put the default route back: do-egress-ip release --keep-ip, or by hand (ip "
                       "route, ip rule)"};
    return plan;
  }
  plan.steps = left;
  plan.undo = !left.empty();
  return plan;
}

std::optional<Ending> overruled(const Network& network, const Config& asked) {
  const auto ending =
      asked.route == RouteMode::set_default ? default_overruled(network) : std::optional<Ending>();
  return ending ? ending : destinations_overruled(network);
}

std::optional<Ending> wrong_by_kernel(const Network& network, const Config& asked,
                                      const Paths* paths) {
  auto ending = overruled(network, asked);
  if (!ending && paths != nullptr && asked.route == RouteMode::set_default) {
    ending = sources_overruled(network, *paths);
  }
  return ending ? ending : table_taken(network);
}

bool is_confirmed(const Network& network, const Config& asked) {
  const bool by_default = asked.route != RouteMode::set_default || is_default_confirmed(network);
  return by_default && are_destinations_confirmed(network, asked);
}

bool is_egress_shown(const Network& network, const Config& asked) {
  const bool shown = asked.route == RouteMode::set_default ? is_default_confirmed(network)
                                                           : is_any_destination_confirmed(network);
  return shown && !is_unconfirmed(network);
}

bool is_unconfirmed(const Network& network) {
  return is_default_unconfirmed(network) || is_destination_unconfirmed(network);
}

bool is_doubtful(const Observation& found, const Config& asked) {
  const auto* node = std::get_if<Unavailable>(&found.node);
  const bool silent = node != nullptr && node->error.exit() == Exit::unavailable;
  return silent && !found.path_proven && !found.egress_proven &&
         asked.route == RouteMode::set_default && is_confirmed(found.network, asked);
}

bool must_compare_paths(const Observation& found, const Config& asked, const Error& failure) {
  return is_doubtful(found, asked) && failure.exit() != Exit::rolled_back;
}

PathVerdict compare_paths(PathAnswers answers) {
  if (answers.by_anchor) {
    return PathVerdict::anchor_works;
  }
  return answers.by_public ? PathVerdict::anchor_fails : PathVerdict::nothing_answers;
}

// Nothing is proven: the Node says so, and destinations are unreachable.
Plan end_closed(const Observation& found, const Config& asked, Ending ending) {
  Plan plan = end_without_egress(found, asked, std::move(ending));
  if (has_destinations(asked) && found.network.may_change) {
    const auto steps = close_destinations(found.network, "egress there is not proven");
    plan.steps.insert(plan.steps.begin(), steps.begin(), steps.end());
  }
  return plan;
}

// Egress did not show, or the kernel refused a part of it: everything is put back as it was.
Plan roll_back(const Observation& found, const Config& asked, Ending ending) {
  Plan plan = put_back(found, std::move(ending));
  if (plan.steps.empty()) {
    patch_node(plan, found, asked, std::nullopt);
  }
  return plan;
}

Plan end_without_droplet(const Observation& found, const Config& asked) {
  const Ending ending = ending_of(*found.droplet_error);
  return is_unconfirmed(found.network) ? roll_back(found, asked, ending) : Plan{.ending = ending};
}

// The network as it will be once `steps` are done, as far as its default and destinations go.
Network with_changes(Network network, const std::vector<Step>& steps) {
  for (const Step& step : steps) {
    if (const auto* replace = std::get_if<ReplaceDefault>(&step.action)) {
      std::erase(network.routes, default_in_force(network).value_or(Route{}));
      network.routes.push_back(replace->route);
    } else if (const auto* remove = std::get_if<RemoveRoute>(&step.action)) {
      std::erase(network.routes, remove->route);
    }
  }
  return with_destinations(std::move(network), steps);
}

Ending not_proven(const Error& why) {
  const bool impossible = why.exit() == Exit::config;  // whatever the network does
  return {.exit = impossible ? Exit::config : Exit::rolled_back,
          .message = fmt::format("cannot prove the egress IP, rolled back: {}", why.what()),
          .hint = why.hint()};
}

Ending no_rights() {
  return {.exit = Exit::no_permission,
          .message = "cannot change routes and rules: CAP_NET_ADMIN is missing",
          .hint = "run as root, or with the capability NET_ADMIN; nothing was changed"};
}

}  // namespace core
