// SPDX-License-Identifier: Apache-2.0
#include "core/plan/destinations.hpp"

#include "app/run/reconcile.hpp"
#include "core/doctor/doctor.hpp"
#include "core/plan/routes.hpp"
#include "support/print.hpp"
#include "support/rig.hpp"

#include <algorithm>
#include <map>

using app::Outcome;
using core::Exit;
using support::prefix;
using support::Rig;
using Lines = std::vector<std::string>;

// Who must see the reserved IP, or nothing: unreachable for as long as egress is not proven.

namespace {

const core::Prefix partner = prefix("192.0.2.0/24");
const core::Prefix other_partner = prefix("198.18.0.9/32");

// A node with a pool, of which one partner must see the reserved IP.
struct Node : Rig {
  explicit Node(core::RouteMode mode = core::RouteMode::destinations) {
    invocation.config.route = mode;
    invocation.config.destinations = {partner, other_partner};
    invocation.config.verify_urls = {support::verify_url};
  }

  Outcome release() {
    forget();
    app::Invocation undo = invocation;
    undo.command = app::Command::release;
    undo.match = {};
    undo.config.keep_ip = true;
    return app::release(system, undo);
  }

  // Nobody has an address for this droplet.
  void take_pool() {
    for (auto& [address, entry] : cloud.addresses) {
      entry.holder = support::other_droplet;
    }
  }
};

// How packets to `address` leave: "10.17.0.1", "unreachable", or "as before".
std::string way_to(const Rig& rig, std::string_view address) {
  const auto& network = rig.kernel.network;
  const core::RouteGroup* group = core::longest_match(network.destinations, support::ip(address));
  const bool asked_first =
      std::ranges::any_of(network.rules, [](const auto& r) { return is_destination_rule(r); });
  if (group == nullptr || !asked_first || group->like.type == core::throw_type) {
    return "as before";
  }
  return group->like.via.gateway ? group->like.via.gateway->to_string() : "unreachable";
}

void check_closed(const Rig& rig) {
  CHECK(way_to(rig, "192.0.2.77") == "unreachable");
  CHECK(way_to(rig, "198.18.0.9") == "unreachable");
  CHECK(way_to(rig, "198.18.0.8") == "as before");
}

void check_open(const Rig& rig) {
  CHECK(way_to(rig, "192.0.2.77") == "10.17.0.1");
  CHECK(way_to(rig, "198.18.0.9") == "10.17.0.1");
  CHECK(way_to(rig, "198.18.0.8") == "as before");
  CHECK(core::is_destination(rig.invocation.config, support::ip("192.0.2.77")));
}

// After each change but the first, which is one half of the fence: the destinations are never
// reached as before.
void watch(Rig& rig) {
  rig.kernel.meddler = [&rig](core::Network&) {
    const bool fenced = rig.kernel.changes.size() > 1;
    CHECK((!fenced || way_to(rig, "192.0.2.77") != "as before"));
  };
}

}  // namespace

TEST_CASE("destinations: a first run closes them, claims, proves and opens them") {
  for (const auto mode : {core::RouteMode::destinations, core::RouteMode::set_default}) {
    Node node(mode);
    const core::Route before = *support::default_route(node.kernel.network);
    const Outcome outcome = node.run();
    CHECK(outcome.ending.exit == Exit::ok);
    CHECK(node.kernel.changes.at(0) == "7 set 192.0.2.0/24");
    CHECK(node.kernel.changes.at(1) == "add rule 17299");
    check_open(node);
    const bool kept = *support::default_route(node.kernel.network) == before;
    CHECK(kept == (mode == core::RouteMode::destinations));
    CHECK(node.run().result == Outcome::Result::unchanged);
    CHECK(node.kernel.changes.empty());
  }
}

