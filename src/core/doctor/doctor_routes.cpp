// SPDX-License-Identifier: Apache-2.0
#include "core/doctor/findings.hpp"
#include "core/plan/paths.hpp"
#include "core/plan/routes.hpp"

#include <algorithm>

// Who else has a say in where packets of this droplet go.
namespace core {
namespace {

// The DOKS routing agent's (facts, section 4).
constexpr std::uint32_t agent_table = 135;
constexpr std::uint32_t agent_priority = 15135;

constexpr const char* left_alone = "--route none leaves the routes to others";

Check check_agent(const Examination& facts, const Network& network) {
  constexpr std::string_view name = "routing-agent";
  const bool rule = std::ranges::any_of(network.rules, [](const Rule& entry) {
    return entry.priority == agent_priority || entry.table == agent_table;
  });
  const bool table = std::ranges::any_of(
      network.routes, [](const Route& route) { return route.table == agent_table; });
  if (!rule && !table) {
    return ok(name, "no sign of it");
  }
  if (facts.asked.route == RouteMode::none) {
    return ok(name, fmt::format("it is here, and {}", left_alone));
  }
  return note(name,
              fmt::format("the DOKS routing agent is here (table {}, rule {})", agent_table,
                          agent_priority),
              "none of its Routes may cover 0.0.0.0/0, or both fight over the default: else "
              "--route none");
}

std::vector<Route> other_defaults(const Network& network, const Route& in_force) {
  std::vector<Route> others;
  for (const Route& route : network.routes) {
    if (route.table == main_table && route.destination == Prefix{} && route.tos == 0 &&
        route != in_force) {
      others.push_back(route);
    }
  }
  return others;
}

// Whether a gateway is one of the droplet's two; where it is not known, it may be.
bool is_known(const Examination& facts, const Route& route) {
  const Droplet* droplet = value_of(facts.droplet);
  if (droplet == nullptr || !droplet->public_interface) {
    return true;
  }
  return route.via.gateway == droplet->public_interface->gateway ||
         (droplet->anchor && route.via.gateway == droplet->anchor->gateway);
}

Check check_default(const Examination& facts, const Network& network) {
  constexpr std::string_view name = "default-route";
  const auto in_force = default_in_force(network);
  if (!in_force) {
    return warning(name, "there is no default route", "a reconcile makes one, see `ip route`");
  }
  if (const auto overruled = default_overruled(network)) {
    return problem(name, *overruled);
  }
  const std::string via = render_hop(in_force->via, network);
  if (in_force->multipath || !is_known(facts, *in_force)) {
    return warning(name,
                   in_force->multipath
                       ? "the default route has several gateways"
                       : fmt::format("the default route goes via {}, neither the public gateway "
                                     "nor the anchor's",
                                     via),
                   "a reconcile replaces it; whoever made it may put it back, see `ip route`");
  }
  const auto others = other_defaults(network, *in_force);
  if (others.empty()) {
    return ok(name, "via " + via);
  }
  const bool ours_behind =
      in_force->protocol != our_protocol &&
      std::ranges::find(others, our_protocol, &Route::protocol) != others.end();
  if (ours_behind) {
    return warning(
        name,
        fmt::format("a default via {} with metric {} is in front of ours", via, in_force->metric),
        "a reconcile replaces it; let whoever adds it (DHCP?) give it a higher metric");
  }
  return note(name, fmt::format("via {}; another via {} with metric {} stays behind it", via,
                                render_hop(others[0].via, network), others[0].metric));
}

Check check_networkd(const Examination& facts) {
  constexpr std::string_view name = "networkd";
  const Networkd& networkd = facts.host.networkd;
  const std::string remedy =
      "ManageForeignRoutes=no and ManageForeignRoutingPolicyRules=no in "
      "/etc/systemd/networkd.conf.d/do-egress-ip.conf, or a loop that brings them back";
  if (networkd.presence == Networkd::Presence::absent) {
    return ok(name, "systemd-networkd does not run here");
  }
  if (networkd.presence == Networkd::Presence::hidden) {
    return unknown(name, "the host's systemd is not to be seen from here",
                   "see `networkctl` on the host; where it runs: " + remedy);
  }
  if (!networkd.manages_routes && !networkd.manages_rules) {
    return ok(name, "it leaves routes and rules of others alone");
  }
  const std::string_view what = !networkd.manages_rules    ? "routes"
                                : !networkd.manages_routes ? "rules"
                                                           : "routes and rules";
  return warning(
      name, fmt::format("systemd-networkd removes {} that it did not make when it starts", what),
      remedy);
}

// Strictness of a device, as the kernel takes it: the stricter value is not the higher one.
int effective(const ReversePath& settings, const std::string& device) {
  const auto value = [&](const std::string& key) {
    const auto found = settings.find(key);
    return found == settings.end() ? 0 : found->second;
  };
  return std::max(value("all"), value(device));
}

std::string device_name(const Network& network, std::uint32_t ifindex) {
  const auto link = std::ranges::find(network.links, ifindex, &Link::ifindex);
  return link == network.links.end() ? std::string{} : link->name;
}

// The source rule saves the public address itself. What a NodePort hands on to a pod has the pod's
// address by the time the kernel looks, and no rule is for that one.
Check check_reverse_path(const Examination& facts, const Network& network) {
  constexpr std::string_view name = "rp-filter";
  const Droplet* droplet = value_of(facts.droplet);
  if (droplet == nullptr) {
    return unknown(name, "the devices are not known");
  }
  const auto located = find_paths(*droplet, network);
  const Paths* paths = std::get_if<Paths>(&located);
  if (paths == nullptr) {
    return skipped(name, "there are not both ways out");
  }
  const std::uint32_t outside = paths->public_path.via.ifindex;
  if (outside == paths->anchor_path.via.ifindex) {
    return ok(name, "public and anchor address share a NIC");
  }
  if (!facts.host.reverse_path) {
    return unknown(name, "the settings are not to be seen");
  }
  const std::string device = device_name(network, outside);
  if (effective(*facts.host.reverse_path, device) != 1) {
    return ok(name, "not strict on " + device);
  }
  return warning(name,
                 fmt::format("strict on {} while the anchor has a NIC of its own: what a NodePort "
                             "of the public address hands on to pods is dropped",
                             device),
                 fmt::format("sysctl net.ipv4.conf.{}.rp_filter=2 (the higher of it and `all` "
                             "counts)",
                             device));
}

}  // namespace

std::vector<Check> check_routes(const Examination& facts) {
  const Network* network = value_of(facts.host.network);
  if (network == nullptr) {
    const Error* failure = failure_in(facts.host.network);
    const std::string why = "the kernel did not tell";
    return {unknown("routing-agent", why),
            failure == nullptr ? unknown("default-route", why) : problem("default-route", *failure),
            check_networkd(facts), unknown("rp-filter", why)};
  }
  if (facts.asked.route == RouteMode::none) {
    return {check_agent(facts, *network), skipped("default-route", left_alone),
            skipped("networkd", left_alone), skipped("rp-filter", left_alone)};
  }
  return {check_agent(facts, *network), check_default(facts, *network), check_networkd(facts),
          check_reverse_path(facts, *network)};
}

}  // namespace core
