// SPDX-License-Identifier: Apache-2.0
#include "app/run/reconcile.hpp"

#include "core/plan/routes.hpp"
#include "support/print.hpp"
#include "support/rig.hpp"

#include <nlohmann/json.hpp>

using app::Outcome;
using core::Exit;
using support::Rig;
using support::Topology;
using Lines = std::vector<std::string>;

// Successful runs in memory. See reconcile_failure_test.cpp and reconcile_crash_test.cpp.

namespace {

const io::RequestCounts nothing = {0, 0, 0};

// FakeHttp counts for the life of a Rig; this is the difference of one run.
struct Run {
  Outcome outcome;
  io::RequestCounts requests;
};
Run run(Rig& rig) {
  const auto before = rig.http.counts();
  Outcome outcome = rig.run();
  auto requests = outcome.requests;
  for (std::size_t server = 0; server < requests.size(); ++server) {
    requests.at(server) -= before.at(server);
  }
  return {std::move(outcome), requests};
}

Lines words(const Outcome& outcome, app::StepRecord::Result result) {
  std::vector<core::Step> steps;
  for (const app::StepRecord& record : outcome.steps) {
    if (record.result == result) {
      steps.push_back(record.step);
    }
  }
  return support::words(steps, outcome.network);
}
Lines done(const Outcome& outcome) {
  return words(outcome, app::StepRecord::Result::done);
}

void check_steady(Rig& rig) {
  rig.token_reads = 0;
  const Run again = run(rig);
  CHECK(again.outcome.result == Outcome::Result::unchanged);
  CHECK(again.requests == io::RequestCounts{0, 1, 1});
  CHECK(rig.kernel.changes.empty());
  CHECK(rig.token_reads == 0);
}

}  // namespace

TEST_CASE("reconcile: everything right, sends one request to metadata and one to Kubernetes") {
  for (const Topology topology : support::every_topology) {
    CAPTURE(support::name_of(topology));
    Rig rig(topology);
    rig.converge(topology);
    const Run first = run(rig);
    CHECK(first.requests == io::RequestCounts{0, 1, 1});
    CHECK(rig.token_reads == 0);
    CHECK(rig.kernel.changes.empty());
    CHECK(rig.kernel.reads == 1);
    CHECK(first.outcome.result == Outcome::Result::unchanged);
    CHECK(first.outcome.ending.exit == Exit::ok);
    CHECK(first.outcome.floating_ip == support::first_choice);
    CHECK(first.outcome.droplet->id == support::our_droplet);
    CHECK(first.outcome.steps.empty());
  }
}

TEST_CASE("reconcile: name does not match, sends nothing") {
  Rig rig;
  rig.invocation.config.node_name = "pool-web-8b870";
  const Run first = run(rig);
  CHECK(first.requests == nothing);
  CHECK(rig.kernel.reads == 0);
  CHECK(rig.token_reads == 0);
  CHECK(first.outcome.result == Outcome::Result::skipped);
  CHECK(first.outcome.ending.exit == Exit::ok);
  CHECK(first.outcome.ending.message == "the name \"pool-web-8b870\" does not contain \"egress\"");
  rig.invocation.match = {core::Match::Kind::regex, "x.*"};
  CHECK(rig.run().ending.message == "the name \"pool-web-8b870\" does not match \"x.*\"");
}

TEST_CASE("reconcile: new droplet in every topology, gets its address") {
  for (const Topology topology : support::every_topology) {
    CAPTURE(support::name_of(topology));
    Rig rig(topology);
    const Run first = run(rig);
    CHECK(first.outcome.result == Outcome::Result::changed);
    CHECK(first.outcome.ending.exit == Exit::ok);
    CHECK(rig.cloud.held() == support::first_choice);
    CHECK(rig.cloud.labels ==
          std::map<std::string, std::string>{{"do-outbound-floating-ip-enabled", "true"},
                                             {"do-outbound-floating-ip", "198.51.100.8"}});
    CHECK(rig.kernel.read().leaves_by == support::converged(topology).leaves_by);
    check_steady(rig);
  }
}

TEST_CASE("reconcile: first claim, needs the budgeted number of calls") {
  Rig rig;
  rig.cloud.addresses[support::second_choice].holder = support::other_droplet;
  const Run first = run(rig);
  CHECK(support::api_calls(rig.http) == Lines{"GET /v2/reserved_ips?per_page=200&page=1",
                                              "GET 198.51.100.8", "POST 198.51.100.8/actions",
                                              "GET 198.51.100.8", "GET 198.51.100.8"});
  CHECK(first.requests == io::RequestCounts{5, 2, 4});
  CHECK(rig.token_reads == 1);
}

TEST_CASE("reconcile: metadata in flight, reads the Node at the same time") {
  Rig rig;
  rig.converge();
  rig.run();
  REQUIRE(rig.http.sent.size() == 2);
  CHECK(rig.http.sent[0].server == io::Server::metadata);
  CHECK(rig.http.sent[1].server == io::Server::kubernetes);
  CHECK(rig.http.in_flight() == 0);
}

TEST_CASE("reconcile: no address shows a droplet, first proves droplet:read") {
  Rig rig;
  CHECK(rig.run().ending.exit == Exit::ok);
  CHECK(support::api_calls(rig.http).at(1) == "GET /v2/droplets/758604990");
}

