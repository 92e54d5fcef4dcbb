// SPDX-License-Identifier: Apache-2.0
#include "app/run/status.hpp"
#include "core/plan/routes.hpp"
#include "support/print.hpp"
#include "support/rig.hpp"

#include <algorithm>

using app::Outcome;
using core::Exit;
using support::Rig;
using support::Topology;

// Prove, then switch, then confirm; and findings before that.

namespace {

using Fault = std::function<std::optional<support::Reply>(const io::Request&)>;

bool is_by_path(const io::Request& request) {
  return request.source && request.source->address == support::anchor_address;
}

bool is_after_switch(const io::Request& request) {
  return request.fresh && !request.source;
}

Fault dead(bool (*way)(const io::Request&)) {
  return [way](const io::Request& request) {
    return way(request) ? std::optional(support::no_reply()) : std::nullopt;
  };
}

std::uint8_t protocol_of_default(const Rig& rig) {
  return core::default_in_force(rig.kernel.network).value_or(core::Route{.protocol = 0}).protocol;
}

bool replaces_default(const app::StepRecord& record) {
  return std::holds_alternative<core::ReplaceDefault>(record.step.action);
}

void check_label_false(const Rig& rig) {
  CHECK(rig.cloud.labels.at("do-outbound-floating-ip-enabled") == "false");
  CHECK_FALSE(rig.cloud.labels.contains("do-outbound-floating-ip"));
}

void check_posts_nothing(const Rig& rig) {
  for (const io::Request& request : rig.http.sent) {
    CHECK((request.server != io::Server::digitalocean || request.method == "GET"));
  }
  CHECK_FALSE(rig.cloud.held().has_value());
}

void put_vpn_in_front(Rig& rig) {
  rig.kernel.network.rules.insert(rig.kernel.network.rules.begin() + 1,
                                  {.priority = 5270, .table = 52, .protocol = 3});
  rig.kernel.network.routes.push_back(
      {.via = {support::private_gateway, support::eth1}, .table = 52, .protocol = 3});
}

}  // namespace

TEST_CASE("proof: path not proven, no switch, everything is as before") {
  for (const Topology topology : support::every_topology) {
    CAPTURE(support::name_of(topology));
    Rig rig(topology);
    const core::Network before = rig.kernel.read();
    rig.cloud.fault = dead(is_by_path);
    rig.kernel.meddler = [&](const core::Network& now) {
      CHECK(core::default_in_force(now) == core::default_in_force(before));
    };
    const Outcome outcome = rig.run();
    CHECK(outcome.ending.exit == Exit::rolled_back);
    CHECK(std::ranges::none_of(outcome.steps, replaces_default));
    CHECK(support::to_text(rig.kernel.read()) == support::to_text(before));
    CHECK(rig.guards.opened == 0);
    check_label_false(rig);
  }
}

TEST_CASE("proof: path, is proven by the anchor's address and table, past any proxy") {
  Rig rig;
  rig.invocation.config.verify_urls = {support::verify_url};
  CHECK(rig.run().ending.exit == Exit::ok);
  const auto by_path = std::ranges::count_if(rig.http.sent, is_by_path);
  CHECK(by_path == 2);
  for (const io::Request& request : rig.http.sent) {
    if (is_by_path(request)) {
      CHECK(request.mark == 0x2000);
      CHECK(request.direct);
      CHECK(request.fresh);
    }
  }
}

TEST_CASE("proof: switch, protocol 174 until new connections succeed, then 173") {
  Rig rig;
  int asked = 0;
  rig.cloud.fault = [&](const io::Request& request) -> std::optional<support::Reply> {
    if (is_after_switch(request)) {
      ++asked;
      CHECK(protocol_of_default(rig) == 174);
    }
    return std::nullopt;
  };
  CHECK(rig.run().ending.exit == Exit::ok);
  CHECK(asked == 2);  // Kubernetes and the API's host
  CHECK(protocol_of_default(rig) == 173);
  CHECK(rig.guards.confirmed == 1);
}

TEST_CASE("proof: unconfirmed default of a killed run, is confirmed if proven") {
  for (const Topology topology : support::every_topology) {
    CAPTURE(support::name_of(topology));
    Rig rig(topology);
    rig.converge(topology);
    support::default_route(rig.kernel.network)->protocol = core::unconfirmed_protocol;
    CHECK(rig.run().ending.exit == Exit::ok);
    CHECK(support::to_text(rig.kernel.network) == support::to_text(support::converged(topology)));
    CHECK(rig.guards.confirmed == 1);
    CHECK(rig.cloud.labels.at("do-outbound-floating-ip-enabled") == "true");
  }
}