TEST_CASE("destinations: they are unreachable while no address can be had") {
  Node node;
  SUBCASE("the pool is exhausted") {
    node.take_pool();
    CHECK(node.run().ending.exit == Exit::pool_exhausted);
  }
  SUBCASE("the API is down") {
    node.cloud.fault = [](const io::Request& request) {
      return request.server == io::Server::digitalocean ? std::optional(support::no_reply())
                                                        : std::nullopt;
    };
    CHECK(node.run().ending.exit == Exit::unavailable);
  }
  SUBCASE("metadata is down") {
    node.cloud.fault = [](const io::Request& request) {
      return request.server == io::Server::metadata ? std::optional(support::no_reply())
                                                    : std::nullopt;
    };
    CHECK(node.run().ending.exit == Exit::unavailable);
  }
  SUBCASE("the droplet holds one that is not in the pool") {
    node.cloud.addresses[support::not_in_pool].holder = support::our_droplet;
    CHECK(node.run().ending.exit == Exit::foreign_ip);
  }
  SUBCASE("a verify service sees another") {
    node.cloud.fault = [](const io::Request& request) {
      return request.server == io::Server::verify ? std::optional(support::json_reply("192.0.2.1"))
                                                  : std::nullopt;
    };
    CHECK(node.run().ending.exit == Exit::rolled_back);
  }
  check_closed(node);
  CHECK(node.cloud.labels["do-outbound-floating-ip-enabled"] != "true");
}

TEST_CASE("destinations: a lost address closes them before anything else") {
  for (const auto mode : {core::RouteMode::destinations, core::RouteMode::set_default}) {
    Node node(mode);
    node.run();
    check_open(node);
    node.take_pool();
    watch(node);
    CHECK(node.run().ending.exit == Exit::pool_exhausted);
    CHECK(node.kernel.changes.at(0) == "7 set 192.0.2.0/24");
    check_closed(node);
    CHECK(node.cloud.labels["do-outbound-floating-ip-enabled"] == "false");
    node.cloud.addresses[support::third_choice].holder.reset();
    CHECK(node.run().floating_ip == support::third_choice);
    check_open(node);
  }
}

TEST_CASE("destinations: an address that is not in the pool closes open ones") {
  Node node;
  node.run();
  node.take_pool();
  node.cloud.addresses[support::not_in_pool].holder = support::our_droplet;
  CHECK(node.run().ending.exit == Exit::foreign_ip);
  check_closed(node);
}

TEST_CASE("destinations: what no proof has confirmed is proven by the next run") {
  Node node;
  node.run();
  for (auto& group : node.kernel.network.destinations) {
    group.like.protocol = core::unconfirmed_protocol;
  }
  SUBCASE("and confirmed") {
    CHECK(node.run().ending.exit == Exit::ok);
    check_open(node);
    CHECK(node.kernel.network.destinations.at(0).like.protocol == core::our_protocol);
  }
  SUBCASE("or closed") {
    node.cloud.fault = [](const io::Request& request) {
      return request.server == io::Server::verify ? std::optional(support::no_reply())
                                                  : std::nullopt;
    };
    CHECK(node.run().ending.exit == Exit::rolled_back);
    check_closed(node);
  }
}

TEST_CASE("destinations: of a changed list only the difference is written") {
  Node node;
  node.run();
  node.invocation.config.destinations = {prefix("192.0.2.0/24"), prefix("198.51.100.128/25")};
  CHECK(node.run().ending.exit == Exit::ok);
  CHECK(node.kernel.changes == Lines{"7 set 198.51.100.128/25", "remove 198.18.0.9/32",
                                     "1 set 198.51.100.128/25", "1 set 198.51.100.128/25"});
  CHECK(way_to(node, "198.51.100.200") == "10.17.0.1");
  CHECK(node.cloud.events.size() == 2);  // and the Node was not told that it has no egress
  CHECK(way_to(node, "198.18.0.9") == "as before");
}

