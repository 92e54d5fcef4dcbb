// SPDX-License-Identifier: Apache-2.0
#include "app/run/reconcile.hpp"
#include "core/plan/plan.hpp"
#include "core/plan/routes.hpp"
#include "core/plan/undo.hpp"
#include "support/print.hpp"
#include "support/rig.hpp"

#include <algorithm>

using app::Outcome;
using core::Exit;
using support::Rig;
using Lines = std::vector<std::string>;

// Commit-confirm: a switch without a proof is undone exactly.

namespace {

bool is_probe(const io::Request& request) {
  return request.fresh && request.server == io::Server::kubernetes;
}

bool is_switched(const Rig& rig) {
  const auto in_force = core::default_in_force(rig.kernel.network);
  return in_force && in_force->via.gateway == support::anchor_gateway;
}

// The network is as it booted, the Node says false.
void check_undone(const Rig& rig, const core::Network& before) {
  CHECK(support::to_text(rig.kernel.network) == support::to_text(before));
  CHECK(rig.cloud.labels.at("do-outbound-floating-ip-enabled") == "false");
  CHECK(rig.guards.standing == 0);
}

}  // namespace

TEST_CASE("switch: switch until its proof, is guarded") {
  Rig rig;
  bool stood = false;
  rig.cloud.fault = [&](const io::Request& request) -> std::optional<support::Reply> {
    if (is_probe(request)) {
      stood = rig.guards.standing == 1 && is_switched(rig);
    }
    return std::nullopt;
  };
  CHECK(rig.run().ending.exit == Exit::ok);
  CHECK(stood);
  CHECK(rig.guards.opened == 1);
  CHECK(rig.guards.standing == 0);
  rig.run();
  CHECK(rig.guards.opened == 1);
}

TEST_CASE("switch: after the switch, no earlier connection is used") {
  Rig rig;
  rig.run();
  CHECK(rig.http.renewals == 1);
  rig.run();
  CHECK(rig.http.renewals == 1);
}

TEST_CASE("switch: run killed, the guard restores the network") {
  for (const auto topology : support::every_topology) {
    Rig rig(topology);
    const core::Network before = rig.kernel.read();
    rig.run();
    rig.guards.die(rig.kernel);
    CHECK(support::to_text(rig.kernel.read()) == support::to_text(before));
    rig.guards.die(rig.kernel);  // nothing left to do
    CHECK(support::to_text(rig.kernel.read()) == support::to_text(before));
  }
}

TEST_CASE("switch: API answered before but not after, is undone") {
  Rig rig;
  const core::Network before = rig.kernel.read();
  rig.cloud.fault = [&](const io::Request& request) -> std::optional<support::Reply> {
    return is_probe(request) ? std::optional(support::no_reply()) : std::nullopt;
  };
  const Outcome outcome = rig.run();
  CHECK(outcome.ending.exit == Exit::rolled_back);
  CHECK(outcome.ending.message ==
        "cannot prove the egress IP, rolled back: cannot connect after the switch: Couldn't "
        "connect to server");
  CHECK_FALSE(outcome.floating_ip.has_value());
  check_undone(rig, before);
  CHECK(rig.clock.slept.size() >= 2);  // an earlier attempt
  CHECK(rig.cloud.held() == support::first_choice);

  rig.cloud.fault = {};
  CHECK(rig.run().ending.exit == Exit::ok);
  CHECK(is_switched(rig));
}

TEST_CASE("switch: API down before the switch, does not count; the other one is asked") {
  Rig rig;
  int probes = 0;
  rig.cloud.fault = [&](const io::Request& request) -> std::optional<support::Reply> {
    probes += request.connect_only && !request.source && is_switched(rig) ? 1 : 0;
    return request.server == io::Server::kubernetes ? std::optional(support::no_reply())
                                                    : std::nullopt;
  };
  CHECK(rig.run().ending.exit == Exit::gate_failed);
  CHECK(is_switched(rig));
  CHECK(probes == 1);
}

// They lead where the default leads, so no packet shows them.
TEST_CASE("switch: routes in front lead to the public gateway, nothing is moved and exit 78") {
  Rig rig;
  for (const char* half : {"0.0.0.0/1", "128.0.0.0/1"}) {
    rig.kernel.network.routes.push_back({.destination = support::prefix(half),
                                         .via = {support::public_gateway, support::eth0},
                                         .protocol = 3});
  }
  const core::Network before = rig.kernel.read();
  const Outcome outcome = rig.run();
  CHECK(outcome.ending.exit == Exit::config);
  CHECK(outcome.ending.message.find("cannot use the default route") != std::string::npos);
  check_undone(rig, before);
  CHECK(rig.guards.opened == 0);
}

TEST_CASE("switch: probes and services, use new connections without a token") {
  Rig rig;
  rig.invocation.config.verify_urls = {support::verify_url};
  CHECK(rig.run().ending.exit == Exit::ok);
  int fresh = 0;
  for (const io::Request& request : rig.http.sent) {
    if (request.fresh) {
      ++fresh;
      CHECK(request.headers.empty());
      CHECK(request.tries == io::Tries::one);
    }
  }
  CHECK(fresh == 5);  // path: API host and service; after the switch also Kubernetes
  rig.run();
  CHECK(rig.http.sent.size() == 2);  // a steady run asks neither
}

