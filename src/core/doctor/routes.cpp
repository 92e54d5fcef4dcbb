// SPDX-License-Identifier: Apache-2.0
#include "core/plan/routes.hpp"

#include "core/doctor/checks.hpp"
#include "core/plan/conflicts.hpp"
#include "core/plan/destinations.hpp"
#include "core/plan/paths.hpp"
#include "core/plan/rules.hpp"

#include <fmt/ranges.h>

#include <algorithm>

// Who else has a say in where packets of this droplet go.
namespace core {
namespace {

// The DOKS routing agent's (facts, section 4).
constexpr std::uint32_t agent_table = 135;
constexpr std::uint32_t agent_priority = 15135;

bool is_default(const Route& route) {
  return route.destination == Prefix{} && route.tos == 0;
}

bool is_ours(std::uint8_t protocol) {
  return protocol == our_protocol || protocol == unconfirmed_protocol;
}

std::vector<Route> other_defaults(const Network& network, const Route& in_force) {
  std::vector<Route> others;
  std::ranges::copy_if(network.routes, std::back_inserter(others), [&](const Route& route) {
    return route.table == main_table && is_default(route) && route != in_force;
  });
  return others;
}

// Whether a gateway is one of the droplet's two; where it is not known, it may be.
bool is_known(const Droplet* droplet, const Route& route) {
  if (droplet == nullptr || !droplet->public_interface) {
    return true;
  }
  return route.via.gateway == droplet->public_interface->gateway ||
         (droplet->anchor && route.via.gateway == droplet->anchor->gateway);
}

// Of rules and routes, each in words.
template <typename Values, typename Render>
std::string join(const Values& values, Render&& render) {
  std::vector<std::string> words;
  std::ranges::transform(values, std::back_inserter(words), render);
  return fmt::format("{}", fmt::join(words, ", "));
}

template <typename Test>
std::vector<Rule> rules_of_others(const Network& network, Test&& test) {
  std::vector<Rule> found;
  std::ranges::copy_if(network.rules, std::back_inserter(found),
                       [&](const Rule& rule) { return !is_ours(rule.protocol) && test(rule); });
  return found;
}

std::string render_other_default(const Route& in_force, const std::vector<Route>& others,
                                 const Network& network) {
  return fmt::format("via {}; another via {} with metric {} stays behind it",
                     render_hop(in_force.via, network), render_hop(others[0].via, network),
                     others[0].metric);
}

// A rule of others with which a reconcile refuses to switch.
std::optional<Ending> find_misleading_rule(const View& view) {
  if (view.droplet == nullptr || view.facts.asked.route != RouteMode::set_default) {
    return std::nullopt;
  }
  const auto located = find_paths(*view.droplet, *view.network);
  const auto* paths = std::get_if<Paths>(&located);
  return paths == nullptr ? std::nullopt : sources_overruled(*view.network, *paths);
}

}  // namespace

Check check_routing_agent(const View& view) {
  const bool rule = std::ranges::any_of(view.network->rules, [](const Rule& entry) {
    return entry.priority == agent_priority || entry.table == agent_table;
  });
  const bool table = std::ranges::count(view.network->routes, agent_table, &Route::table) > 0;
  if (!rule && !table) {
    return ok("no sign of it");
  }
  if (view.facts.asked.route == RouteMode::none) {
    return ok("it is here, and --route none leaves the routes to others");
  }
  return note(fmt::format("the DOKS routing agent is here (table {}, rule {})", agent_table,
                          agent_priority),
              "none of its Routes may cover 0.0.0.0/0, or both fight over the default: else "
              "--route none");
}

Check check_default_route(const View& view) {
  if (view.network == nullptr) {
    const Error* failure = failure_in(view.facts.host.network);
    return failure == nullptr ? unknown("the kernel did not answer") : problem(*failure);
  }
  if (view.facts.asked.route == RouteMode::destinations) {
    return skipped("--route destinations leaves it as it is");
  }
  const auto in_force = default_in_force(*view.network);
  if (!in_force) {
    return warning("there is no default route", "a reconcile makes one, see `ip route`");
  }
  if (const auto overruled = default_overruled(*view.network)) {
    return problem(*overruled);
  }
  const std::string via = render_hop(in_force->via, *view.network);
  if (in_force->multipath || !is_known(view.droplet, *in_force)) {
    return warning(
        in_force->multipath
            ? "the default route has several gateways"
            : fmt::format("the default route goes via {}, neither the public gateway "
                          "nor the anchor's",
                          via),
        "a reconcile replaces it; the program that made it may put it back, see `ip route`");
  }
  const auto others = other_defaults(*view.network, *in_force);
  if (others.empty()) {
    return ok("via " + via);
  }
  if (!is_ours(in_force->protocol) &&
      std::ranges::any_of(others, [](const Route& route) { return is_ours(route.protocol); })) {
    return warning(
        fmt::format("a default via {} with metric {} is in front of ours", via, in_force->metric),
        "a reconcile replaces it; give it a higher metric in the program that adds it (DHCP?)");
  }
  return note(render_other_default(*in_force, others, *view.network));
}

// The source rule saves the public address itself. What a NodePort hands on to a pod has the pod's
// address by the time the kernel looks: it is known by our mark, if the kernel asks for that.
Check check_reverse_path(const View& view) {
  const auto located = find_paths(*view.droplet, *view.network);
  const Paths* paths = std::get_if<Paths>(&located);
  if (paths == nullptr) {
    return skipped("there are not both paths");
  }
  const std::uint32_t outside = paths->public_path.via.ifindex;
  if (outside == paths->anchor_path.via.ifindex) {
    return ok("public and anchor address share a NIC");
  }
  const auto link = std::ranges::find(view.network->links, outside, &Link::ifindex);
  if (link->rp_filter != 1) {
    return ok("not strict on " + link->name);
  }
  if (link->src_valid_mark) {
    return ok(fmt::format("strict on {}, where src_valid_mark is set", link->name));
  }
  return warning(
      fmt::format("strict on {} while the anchor has its own NIC: NodePorts of the public "
                  "address do not answer, and pods' open connections break at the switch",
                  link->name),
      fmt::format(
          "`sysctl -w net.ipv4.conf.{0}.src_valid_mark=1`, or net.ipv4.conf.{0}.rp_filter=2",
          link->name));
}

Check check_mark(const View& view) {
  constexpr std::uint32_t bits = our_mark.mask | proof_mark.mask;
  std::vector<std::string> clashes;
  for (const Rule& rule : rules_of_others(*view.network, [](const Rule& entry) {
         return entry.mark && (entry.mark->mask & bits) != 0;
       })) {
    clashes.push_back(fmt::format("rule {} (fwmark {})", rule.priority, render_mark(*rule.mark)));
  }
  const auto* uses = value_of(view.facts.host.mark_uses);
  for (const MarkUse& use : uses == nullptr ? std::vector<MarkUse>{} : *uses) {
    if (((use.sets | use.tests) & bits) != 0) {
      clashes.push_back(fmt::format("nft table {} chain {} ({} {:#x})", use.table, use.chain,
                                    (use.sets & bits) != 0 ? "sets" : "tests",
                                    (use.sets & bits) != 0 ? use.sets : use.tests));
    }
  }
  if (!clashes.empty()) {
    return warning(fmt::format("mark bits of do-egress-ip, {:#x} and {:#x}, are used by {}",
                               our_mark.mask, proof_mark.mask, fmt::join(clashes, ", ")),
                   "give these rules other bits, or a mask without these two: packets with bit "
                   "0x1000 keep the public address");
  }
  const Error* failure = failure_in(view.facts.host.mark_uses);
  return failure != nullptr ? unknown(fmt::format("no rule of another program uses bits {:#x}; {}",
                                                  bits, failure->what()))
                            : ok(fmt::format("no other program uses bits {:#x}", bits));
}

Check check_our_tables(const View& view) {
  const auto taken = table_taken(*view.network);
  return taken ? problem(*taken) : ok("no routes of others in them");
}

// Rules of others that may lead past the reserved IP, or past what keeps the public address: VPNs,
// other agents, network plugins.
Check check_other_rules(const View& view) {
  const auto leads_to_default = [&](const Rule& rule) {
    return rule.table != main_table && rule.table != agent_table &&
           std::ranges::any_of(view.network->routes, [&](const Route& route) {
             return route.table == rule.table && is_default(route);
           });
  };
  const auto is_in_front = [](const Rule& rule) {
    return rule.table == main_table && rule.priority < proof_priority && !rule.mark &&
           !rule.suppress_prefixlength;
  };
  const auto others = rules_of_others(
      *view.network, [&](const Rule& rule) { return leads_to_default(rule) || is_in_front(rule); });
  if (const auto wrong = find_misleading_rule(view)) {
    return problem(*wrong);
  }
  if (others.empty()) {
    return ok("no rule of another program leads to a default route");
  }
  return note(join(others,
                   [&](const Rule& rule) {
                     if (is_in_front(rule)) {
                       return fmt::format(
                           "rule {} leads to the main table before the rules that "
                           "keep the public address",
                           rule.priority);
                     }
                     const std::string_view whose = rule.table == 52      ? " (Tailscale)"
                                                    : rule.table == 51820 ? " (wg-quick)"
                                                                          : "";
                     return fmt::format("rule {} leads to a default in table {}{}", rule.priority,
                                        rule.table, whose);
                   }),
              "see `ip rule`: traffic that these rules select may use another source IP, and "
              "NodePorts of the public address may not answer");
}

Check check_destinations(const View& view) {
  const Config& asked = view.facts.asked;
  if (asked.route == RouteMode::none) {
    const auto left = destinations_left(*view.network, asked);
    return left ? warning(left->message, left->hint) : skipped(std::string(left_to_others));
  }
  const auto refused = destinations_refused(
      *view.network, asked, view.droplet == nullptr ? std::nullopt : std::optional(*view.droplet));
  const auto wrong = refused ? refused : destinations_overruled(*view.network);
  if (wrong) {
    return problem(*wrong);
  }
  if (!has_destinations(asked)) {
    return ok("there are none");
  }
  const std::string which = render_destinations(asked.destinations);
  return are_destinations_confirmed(*view.network, asked)
             ? ok(fmt::format("{}: through the anchor gateway", which))
             : note(fmt::format("{}: unreachable, or not set up yet, because egress is not proven",
                                which));
}

}  // namespace core
