// SPDX-License-Identifier: Apache-2.0
#include "app/run/reconcile.hpp"
#include "support/print.hpp"
#include "support/rig.hpp"

#include <algorithm>

using app::Outcome;
using core::Exit;
using support::Rig;
using Lines = std::vector<std::string>;

// The pool and the account decide what is claimed.

namespace {

bool posted(const Rig& rig) {
  return std::ranges::any_of(rig.http.sent, [](const io::Request& request) {
    return request.server == io::Server::digitalocean && request.method == "POST";
  });
}

Lines words(const Outcome& outcome) {
  Lines lines;
  for (const app::StepRecord& record : outcome.steps) {
    lines.push_back(support::words({record.step}, outcome.network).at(0));
  }
  return lines;
}

// No address, and no label.
void check_without_egress(Rig& rig, const Outcome& outcome) {
  CHECK(outcome.result == Outcome::Result::failed);
  CHECK_FALSE(outcome.floating_ip.has_value());
  CHECK(rig.cloud.labels["do-outbound-floating-ip-enabled"] == "false");
  CHECK_FALSE(rig.cloud.labels.contains("do-outbound-floating-ip"));
  CHECK(rig.kernel.read().leaves_by[0].hop.gateway == support::public_gateway);
}

}  // namespace

// A dry run keeps the dead default and must still reach every server.
TEST_CASE("reconcile: lost address, a dry run shows the steps of the next run") {
  for (const auto topology : support::every_topology) {
    CAPTURE(support::name_of(topology));
    Rig rig(topology);
    rig.converge(topology);
    rig.cloud.addresses[support::first_choice].holder = support::other_droplet;
    rig.invocation.writes = app::Writes::none;
    const Outcome planned = rig.run();
    CHECK(planned.ending.exit == Exit::ok);
    CHECK(rig.kernel.changes.empty());
    CHECK_FALSE(posted(rig));
    rig.invocation.writes = app::Writes::apply;
    CHECK(words(planned) == words(rig.run()));
  }
}

TEST_CASE("reconcile: metadata lags after a claim, changes nothing") {
  Rig rig;
  rig.converge();
  rig.cloud.metadata_lags = true;
  const Outcome outcome = rig.run();
  CHECK(outcome.result == Outcome::Result::unchanged);
  CHECK(outcome.floating_ip == support::first_choice);
  CHECK(support::api_calls(rig.http) == Lines{"GET /v2/reserved_ips?per_page=200&page=1"});
  CHECK(rig.kernel.changes.empty());
}

TEST_CASE("reconcile: address taken while settling, takes the next one") {
  Rig rig;
  rig.clock.on_sleep = [&] {
    rig.cloud.addresses[support::first_choice].holder = support::other_droplet;
  };
  const Outcome outcome = rig.run();
  CHECK(outcome.ending.exit == Exit::ok);
  CHECK(rig.cloud.held() == support::second_choice);
  CHECK(rig.cloud.thefts.empty());
  REQUIRE(outcome.steps.size() >= 2);
  CHECK(outcome.steps[0].result == app::StepRecord::Result::failed);
  CHECK(outcome.steps[0].detail == "droplet 758604991 holds it");
  CHECK(outcome.steps[1].result == app::StepRecord::Result::done);
}

TEST_CASE("reconcile: every address lost, ends with claim-lost") {
  Rig rig;
  rig.cloud.afterwards = [&](const io::Request& request, support::Reply&) {
    if (request.url.ends_with("page=1")) {
      for (auto& [address, entry] : rig.cloud.addresses) {
        entry.holder = support::other_droplet;
      }
    }
  };
  const Outcome outcome = rig.run();
  CHECK(outcome.ending.exit == Exit::claim_lost);
  CHECK_FALSE(posted(rig));
  check_without_egress(rig, outcome);
}

