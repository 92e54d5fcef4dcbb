// SPDX-License-Identifier: Apache-2.0
#include "core/doctor/checks.hpp"
#include "core/plan/paths.hpp"

#include <fmt/ranges.h>

// Whether this is a droplet on which a reconcile can work at all, and what else runs on it.
namespace core {
namespace {

// A path of the droplet's, or what there is instead of it.
Check describe(const std::variant<Path, Ending>& path, const Network& network) {
  if (const auto* ending = std::get_if<Ending>(&path)) {
    return problem(*ending);
  }
  const Path& found = std::get<Path>(path);
  return ok(fmt::format("{} via {}", found.address.to_string(), render_hop(found.via, network)));
}

}  // namespace

Check check_name(const View& view) {
  const std::string& node = view.facts.asked.node_name;
  if (is_match(view.facts.match, node)) {
    return ok(fmt::format("\"{}\" matches", node));
  }
  return note(fmt::format("\"{}\" does not match, so a run here does nothing", node),
              "if it should: see --match-string, --match-regex and --node-name");
}

Check check_droplet(const View& view) {
  if (view.droplet != nullptr) {
    return ok(fmt::format("{} in {}", view.droplet->id, view.droplet->region));
  }
  const Error* failure = failure_in(view.facts.droplet);
  if (failure == nullptr) {
    return unknown("the metadata service was not asked");
  }
  constexpr std::string_view vendor = "DigitalOcean";  // as cloud-init tells its datasource
  const auto& made_by = view.facts.host.vendor;
  if (made_by && *made_by != vendor && failure->exit() == Exit::unavailable) {
    return problem(
        Exit::config,
        fmt::format("this is not a droplet but a machine of \"{}\": {}", *made_by, failure->what()),
        "run it on a DigitalOcean droplet");
  }
  return problem(failure->exit(), failure->what(),
                 made_by ? "this is a droplet, so a firewall, a route or a proxy is in the way to "
                           "the metadata service, 169.254.169.254"
                         : "either this is not a droplet, or something is in the way to the "
                           "metadata service, 169.254.169.254");
}

Check check_public_interface(const View& view) {
  return describe(find_public_path(*view.droplet, *view.network), *view.network);
}

Check check_anchor(const View& view) {
  if (view.droplet->anchor) {
    return ok(view.droplet->anchor->address.to_string());
  }
  return view.droplet->public_interface
             ? problem(std::get<Ending>(find_anchor_path(*view.droplet, {})))
             : skipped("there is no public interface to have one");
}

Check check_anchor_device(const View& view) {
  return view.droplet->anchor
             ? describe(find_anchor_path(*view.droplet, *view.network), *view.network)
             : skipped("there is no anchor address");
}

Check check_net_admin(const View& view) {
  return view.network->may_change
             ? ok("routes may be changed")
             : problem(Exit::no_permission, "this process may not change routes",
                       "run as root, or with the capability NET_ADMIN");
}

Check check_networkd(const View& view) {
  const Networkd& networkd = view.facts.host.networkd;
  const std::string remedy =
      "ManageForeignRoutes=no and ManageForeignRoutingPolicyRules=no in "
      "/etc/systemd/networkd.conf.d/do-egress-ip.conf, or a loop that brings them back";
  if (networkd.presence == Networkd::Presence::absent) {
    return ok("systemd-networkd does not run here");
  }
  if (networkd.presence == Networkd::Presence::hidden) {
    return unknown("the host's systemd is not visible from here",
                   "see `networkctl` on the host; where it runs: " + remedy);
  }
  if (!networkd.manages_routes && !networkd.manages_rules) {
    return networkd.keeps_addresses
               ? ok("it leaves routes and rules of others alone")
               : warning(
                     "when it starts again, systemd-networkd takes the addresses from the NIC, "
                     "and the kernel the routes with them",
                     "KeepConfiguration=static below [Network] in "
                     "/etc/systemd/network/NAME.network.d/do-egress-ip.conf; `networkctl "
                     "status` names the file NAME.network");
  }
  const std::string_view what = !networkd.manages_rules    ? "routes"
                                : !networkd.manages_routes ? "rules"
                                                           : "routes and rules";
  return warning(
      fmt::format("systemd-networkd removes {} that it did not make when it starts", what), remedy);
}

// The kernel chooses the source of a datagram by the route, whatever address was asked.
Check check_udp_services(const View& view) {
  const auto& ports = view.facts.host.udp_services;
  if (ports.empty()) {
    return ok("no UDP socket serves every address");
  }
  return note(
      fmt::format("UDP sockets on 0.0.0.0 answer from the reserved IP, also when they are "
                  "asked at the public address: port {}",
                  fmt::join(ports, ", ")),
      "bind a service that the internet asks to the address it is asked at, see `ss -lunp`");
}

Check check_clock(const View& view) {
  constexpr std::chrono::seconds tolerated{60};
  const auto& skew = view.facts.skew;
  if (!skew) {
    return unknown("no server answered over https, so there was no clock to compare with");
  }
  const auto apart = std::chrono::abs(skew->ahead);
  if (apart <= tolerated) {
    return ok(fmt::format("within {} s of {}'s", tolerated.count(), skew->server));
  }
  return warning(fmt::format("the clock is {} s {} {}'s", apart.count(),
                             skew->ahead.count() > 0 ? "ahead of" : "behind", skew->server),
                 "certificates and rate limits are judged by it: see `timedatectl`");
}

// A probe would have to tell a block, which drops, from a mail server that is slow: no cheap one
// does, and it would be a connection to somebody who has not asked for it.
Check check_smtp(const View&) {
  return note(
      "not probed: DigitalOcean blocks mail ports (25, 465, 587) out of droplets, whatever "
      "the address",
      "send mail by an HTTPS API, or a relay on another port");
}

}  // namespace core
