// SPDX-License-Identifier: Apache-2.0
#include "core/plan/switch.hpp"

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

}  // namespace

bool switch_default(Plan& plan, const Observation& found, const Config& asked, const Paths& paths) {
  const auto prepared = prepare_switch(found.network, paths, asked.direct);
  plan.steps.insert(plan.steps.end(), prepared.begin(), prepared.end());
  const auto replace = default_by_anchor(found.network, paths);
  if (replace.empty() && is_confirmed(found.network)) {
    return true;
  }
  if (plan.steps.empty() && !found.path_proven) {
    plan.needs.push_back(Need::path);
    return false;
  }
  plan.steps.insert(plan.steps.end(), replace.begin(), replace.end());
  if (plan.steps.empty() && !found.egress_proven) {
    plan.needs.push_back(Need::egress);
    return false;
  }
  plan.steps.push_back(confirm_default(found.network, paths));
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

std::optional<Ending> wrong_by_kernel(const Network& network) {
  const auto ending = default_overruled(network);
  return ending ? ending : table_taken(network);
}

Ending not_proven(const Error& why) {
  return {.exit = Exit::rolled_back,
          .message = fmt::format("cannot prove the egress IP, rolled back: {}", why.what()),
          .hint = why.hint()};
}

Ending no_rights() {
  return {.exit = Exit::no_permission,
          .message = "cannot change routes and rules: CAP_NET_ADMIN is missing",
          .hint = "run as root, or with the capability NET_ADMIN; nothing was changed"};
}

}  // namespace core
