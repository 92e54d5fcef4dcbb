// SPDX-License-Identifier: Apache-2.0
#include "app/run/reconcile.hpp"
#include "core/plan/routes.hpp"
#include "support/print.hpp"
#include "support/rig.hpp"

using app::Outcome;
using core::Exit;
using support::Reply;
using support::Rig;
using support::Topology;
using Lines = std::vector<std::string>;

// Whole runs with one failure: the result names it, and no label is wrong.

namespace {

using Fault = std::function<std::optional<Reply>(const io::Request&)>;

Fault down(io::Server server) {
  return [server](const io::Request& request) -> std::optional<Reply> {
    return request.server == server ? std::optional(support::no_reply()) : std::nullopt;
  };
}

Fault refused(const std::string& method, io::Server server, long status) {
  return [=](const io::Request& request) -> std::optional<Reply> {
    return request.server == server && request.method == method
               ? std::optional(support::json_reply(R"({"message":"no"})", status))
               : std::nullopt;
  };
}

core::NextHop leaves_by(Rig& rig) {
  return rig.kernel.read().leaves_by[0].hop;
}

void check_label_false(Rig& rig) {
  CHECK(rig.cloud.labels["do-outbound-floating-ip-enabled"] == "false");
  CHECK_FALSE(rig.cloud.labels.contains("do-outbound-floating-ip"));
}

}  // namespace

TEST_CASE("reconcile: no metadata, ends without a change") {
  Rig rig;
  rig.cloud.fault = down(io::Server::metadata);
  const Outcome outcome = rig.run();
  CHECK(outcome.ending.exit == Exit::unavailable);
  CHECK(outcome.ending.message == "cannot read the droplet's metadata: Couldn't connect to server");
  CHECK(outcome.result == Outcome::Result::failed);
  CHECK_FALSE(outcome.droplet.has_value());
  CHECK(rig.kernel.changes.empty());
}

TEST_CASE("reconcile: dead anchor and lost direct route, reaches metadata") {
  Rig rig;
  rig.converge();
  rig.cloud.addresses[support::first_choice].holder.reset();
  support::remove_routes_to(rig.kernel.network, support::prefix("169.254.169.254"));
  CHECK(rig.run().ending.exit == Exit::ok);
  CHECK(rig.cloud.held() == support::first_choice);
}

TEST_CASE("reconcile: API down on a new droplet, no address and label false") {
  Rig rig;
  rig.cloud.fault = down(io::Server::digitalocean);
  const Outcome outcome = rig.run();
  CHECK(outcome.ending.exit == Exit::unavailable);
  CHECK(outcome.ending.message == "cannot list reserved IPs: Couldn't connect to server");
  check_label_false(rig);
}

TEST_CASE("reconcile: API down after a loss, the public default returns") {
  Rig rig;
  rig.converge();
  rig.cloud.addresses[support::first_choice].holder.reset();
  rig.cloud.fault = down(io::Server::digitalocean);
  const Outcome outcome = rig.run();
  CHECK(outcome.ending.exit == Exit::unavailable);
  CHECK(leaves_by(rig).gateway == support::public_gateway);
  check_label_false(rig);
}

TEST_CASE("reconcile: unreadable while cut off, is read again after the public default returns") {
  Rig rig;
  rig.converge();
  rig.cloud.addresses[support::first_choice].holder = support::other_droplet;
  rig.cloud.fault = [](const io::Request& request) -> std::optional<Reply> {
    const bool by_public = request.source && request.source->address == support::public_address;
    return by_public ? std::optional(support::no_reply()) : std::nullopt;
  };
  CHECK(rig.run().ending.exit == Exit::ok);
  CHECK(rig.cloud.held() == support::second_choice);
  CHECK(rig.cloud.thefts.empty());
}

// Found by the nemesis, seed 100283.
TEST_CASE("reconcile: rate-limited request, is not repeated after a route change") {
  for (const auto& [status, exit] :
       {std::pair(429L, Exit::try_again), {401L, Exit::no_permission}}) {
    Rig rig;
    rig.converge();
    rig.cloud.addresses[support::first_choice].holder.reset();
    rig.cloud.fault = refused("GET", io::Server::digitalocean, status);
    CHECK(rig.run().ending.exit == exit);
    CHECK(leaves_by(rig).gateway == support::public_gateway);
    CHECK(support::api_calls(rig.http).size() == 1);
    check_label_false(rig);
  }
}

