// SPDX-License-Identifier: Apache-2.0
#include "core/plan/rights.hpp"

#include "core/plan/node.hpp"

#include <algorithm>

namespace core {
namespace {

std::optional<Ending> denied_by(const Error& error) {
  return error.exit() == Exit::no_permission
             ? std::optional(ending_of(error.while_doing("claim an address")))
             : std::nullopt;
}

}  // namespace

std::vector<Need> needs_of_account(const Observation& found) {
  return must_ask_rights(found) ? std::vector{Need::account, Need::rights}
                                : std::vector{Need::account};
}

bool must_ask_rights(const Observation& found) {
  return std::holds_alternative<Node>(found.node) && std::holds_alternative<NotAsked>(found.rights);
}

bool needs_net_admin(const std::vector<Step>& steps) {
  return std::ranges::any_of(steps, [](const Step& step) {
    return !std::holds_alternative<PatchNode>(step.action) &&
           !std::holds_alternative<ReleaseLease>(step.action);
  });
}

std::optional<Ending> denied_claim(const Observation& found) {
  if (const auto* unavailable = std::get_if<Unavailable>(&found.node)) {
    return denied_by(unavailable->error);
  }
  if (found.lease_error) {
    return denied_by(*found.lease_error);
  }
  const auto* rights = std::get_if<std::vector<Right>>(&found.rights);
  const std::string missing = rights == nullptr ? std::string{} : name_missing(*rights);
  if (missing.empty()) {
    return std::nullopt;
  }
  return Ending{
      .exit = Exit::no_permission,
      .message = fmt::format("cannot claim an address: Kubernetes denies the service account to {}",
                             missing),
      .hint = "bind it to the Roles of deploy/manifests/10-access.yaml, or of the chart"};
}

}  // namespace core