TEST_CASE("verify: service sees another address, the switch is undone") {
  Rig rig;
  rig.invocation.config.verify_urls = {support::verify_url};
  const core::Network before = rig.kernel.read();
  rig.cloud.fault = [&](const io::Request& request) -> std::optional<support::Reply> {
    return request.server == io::Server::verify
               ? std::optional(support::json_reply("{\"ip\": \"203.0.113.10\"}"))
               : std::nullopt;
  };
  const Outcome outcome = rig.run();
  CHECK(outcome.ending.exit == Exit::rolled_back);
  CHECK(outcome.ending.message.ends_with(
      "https://whatismyip.test sees 203.0.113.10, not 198.51.100.8"));
  check_undone(rig, before);
}

TEST_CASE("verify: first label, needs a proof even without a switch") {
  Rig rig;
  rig.invocation.config.verify_urls = {support::verify_url};
  rig.converge();
  rig.cloud.labels.clear();
  SUBCASE("seen as the address") {
    CHECK(rig.run().ending.exit == Exit::ok);
    CHECK(rig.cloud.labels.at("do-outbound-floating-ip-enabled") == "true");
  }
  SUBCASE("not seen as it: the public default returns") {
    rig.cloud.fault = [&](const io::Request& request) -> std::optional<support::Reply> {
      return request.server == io::Server::verify
                 ? std::optional(support::json_reply("203.0.113.10"))
                 : std::nullopt;
    };
    CHECK(rig.run().ending.exit == Exit::rolled_back);
    CHECK_FALSE(is_switched(rig));
    CHECK(rig.cloud.labels.at("do-outbound-floating-ip-enabled") == "false");
  }
}

TEST_CASE("switch: signal before the proof, is undone") {
  for (const Exit signal : {Exit::interrupted, Exit::terminated}) {
    Rig rig;
    const core::Network before = rig.kernel.read();
    rig.cloud.fault = [&](const io::Request& request) -> std::optional<support::Reply> {
      if (is_probe(request)) {
        rig.clock.signal = signal;
        return core::Error(signal, "ended by a signal");
      }
      return std::nullopt;
    };
    CHECK(rig.run().ending.exit == signal);
    CHECK(support::to_text(rig.kernel.network) == support::to_text(before));
    CHECK(rig.guards.standing == 0);
  }
}

TEST_CASE("switch: failed undo, ends with degraded and names what is left") {
  Rig rig;
  rig.cloud.fault = [&](const io::Request& request) -> std::optional<support::Reply> {
    if (is_probe(request)) {
      rig.kernel.refuses = core::Error(Exit::os_error, "the kernel refuses");
      return support::no_reply();
    }
    return std::nullopt;
  };
  const Outcome outcome = rig.run();
  CHECK(outcome.ending.exit == Exit::degraded);
  CHECK(outcome.ending.message.find("cannot roll back: the kernel refuses") != std::string::npos);
  CHECK(outcome.ending.message.find("left: the previous default route comes back; ") !=
        std::string::npos);
  CHECK(rig.cloud.labels.at("do-outbound-floating-ip-enabled") == "false");
}

TEST_CASE("switch: anchor address removed before the proof, is undone") {
  Rig rig;
  const auto in_force_before = core::default_in_force(rig.kernel.read());
  rig.cloud.fault = [&](const io::Request& request) -> std::optional<support::Reply> {
    if (is_probe(request)) {
      std::erase_if(rig.kernel.network.addresses, [](const core::LinkAddress& held) {
        return held.address == support::anchor_address;
      });
      return support::no_reply();
    }
    return std::nullopt;
  };
  CHECK(rig.run().ending.exit == Exit::rolled_back);
  CHECK(core::default_in_force(rig.kernel.read()) == in_force_before);
  CHECK(rig.guards.standing == 0);
}

TEST_CASE("switch: guard cannot start, goes on without it") {
  Rig rig;
  rig.guards.blocked = core::Error(Exit::os_error, "start a guard: Cannot allocate memory");
  CHECK(rig.run().ending.exit == Exit::ok);
  CHECK(is_switched(rig));
}

TEST_CASE("undo: concurrent changes of others, stay") {
  auto now = support::converged(support::Topology::classic);
  core::Route* in_force = support::default_route(now);
  in_force->protocol = 16;  // a DHCP client added its own
  in_force->via.gateway = support::private_gateway;
  now.routes.push_back({.destination = support::prefix("192.0.2.0/24"),
                        .via = {support::private_gateway, support::eth1},
                        .protocol = 4});
  for (const core::Step& step : core::undo(now, support::droplet({}))) {
    CHECK_FALSE(std::holds_alternative<core::ReplaceDefault>(step.action));
    CHECK_FALSE(std::holds_alternative<core::SetRoute>(step.action));
  }
}
