// SPDX-License-Identifier: Apache-2.0
#include "core/doctor/findings.hpp"
#include "core/plan/paths.hpp"

// Whether this is a droplet on which a reconcile can work at all.
namespace core {
namespace {

Check check_name(const Examination& facts) {
  constexpr std::string_view name = "node-name";
  const std::string& node = facts.asked.node_name;
  if (is_match(facts.match, node)) {
    return ok(name, fmt::format("\"{}\" matches", node));
  }
  return note(name, fmt::format("\"{}\" does not match, so a run here does nothing", node),
              "if it should: see --match-string, --match-regex and --node-name");
}

Check check_droplet(const Examination& facts) {
  constexpr std::string_view name = "droplet";
  if (const Droplet* droplet = value_of(facts.droplet)) {
    return ok(name, fmt::format("{} in {}", droplet->id, droplet->region));
  }
  const Error* failure = failure_in(facts.droplet);
  if (failure == nullptr) {
    return unknown(name, "the metadata service was not asked");
  }
  constexpr std::string_view vendor = "DigitalOcean";  // as cloud-init tells its datasource
  const auto& made_by = facts.host.vendor;
  if (made_by && *made_by != vendor && failure->exit() == Exit::unavailable) {
    return problem(
        name, Exit::config,
        fmt::format("this is not a droplet but a machine of \"{}\": {}", *made_by, failure->what()),
        "run it on a DigitalOcean droplet");
  }
  return problem(name, failure->exit(), failure->what(),
                 made_by ? "this is a droplet, so a firewall, a route or a proxy is in the way to "
                           "the metadata service, 169.254.169.254"
                         : "either this is not a droplet, or something is in the way to the "
                           "metadata service, 169.254.169.254");
}

// A path of the droplet's, or what there is instead of it.
Check check_path(std::string_view name, const std::variant<Path, Ending>& path,
                 const Network& network) {
  if (const auto* ending = std::get_if<Ending>(&path)) {
    return problem(name, *ending);
  }
  const Path& found = std::get<Path>(path);
  return ok(name,
            fmt::format("{} via {}", found.address.to_string(), render_hop(found.via, network)));
}

constexpr const char* no_metadata = "the metadata service did not tell";

Check check_public(const Examination& facts) {
  constexpr std::string_view name = "public-interface";
  const Droplet* droplet = value_of(facts.droplet);
  const Network* network = value_of(facts.host.network);
  if (droplet == nullptr || (droplet->public_interface && network == nullptr)) {
    return unknown(name, droplet == nullptr ? no_metadata : "the kernel did not tell");
  }
  return check_path(name, find_public_path(*droplet, network == nullptr ? Network{} : *network),
                    network == nullptr ? Network{} : *network);
}

Check check_anchor(const Examination& facts) {
  constexpr std::string_view name = "anchor";
  const Droplet* droplet = value_of(facts.droplet);
  if (droplet == nullptr) {
    return unknown(name, no_metadata);
  }
  if (droplet->anchor) {
    return ok(name, droplet->anchor->address.to_string());
  }
  if (!droplet->public_interface) {
    return skipped(name, "there is no public interface to have one");
  }
  return problem(name, std::get<Ending>(find_anchor_path(*droplet, {})));
}

Check check_anchor_device(const Examination& facts) {
  constexpr std::string_view name = "anchor-device";
  const Droplet* droplet = value_of(facts.droplet);
  const Network* network = value_of(facts.host.network);
  if (droplet == nullptr || network == nullptr) {
    return unknown(name, droplet == nullptr ? no_metadata : "the kernel did not tell");
  }
  if (!droplet->anchor) {
    return skipped(name, "there is no anchor address");
  }
  return check_path(name, find_anchor_path(*droplet, *network), *network);
}

Check check_rights(const Examination& facts) {
  constexpr std::string_view name = "net-admin";
  if (facts.asked.route == RouteMode::none) {
    return skipped(name, "--route none changes no routes");
  }
  if (!facts.host.may_change_routes) {
    return unknown(name, "the capabilities of this process are not to be seen");
  }
  if (*facts.host.may_change_routes) {
    return ok(name, "routes may be changed");
  }
  return problem(name, Exit::no_permission, "this process may not change routes",
                 "run as root, or with the capability NET_ADMIN");
}

}  // namespace

std::vector<Check> check_host(const Examination& facts) {
  return {check_name(facts),   check_droplet(facts),       check_public(facts),
          check_anchor(facts), check_anchor_device(facts), check_rights(facts)};
}

}  // namespace core