TEST_CASE("proof: unconfirmed default of a killed run, is undone if not proven") {
  for (const auto way : {is_by_path, is_after_switch}) {
    for (const Topology topology : support::every_topology) {
      CAPTURE(support::name_of(topology));
      Rig rig(topology);
      const core::Network booted = rig.kernel.read();
      rig.converge(topology);
      support::default_route(rig.kernel.network)->protocol = core::unconfirmed_protocol;
      rig.cloud.fault = dead(way);
      CHECK(rig.run().ending.exit == Exit::rolled_back);
      CHECK(support::to_text(rig.kernel.read()) == support::to_text(booted));
      CHECK(rig.guards.standing == 0);
      check_label_false(rig);
    }
  }
}

TEST_CASE("proof: Node says true without egress, is corrected first") {
  Rig rig;
  rig.cloud.labels = support::labelled(support::first_choice).labels;
  rig.cloud.fault =
      dead([](const io::Request& request) { return request.server == io::Server::metadata; });
  CHECK(rig.run().ending.exit == Exit::unavailable);
  check_label_false(rig);
  const auto told = std::ranges::find(rig.http.sent, "PATCH", &io::Request::method);
  const auto asked = std::ranges::find(rig.http.sent, io::Server::metadata, &io::Request::server);
  CHECK(told < asked);
  CHECK(rig.kernel.changes.empty());
}

TEST_CASE("proof: VPN in front, label false without asking any server") {
  Rig rig;
  rig.converge();
  put_vpn_in_front(rig);
  rig.cloud.fault =
      dead([](const io::Request& request) { return request.server != io::Server::kubernetes; });
  const Outcome outcome = rig.run();
  CHECK(outcome.ending.exit == Exit::config);
  CHECK(outcome.ending.message.find("goes via 10.132.0.1 dev eth1") != std::string::npos);
  CHECK(std::ranges::count(rig.http.sent, io::Server::metadata, &io::Request::server) == 0);
  CHECK(rig.kernel.changes.empty());
  check_label_false(rig);
}

TEST_CASE("proof: no CAP_NET_ADMIN, claims nothing even in a dry run") {
  Rig rig;
  rig.kernel.network.may_change = false;
  SUBCASE("a run") {
    CHECK(rig.run().ending.exit == Exit::no_permission);
    check_label_false(rig);
  }
  SUBCASE("a dry run") {
    rig.invocation.writes = app::Writes::none;
    CHECK(rig.run().ending.exit == Exit::no_permission);
  }
  CHECK(rig.kernel.changes.empty());
  check_posts_nothing(rig);
}

TEST_CASE("proof: no CAP_NET_ADMIN, a steady run and status work") {
  Rig rig;
  rig.converge();
  rig.kernel.network.may_change = false;
  CHECK(rig.run().result == Outcome::Result::unchanged);
  rig.invocation.command = app::Command::status;
  rig.invocation.writes = app::Writes::none;
  CHECK(app::status(rig.system, rig.invocation).ending.exit == Exit::ok);
  rig.kernel.network = support::booted(Topology::classic);
  rig.kernel.network.may_change = false;
  CHECK(app::status(rig.system, rig.invocation).ending.exit != Exit::no_permission);
}

TEST_CASE("proof: another program's route in our table, is reported and stays") {
  Rig rig;
  core::Route foreign{.via = {support::private_gateway, support::eth1}, .protocol = 4};
  SUBCASE("17310, its default") {
    foreign.table = 17310;
  }
  SUBCASE("17311, its default") {
    foreign.table = 17311;
  }
  SUBCASE("17311, another one") {
    foreign.table = 17311;
    foreign.destination = support::prefix("192.0.2.0/24");
  }
  SUBCASE("17312, which holds copies of defaults only") {
    foreign.table = 17312;
    foreign.destination = support::prefix("192.0.2.0/24");
  }
  rig.kernel.network.routes.push_back(foreign);
  const core::Network before = rig.kernel.network;
  const Outcome outcome = rig.run();
  CHECK(outcome.ending.exit == Exit::config);
  CHECK(outcome.ending.message.find(std::to_string(foreign.table)) != std::string::npos);
  CHECK(rig.kernel.network == before);
  CHECK(rig.kernel.changes.empty());
  check_label_false(rig);
  check_posts_nothing(rig);
}
