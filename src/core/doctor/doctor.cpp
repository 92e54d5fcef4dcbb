// SPDX-License-Identifier: Apache-2.0
#include "core/doctor/doctor.hpp"

#include "core/doctor/checks.hpp"

#include <algorithm>
#include <array>

namespace core {
namespace {

// What a check needs, in the order in which its lack is told.
enum Need : unsigned {
  routes = 1,   // to be ours: not with --route none
  cluster = 2,  // a Kubernetes
  metadata = 4,
  kernel = 8,
  list = 16,  // of the account's addresses
  node = 32,
};

struct Row {
  std::string_view name;
  unsigned needs;
  Check (*look)(const View&);
};

// Frozen names, in their order; new ones are only ever added.
constexpr std::array table = {
    Row{"node-name", 0, check_name},
    Row{"droplet", 0, check_droplet},
    Row{"public-interface", metadata | kernel, check_public_interface},
    Row{"anchor", metadata, check_anchor},
    Row{"anchor-device", metadata | kernel, check_anchor_device},
    Row{"net-admin", routes | kernel, check_net_admin},
    Row{"routing-agent", kernel, check_routing_agent},
    Row{"default-route", routes, check_default_route},
    Row{"networkd", routes, check_networkd},
    Row{"rp-filter", routes | metadata | kernel, check_reverse_path},
    Row{"digitalocean", 0, check_digitalocean},
    Row{"token", 0, check_token},
    Row{"token-scopes", 0, check_token_scopes},
    Row{"token-team", metadata, check_token_team},
    Row{"pool-account", list, check_pool_account},
    Row{"pool-region", metadata | list, check_pool_region},
    Row{"pool-size", metadata | list, check_pool_size},
    Row{"held-address", 0, check_held_address},
    Row{"kubernetes", cluster, check_kubernetes},
    Row{"rbac", cluster, check_rbac},
    Row{"node", cluster, check_node},
    Row{"provider-id", cluster | metadata | node, check_provider_id},
    Row{"node-label", cluster | node, check_node_label},
    Row{"pod-masquerade", 0, check_pod_masquerade},
    Row{"clock", 0, check_clock},
    Row{"smtp", 0, check_smtp},
    Row{"mark", routes | kernel, check_mark},
    Row{"our-tables", routes | kernel, check_our_tables},
    Row{"other-rules", routes | kernel, check_other_rules},
    Row{"udp-services", routes, check_udp_services},
    Row{"destinations", kernel, check_destinations},
};

std::optional<Check> lack_of(const View& view, unsigned needs) {
  const auto lacks = [&](Need need, bool there) { return (needs & need) != 0 && !there; };
  if (lacks(routes, view.facts.asked.route != RouteMode::none)) {
    return skipped(std::string(left_to_others));
  }
  if (lacks(cluster, view.facts.cluster.asked)) {
    return skipped("without Kubernetes");
  }
  if (lacks(metadata, view.droplet != nullptr)) {
    return unknown("the metadata service did not answer");
  }
  if (lacks(kernel, view.network != nullptr)) {
    return unknown("the kernel did not answer");
  }
  if (lacks(list, view.facts.account.pool.has_value())) {
    return unknown("the account's addresses are not known");
  }
  return lacks(node, view.node != nullptr)
             ? std::optional(unknown("Kubernetes did not show the Node"))
             : std::nullopt;
}

std::optional<std::optional<Ipv4>> held_by_droplet(const Examination& facts) {
  const Droplet* droplet = value_of(facts.droplet);
  if (droplet == nullptr) {
    return std::nullopt;
  }
  const AccountFacts& account = facts.account;
  if (!account.pool || account.sight != Sight::seen) {
    return std::optional(droplet->floating_ip);
  }
  return account.ours ? std::optional(account.ours->address) : std::optional<Ipv4>{};
}

// What only a person can mend comes before what may pass, the most telling first.
constexpr std::array by_telling = {Exit::no_permission,  Exit::config,      Exit::foreign_ip,
                                   Exit::pool_exhausted, Exit::gate_failed, Exit::os_error,
                                   Exit::software,       Exit::unavailable, Exit::try_again};

bool tells_more(const Check& left, const Check& right) {
  return std::ranges::find(by_telling, left.exit) < std::ranges::find(by_telling, right.exit);
}

}  // namespace

std::string_view name_of(Verdict verdict) {
  constexpr std::array<std::string_view, 6> names = {"ok",      "note",    "warning",
                                                     "problem", "unknown", "skipped"};
  return names.at(static_cast<std::size_t>(verdict));
}

std::vector<Check> diagnose(const Examination& facts) {
  const View view{.facts = facts, .held = held_by_droplet(facts)};
  std::vector<Check> checks;
  for (const Row& row : table) {
    const auto lack = lack_of(view, row.needs);
    checks.push_back(lack ? *lack : row.look(view));
    checks.back().name = row.name;
  }
  return checks;
}

Ending conclude(const std::vector<Check>& checks) {
  std::vector<Check> problems;
  std::ranges::copy_if(checks, std::back_inserter(problems),
                       [](const Check& check) { return check.verdict == Verdict::problem; });
  if (problems.empty()) {
    return {};
  }
  const Check& worst = *std::ranges::min_element(problems, tells_more);
  return {.exit = worst.exit,
          .message = fmt::format("{} problem{} found; {}: {}", problems.size(),
                                 problems.size() == 1 ? "" : "s", worst.name, worst.found),
          .hint = worst.remedy};
}

}  // namespace core