TEST_CASE("reconcile: every address held by others, ends with pool-exhausted") {
  Rig rig;
  for (auto& [address, entry] : rig.cloud.addresses) {
    entry.holder = support::other_droplet;
  }
  const Outcome outcome = rig.run();
  CHECK(outcome.ending.exit == Exit::pool_exhausted);
  CHECK_FALSE(posted(rig));
  check_without_egress(rig, outcome);
  // A second run writes nothing.
  CHECK(rig.run().steps.empty());
}

TEST_CASE("reconcile: token does not see droplets, claims nothing") {
  Rig rig;
  rig.cloud.shows_droplets = false;
  rig.cloud.addresses[support::first_choice].holder = support::other_droplet;
  const Outcome outcome = rig.run();
  CHECK(outcome.ending.exit == Exit::no_permission);
  CHECK(outcome.ending.hint.find("droplet:read") != std::string::npos);
  CHECK_FALSE(posted(rig));
  check_without_egress(rig, outcome);
}

TEST_CASE("reconcile: pool address missing in the list, is read by itself") {
  Rig rig;
  for (auto& [address, entry] : rig.cloud.addresses) {
    entry.holder = support::other_droplet;
  }
  SUBCASE("a free BYOIP address") {
    rig.cloud.addresses[support::third_choice] = {.listed = false};
  }
  SUBCASE("our own BYOIP address") {
    rig.cloud.addresses[support::third_choice] = {.holder = support::our_droplet, .listed = false};
    rig.cloud.metadata_lags = true;
  }
  const Outcome outcome = rig.run();
  CHECK(outcome.ending.exit == Exit::ok);
  CHECK(outcome.floating_ip == support::third_choice);
  CHECK(rig.cloud.thefts.empty());
}

TEST_CASE("reconcile: address in another region, is not used") {
  Rig rig;
  rig.cloud.addresses[support::first_choice].region = "ams3";
  CHECK(rig.run().floating_ip == support::second_choice);
}

TEST_CASE("reconcile: foreign address, is left alone unless allowed") {
  Rig rig;
  rig.cloud.addresses[support::not_in_pool].holder = support::our_droplet;
  SUBCASE("refused") {
    const Outcome outcome = rig.run();
    CHECK(outcome.ending.exit == Exit::foreign_ip);
    CHECK(rig.http.counts()[0] == 0);
    CHECK(rig.kernel.changes.empty());
    check_without_egress(rig, outcome);
  }
  SUBCASE("refused although only the API shows it") {
    rig.cloud.metadata_lags = true;
    CHECK(rig.run().ending.exit == Exit::foreign_ip);
    CHECK_FALSE(posted(rig));
  }
  SUBCASE("allowed") {
    rig.invocation.config.foreign = core::Foreign::allow;
    CHECK(rig.run().floating_ip == support::not_in_pool);
  }
}

TEST_CASE("reconcile: address outside the pool, is never changed") {
  Rig rig;
  rig.cloud.addresses.clear();
  rig.cloud.addresses[support::not_in_pool] = {};
  const Outcome outcome = rig.run();
  CHECK(outcome.ending.exit == Exit::config);
  CHECK_FALSE(posted(rig));
}

TEST_CASE("reconcile: --route none, assigns and labels only") {
  Rig rig;
  rig.invocation.config.route = core::RouteMode::none;
  CHECK(rig.run().ending.exit == Exit::ok);
  CHECK(rig.kernel.changes.empty());
  CHECK(rig.cloud.held() == support::first_choice);
  CHECK(rig.cloud.labels["do-outbound-floating-ip-enabled"] == "true");
}

TEST_CASE("reconcile: no Kubernetes, works without labels") {
  Rig rig;
  rig.invocation.kubernetes.reset();
  const Outcome outcome = rig.run();
  CHECK(outcome.ending.exit == Exit::ok);
  CHECK(rig.http.counts()[2] == 0);
  CHECK(rig.kernel.read().leaves_by[0].hop.gateway == support::anchor_gateway);
}