TEST_CASE("reconcile: API down on a converged droplet, is not asked") {
  Rig rig;
  rig.converge();
  rig.cloud.fault = down(io::Server::digitalocean);
  CHECK(rig.run().result == Outcome::Result::unchanged);
}

TEST_CASE("reconcile: no token when one is needed, the hint says how to set it") {
  Rig rig;
  rig.invocation.digitalocean.token = []() -> cloud::Secret {
    throw core::Error(Exit::config, "no DigitalOcean token").with_hint("--token-file");
  };
  const Outcome outcome = rig.run();
  CHECK(outcome.ending.exit == Exit::config);
  CHECK(outcome.ending.hint == "--token-file");
  check_label_false(rig);
  rig.converge();
  CHECK(rig.run().ending.exit == Exit::ok);
}

TEST_CASE("reconcile: refused token or missing scope, is reported") {
  Rig rig;
  SUBCASE("refused") {
    rig.cloud.fault = refused("GET", io::Server::digitalocean, 401);
  }
  SUBCASE("without the right to assign") {
    rig.cloud.fault = refused("POST", io::Server::digitalocean, 403);
  }
  const Outcome outcome = rig.run();
  CHECK(outcome.ending.exit == Exit::no_permission);
  CHECK(leaves_by(rig).gateway == support::public_gateway);
  check_label_false(rig);
}

TEST_CASE("reconcile: Kubernetes down, egress is set up and the exit code says so") {
  Rig rig;
  rig.cloud.fault = down(io::Server::kubernetes);
  const Outcome outcome = rig.run();
  CHECK(outcome.ending.exit == Exit::gate_failed);
  CHECK(outcome.floating_ip == support::first_choice);
  CHECK(leaves_by(rig).gateway == support::anchor_gateway);
}

TEST_CASE("reconcile: refused label, does not undo a working egress") {
  Rig rig;
  Exit expected = Exit::no_permission;
  SUBCASE("missing rights") {
    rig.cloud.fault = refused("PATCH", io::Server::kubernetes, 403);
  }
  SUBCASE("another reason") {
    rig.cloud.fault = refused("PATCH", io::Server::kubernetes, 500);
    expected = Exit::gate_failed;
  }
  const Outcome outcome = rig.run();
  CHECK(outcome.ending.exit == expected);
  CHECK(outcome.ending.message.starts_with("cannot label Node"));
  CHECK(outcome.floating_ip == support::first_choice);
  CHECK(outcome.result == Outcome::Result::failed);
  CHECK(outcome.steps.back().result == app::StepRecord::Result::failed);
  CHECK(leaves_by(rig).gateway == support::anchor_gateway);
}

TEST_CASE("reconcile: service account without a token, does not prevent egress") {
  Rig rig;
  rig.invocation.kubernetes->token = []() -> cloud::Secret {
    throw core::Error(Exit::config, "cannot read token");
  };
  const Outcome outcome = rig.run();
  CHECK(outcome.ending.exit == Exit::config);
  CHECK(leaves_by(rig).gateway == support::anchor_gateway);
}

TEST_CASE("reconcile: kernel refuses a change, the run ends and the Node is patched") {
  Rig rig;
  Exit expected = Exit::os_error;
  SUBCASE("the change") {
    rig.kernel.refusal = core::Error(Exit::os_error, "Nexthop has invalid gateway");
  }
  SUBCASE("missing rights") {
    rig.kernel.refusal = core::Error(Exit::no_permission, "Operation not permitted");
    expected = Exit::no_permission;
  }
  const Outcome outcome = rig.run();
  CHECK(outcome.ending.exit == expected);
  CHECK(rig.kernel.changes.size() == 1);
  CHECK_FALSE(outcome.floating_ip.has_value());
  CHECK(leaves_by(rig).gateway == support::public_gateway);
  check_label_false(rig);
}