TEST_CASE("destinations: of a destination and a direct network the smaller one decides") {
  Node node;
  node.invocation.config.direct = {prefix("192.0.2.128/25"), prefix("198.18.0.0/16")};
  node.run();
  CHECK(way_to(node, "192.0.2.127") == "10.17.0.1");
  CHECK(way_to(node, "192.0.2.128") == "as before");
  CHECK(way_to(node, "198.18.0.9") == "10.17.0.1");
  CHECK_FALSE(core::is_destination(node.invocation.config, support::ip("192.0.2.128")));
  CHECK(core::is_destination(node.invocation.config, support::ip("198.18.0.9")));
  CHECK(node.run().result == Outcome::Result::unchanged);
  node.invocation.config.direct.clear();
  CHECK(node.run().ending.exit == Exit::ok);
  CHECK(way_to(node, "192.0.2.128") == "10.17.0.1");
}

TEST_CASE("destinations: a rule or a route that somebody removed comes back, closed") {
  Node node;
  node.run();
  const core::Network settled = node.kernel.network;
  SUBCASE("the rule") {
    std::erase_if(node.kernel.network.rules,
                  [](const core::Rule& rule) { return core::is_destination_rule(rule); });
  }
  SUBCASE("the routes") {
    node.kernel.network.destinations.clear();
  }
  SUBCASE("all, in a reboot") {
    node.kernel.network = support::booted(support::Topology::classic);
  }
  CHECK(node.run().ending.exit == Exit::ok);
  check_open(node);
  CHECK(node.kernel.network.destinations == settled.destinations);
}

TEST_CASE("destinations: release opens them, and leaves nothing") {
  for (const auto mode : {core::RouteMode::destinations, core::RouteMode::set_default}) {
    Node node(mode);
    const core::Network before = node.kernel.network;
    node.run();
    const Outcome outcome = node.release();
    CHECK(outcome.ending.exit == Exit::ok);
    CHECK(node.kernel.network.routes == before.routes);
    CHECK(node.kernel.network.rules == before.rules);
    CHECK(node.kernel.network.destinations.empty());
  }
}

TEST_CASE("destinations: without the option those of before are reached like everything else") {
  Node node(core::RouteMode::set_default);
  node.run();
  node.invocation.config.destinations.clear();
  CHECK(node.run().ending.exit == Exit::ok);
  CHECK(node.kernel.changes == Lines{"remove rule 17299", "remove 192.0.2.0/24"});
  CHECK(node.kernel.network.destinations.empty());
}

TEST_CASE("destinations: where the default was switched before, it is put back") {
  Node node(core::RouteMode::set_default);
  const core::Network before = node.kernel.network;
  node.run();
  node.invocation.config.route = core::RouteMode::destinations;
  CHECK(node.run().ending.exit == Exit::ok);
  check_open(node);
  CHECK(core::default_in_force(node.kernel.network) == core::default_in_force(before));
  CHECK(node.run().result == Outcome::Result::unchanged);
  node.release();
  CHECK(node.kernel.network.routes == before.routes);
}

TEST_CASE("destinations: one that contains what the node needs is refused, nothing is changed") {
  for (const char* network :
       {"10.0.0.0/8", "203.0.113.1", "203.0.113.10", "203.0.112.0/20", "10.132.0.0/16"}) {
    CAPTURE(network);
    Node node;
    node.invocation.config.destinations = {prefix(network)};
    const Outcome outcome = node.run();
    CHECK(outcome.ending.exit == Exit::config);
    CHECK(outcome.ending.message.find("which this node needs") != std::string::npos);
    CHECK(node.kernel.changes.empty());
  }
  Node node;
  node.invocation.config.destinations = {prefix("203.0.113.77")};  // a neighbour
  CHECK(node.run().ending.exit == Exit::ok);
}

TEST_CASE("destinations: one that contains the anchor gateway is refused, nothing is claimed") {
  Node node;
  node.invocation.config.destinations = {prefix("10.17.0.1")};
  const Outcome outcome = node.run();
  CHECK(outcome.ending.exit == Exit::config);
  CHECK(outcome.ending.message.find("10.17.0.1/32, a gateway") != std::string::npos);
  CHECK(support::api_calls(node.http).empty());
}