TEST_CASE("reconcile: dry run, shows a run's steps and writes nothing") {
  Rig rig;
  rig.invocation.writes = app::Writes::none;
  const Outcome planned = rig.run();
  CHECK(planned.result == Outcome::Result::planned);
  CHECK(planned.ending.exit == Exit::ok);
  CHECK(planned.floating_ip == support::first_choice);
  CHECK(rig.kernel.changes.empty());
  for (const io::Request& request : rig.http.sent) {
    CHECK((request.method == "GET" || request.url.ends_with("/selfsubjectaccessreviews")));
  }
  const Lines foretold = words(planned, app::StepRecord::Result::planned);
  rig.invocation.writes = app::Writes::apply;
  CHECK(done(rig.run()) == foretold);
}

TEST_CASE("reconcile: dry run with everything right, is unchanged") {
  Rig rig;
  rig.converge();
  rig.invocation.writes = app::Writes::none;
  CHECK(rig.run().result == Outcome::Result::unchanged);
}

TEST_CASE("reconcile: lost address, is replaced in one run in the safe order") {
  for (const Topology topology : support::every_topology) {
    CAPTURE(support::name_of(topology));
    Rig rig(topology);
    rig.converge(topology);
    rig.cloud.addresses[support::first_choice].holder = support::other_droplet;
    rig.cloud.labels = support::labelled(support::first_choice).labels;
    const Outcome outcome = rig.run();
    CHECK(outcome.ending.exit == Exit::ok);
    const Lines steps = done(outcome);
    REQUIRE(steps.size() == 6);
    CHECK(steps[0].starts_with("replace-default default via 203.0.113.1 dev eth0"));
    CHECK(steps[1].ends_with("do-outbound-floating-ip- do-outbound-floating-ip-enabled=false"));
    CHECK(steps[2] == "assign 198.51.100.9 to droplet 758604990");
    CHECK(steps[3].starts_with("replace-default default via 10.17.0.1"));
    CHECK(steps[4].starts_with("confirm-default default via 10.17.0.1"));
    CHECK(
        steps[5].ends_with("do-outbound-floating-ip=198.51.100.9 "
                           "do-outbound-floating-ip-enabled=true"));
    CHECK(rig.cloud.thefts.empty());
    check_steady(rig);
  }
}

TEST_CASE("reconcile: anchor may be dead, asks the API from the public address") {
  Rig rig;
  rig.converge();
  rig.cloud.addresses[support::first_choice].holder.reset();
  rig.cloud.addresses[support::third_choice].holder = support::other_droplet;
  rig.run();
  bool first = true;
  for (const io::Request& request : rig.http.sent) {
    if (request.server == io::Server::digitalocean && !request.connect_only) {
      CHECK(request.source ==
            (first ? std::optional(io::Source{support::public_address, support::eth0})
                   : std::nullopt));
      first = false;
    }
  }
}

// Once before the lock, and again after it, when everything is read again.
TEST_CASE("reconcile: Node's request on a dead route, is cancelled and repeated") {
  Rig rig;
  rig.converge();
  rig.cloud.addresses[support::first_choice].holder.reset();
  CHECK(rig.run().ending.exit == Exit::ok);
  CHECK(rig.http.cancelled.size() == 2);
  CHECK(rig.http.in_flight() == 0);
}

TEST_CASE("reconcile: one thing wrong, repairs exactly that") {
  Rig rig;
  rig.converge();
  Lines expected;
  SUBCASE("a label was removed") {
    rig.cloud.labels.erase("do-outbound-floating-ip");
    expected = {
        "label-node pool-egress-8b870 do-outbound-floating-ip=198.51.100.8 "
        "do-outbound-floating-ip-enabled=true"};
  }
  SUBCASE("another program restored the default") {
    rig.kernel.network.routes[0] = support::booted(Topology::classic).routes[0];
    expected = {
        "label-node pool-egress-8b870 do-outbound-floating-ip- "
        "do-outbound-floating-ip-enabled=false",
        "replace-default default via 10.17.0.1 dev eth0 src 10.17.0.5",
        "confirm-default default via 10.17.0.1 dev eth0 src 10.17.0.5",
        "label-node pool-egress-8b870 do-outbound-floating-ip=198.51.100.8 "
        "do-outbound-floating-ip-enabled=true"};
  }
  SUBCASE("the direct route was lost") {
    support::remove_routes_to(rig.kernel.network, core::metadata_service);
    expected = {"set-route 169.254.169.254/32 via 203.0.113.1 dev eth0",
                "set-route 169.254.169.254/32 via 203.0.113.1 dev eth0 src 203.0.113.10"};
  }
  SUBCASE("a rule was lost") {
    std::erase_if(rig.kernel.network.rules,
                  [](const core::Rule& rule) { return rule.priority == 17300; });
    expected = {"add-rule 17300 from 203.0.113.10/32 lookup main without its default"};
  }
  SUBCASE("a direct route and a rule of an earlier run are left") {
    rig.kernel.network.routes.push_back({.destination = support::prefix("192.0.2.0/24"),
                                         .via = {support::public_gateway, support::eth0},
                                         .source = support::public_address});
    rig.kernel.add_rule({.priority = 17302,
                         .source = support::prefix("203.0.113.77"),
                         .table = core::public_table});
    expected = {"remove-rule 17302 from 203.0.113.77/32 lookup 17310",
                "remove-route 192.0.2.0/24 via 203.0.113.1 dev eth0 src 203.0.113.10"};
  }
  const Outcome outcome = rig.run();
  CHECK(done(outcome) == expected);
  CHECK(outcome.result == Outcome::Result::changed);
  CHECK(rig.http.counts()[0] == 0);
  check_steady(rig);
}