// Found by the nemesis: an init container and a loop overlapped and ended with "File exists", 71.
TEST_CASE("reconcile: concurrent run adds the same rule, counts as done") {
  Rig other;
  other.converge();
  Rig rig;
  rig.kernel.meddler = [&](core::Network& network) { network.rules = other.kernel.network.rules; };
  const Outcome outcome = rig.run();
  CHECK(outcome.ending.exit == Exit::ok);
  CHECK(rig.kernel.network.rules == other.kernel.network.rules);
}

TEST_CASE("reconcile: change that something reverts, ends the run") {
  Rig rig;
  rig.kernel.meddler = [](core::Network& network) {
    support::default_route(network)->via.gateway = support::public_gateway;
  };
  const Outcome outcome = rig.run();
  CHECK(outcome.ending.exit == Exit::os_error);
  CHECK(outcome.ending.message.starts_with(
      "cannot keep a change: it was made 3 times and does not stay: "));
  CHECK_FALSE(outcome.ending.hint.empty());
}

TEST_CASE("reconcile: network that changes at every read, ends the run") {
  Rig rig;
  rig.converge();
  int metric = 0;
  rig.kernel.meddler = [&](core::Network& network) {
    for (core::Route& route : network.routes) {
      if (route.destination == core::metadata_service && route.source) {
        route.source.reset();
        route.metric = static_cast<std::uint32_t>(++metric);
      }
    }
  };
  support::route_to(rig.kernel.network, support::prefix("169.254.169.254"))->source.reset();
  const Outcome outcome = rig.run();
  CHECK((outcome.ending.exit == Exit::try_again || outcome.ending.exit == Exit::os_error));
  CHECK(rig.kernel.changes.size() < 500);
}

TEST_CASE("reconcile: overridden default, ends before a claim") {
  Rig rig;
  rig.kernel.network.routes.push_back(
      {.destination = support::prefix("128.0.0.0/1"), .via = {{}, support::eth1}, .protocol = 3});
  const Outcome outcome = rig.run();
  CHECK(outcome.ending.exit == Exit::config);
  CHECK(rig.kernel.changes.empty());
  CHECK(rig.http.counts()[0] == 0);
  check_label_false(rig);
}

TEST_CASE("reconcile: assignment stays pending, public default and label false") {
  Rig rig;
  rig.cloud.latency = std::chrono::hours{1};
  const Outcome outcome = rig.run();
  CHECK(outcome.ending.exit == Exit::try_again);
  CHECK(leaves_by(rig).gateway == support::public_gateway);
  check_label_false(rig);
  // The next run, an hour later, finds it done.
  rig.clock.now = std::chrono::hours{2};
  CHECK(rig.run().ending.exit == Exit::ok);
}

TEST_CASE("reconcile: metadata fails during a claim, is asked for one hint only") {
  Rig rig;
  rig.cloud.latency = io::Duration{5'000};
  rig.cloud.fault = [&](const io::Request& request) -> std::optional<Reply> {
    return request.server == io::Server::metadata && rig.clock.now > io::Duration{0}
               ? std::optional(support::no_reply())
               : std::nullopt;
  };
  CHECK(rig.run().ending.exit == Exit::ok);
  CHECK(rig.http.counts()[1] == 3);  // first, once after the POST, and without success
}

TEST_CASE("reconcile: address lost while its action is pending, is given up at once") {
  Rig rig;
  rig.cloud.addresses[support::first_choice].holder = support::our_droplet + 1;
  rig.cloud.fault = [](const io::Request& request) -> std::optional<Reply> {
    if (request.url.find("/v2/reserved_ips?") == std::string::npos) {
      return std::nullopt;
    }
    return support::json_reply(
        R"({"reserved_ips": [
             {"ip": "198.51.100.8", "region": {"slug": "nyc3"}, "locked": true,
              "droplet": {"id": 758604990}},
             {"ip": "198.51.100.9", "region": {"slug": "nyc3"}, "locked": false,
              "droplet": null}]})");
  };
  const Outcome outcome = rig.run();
  CHECK(outcome.ending.exit == Exit::ok);
  CHECK(outcome.floating_ip == support::second_choice);
  CHECK(rig.cloud.thefts.empty());
  CHECK(rig.http.counts()[0] < 12);
}