TEST_CASE("destinations: another program's route in the table is a finding") {
  Node node;
  node.kernel.network.destinations = {
      {{.via = {support::public_gateway, support::eth0}, .table = 17313, .protocol = 4},
       {partner}}};
  const Outcome outcome = node.run();
  CHECK(outcome.ending.exit == Exit::config);
  CHECK(outcome.ending.message.find("table 17313") != std::string::npos);
  CHECK(node.kernel.changes.empty());
}

TEST_CASE("destinations: a rule in front of them is a finding, and the Node says false") {
  Node node;
  node.run();
  node.kernel.network.rules.insert(node.kernel.network.rules.begin() + 1,
                                   {.priority = 5270, .table = 52, .protocol = 4});
  node.kernel.network.routes.push_back({.via = {{}, support::eth1}, .table = 52, .protocol = 4});
  const Outcome outcome = node.run();
  CHECK(outcome.ending.exit == Exit::config);
  CHECK(outcome.ending.message.find("192.0.2.0") != std::string::npos);
  CHECK(node.cloud.labels["do-outbound-floating-ip-enabled"] == "false");
}

TEST_CASE("destinations: a default by a VPN does not concern them") {
  Node node;
  node.kernel.network.rules.insert(node.kernel.network.rules.begin() + 1,
                                   {.priority = 32000, .table = 52, .protocol = 4});
  node.kernel.network.routes.push_back({.via = {{}, support::eth1}, .table = 52, .protocol = 4});
  CHECK(node.run().ending.exit == Exit::ok);
  check_open(node);
}

TEST_CASE("destinations: without rights nothing is claimed") {
  Node node;
  node.kernel.network.may_change = false;
  CHECK(node.run().ending.exit == Exit::no_permission);
  CHECK(support::api_calls(node.http).empty());
}

TEST_CASE("destinations: a dry run foretells every step and takes none") {
  Node node;
  node.invocation.writes = app::Writes::none;
  const Outcome planned = node.run();
  CHECK(node.kernel.changes.empty());
  node.invocation.writes = app::Writes::apply;
  const Outcome done = node.run();
  REQUIRE(planned.steps.size() == done.steps.size());
  for (std::size_t i = 0; i < done.steps.size(); ++i) {
    CHECK(planned.steps[i].step.action == done.steps[i].step.action);
  }
}

TEST_CASE("destinations: a change that the kernel refuses leaves them closed") {
  for (std::size_t refused = 2; refused < 14; ++refused) {
    CAPTURE(refused);
    Node node;
    node.kernel.refuse_change = refused;
    watch(node);
    node.run();
    CHECK(way_to(node, "192.0.2.77") != "as before");
    node.kernel.refuse_change.reset();
    node.run();
    check_open(node);
  }
}

TEST_CASE("destinations: doctor says whether they are open, and whether the Node says so") {
  Node node;
  const auto look = [&] {
    core::Examination facts{.asked = node.invocation.config};
    facts.host.network = node.kernel.network;
    facts.droplet = support::droplet(support::first_choice);
    facts.cluster.asked = true;
    facts.cluster.node = support::labelled(support::first_choice);
    std::map<std::string, core::Check> checks;
    for (const core::Check& check : core::diagnose(facts)) {
      checks.emplace(check.name, check);
    }
    return checks;
  };
  using core::Verdict;
  CHECK(look().at("destinations").verdict == Verdict::note);
  CHECK(look().at("node-label").found.find("destinations are unreachable") != std::string::npos);
  node.run();
  CHECK(look().at("destinations").verdict == Verdict::ok);
  CHECK(look().at("destinations").found == "192.0.2.0/24 and 1 more: through the anchor gateway");
  CHECK(look().at("node-label").verdict == Verdict::ok);
  CHECK(look().at("default-route").verdict == Verdict::skipped);
  node.invocation.config.destinations = {prefix("10.17.0.0/16")};
  CHECK(look().at("destinations").exit == Exit::config);
}
