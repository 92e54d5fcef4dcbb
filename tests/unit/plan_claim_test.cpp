// SPDX-License-Identifier: Apache-2.0
#include "core/plan/plan.hpp"
#include "support/builders.hpp"
#include "support/print.hpp"

using core::Exit;
using core::Need;
using support::Topology;
using Lines = std::vector<std::string>;

// A droplet without an address: restore the public default, patch the Node, claim an address.

namespace {

const std::string label_true =
    "label-node pool-egress-8b870 do-outbound-floating-ip=198.51.100.8 "
    "do-outbound-floating-ip-enabled=true";
const std::string label_false =
    "label-node pool-egress-8b870 do-outbound-floating-ip- "
    "do-outbound-floating-ip-enabled=false";
const std::string public_default = "replace-default default via 203.0.113.1 dev eth0";
const std::string anchor_default = "replace-default default via 10.17.0.1 dev eth0 src 10.17.0.5";
const std::string confirmed_default =
    "confirm-default default via 10.17.0.1 dev eth0 src 10.17.0.5";
const std::string assign = "assign 198.51.100.8 to droplet 758604990";

// An address that was unassigned by hand before the run.
core::Observation lost_address() {
  auto found = support::healthy();
  found.droplet = support::droplet(std::nullopt);
  return found;
}

Lines steps(const core::Observation& found, const core::Config& asked = support::asked()) {
  return support::words(core::plan(found, asked).steps, found.network);
}

}  // namespace

TEST_CASE("plan: new droplet, claims, then switches, then labels") {
  const auto found = support::newcomer();
  CHECK(steps(found) ==
        Lines{assign, "set-route 169.254.169.254/32 via 203.0.113.1 dev eth0 src 203.0.113.10",
              "set-route default via 203.0.113.1 dev eth0 src 203.0.113.10 table 17310",
              "set-route default via 10.17.0.1 dev eth0 src 10.17.0.5 table 17311",
              "add-rule 17300 from 203.0.113.10/32 lookup main without its default",
              "add-rule 17301 from 203.0.113.10/32 lookup 17310",
              "add-rule 17298 from 10.17.0.5/32 fwmark 0x2000/0x2000 lookup 17311",
              "add-rule 17304 from 10.17.0.5/32 lookup main without its default",
              "add-rule 17305 from 10.17.0.5/32 lookup 17311",
              "set-route default via 203.0.113.1 dev eth0 table 17312", anchor_default,
              confirmed_default, label_true});
  const auto plan = core::plan(found, support::asked());
  CHECK(plan.needs.empty());
  CHECK(plan.ending.exit == Exit::ok);
  CHECK(plan.floating_ip == support::first_choice);
  CHECK(plan.steps[10].reason ==
        "the default route goes via 203.0.113.1 dev eth0, wanted 10.17.0.1 dev eth0 src 10.17.0.5");
}

TEST_CASE("plan: metadata shows no address, needs only the account") {
  auto found = support::newcomer();
  found.account = core::NotAsked{};
  const auto plan = core::plan(found, support::asked());
  CHECK(plan.steps.empty());
  CHECK(plan.needs == std::vector{Need::account});
}

TEST_CASE("plan: metadata shows no address, undoes nothing before the API answers") {
  const auto plan = core::plan(lost_address(), support::asked());
  CHECK(plan.steps.empty());
  CHECK(plan.needs == std::vector{Need::account});
}

TEST_CASE("plan: anchor may be dead, prepares the public address before asking the API") {
  auto found = lost_address();
  found.network.rules = support::booted(Topology::classic).rules;
  const auto plan = core::plan(found, support::asked());
  CHECK(support::words(plan.steps, found.network) ==
        Lines{"add-rule 17300 from 203.0.113.10/32 lookup main without its default",
              "add-rule 17301 from 203.0.113.10/32 lookup 17310",
              "add-rule 17298 from 10.17.0.5/32 fwmark 0x2000/0x2000 lookup 17311",
              "add-rule 17304 from 10.17.0.5/32 lookup main without its default",
              "add-rule 17305 from 10.17.0.5/32 lookup 17311"});
  CHECK(plan.needs == std::vector{Need::account});
}

TEST_CASE("plan: missing default, is restored before asking the API") {
  auto found = support::newcomer();
  found.account = core::NotAsked{};
  support::remove_routes_to(found.network, {});
  support::resolve(found.network);
  const auto plan = core::plan(found, support::asked());
  CHECK(support::words(plan.steps, found.network) == Lines{public_default + " src 203.0.113.10"});
  CHECK(plan.steps[0].reason == "the droplet holds no reserved IP; there is no default route");
  CHECK(plan.needs == std::vector{Need::account});
}

TEST_CASE("plan: lost address, public default, label false, claim, switch, label true") {
  auto found = lost_address();
  found.account = support::all_free();
  CHECK(steps(found) ==
        Lines{public_default, label_false, assign, anchor_default, confirmed_default, label_true});
  const auto plan = core::plan(found, support::asked());
  CHECK(plan.steps[0].reason ==
        "the droplet holds no reserved IP; the default route goes via 10.17.0.1 dev eth0");
  CHECK(plan.steps[3].reason ==
        "the default route goes via 203.0.113.1 dev eth0, wanted 10.17.0.1 dev eth0 src 10.17.0.5");
}

TEST_CASE("plan: Node unreadable while cut off, is read again before the claim") {
  auto found = lost_address();
  found.account = support::all_free();
  found.node = core::NotAsked{};
  const auto plan = core::plan(found, support::asked());
  CHECK(support::words(plan.steps, found.network) == Lines{public_default});
  CHECK(plan.needs == std::vector{Need::node});
}

TEST_CASE("plan: API unreachable, believes metadata") {
  auto found = lost_address();
  found.account = core::Unavailable{core::Error(Exit::unavailable, "no reply").with_hint("wait")};
  const auto plan = core::plan(found, support::asked());
  CHECK(support::words(plan.steps, found.network) == Lines{public_default, label_false});
  CHECK(plan.ending.exit == Exit::unavailable);
  CHECK(plan.ending.message == "no reply");
  CHECK(plan.ending.hint == "wait");
  CHECK_FALSE(plan.floating_ip.has_value());
}

TEST_CASE("plan: no Kubernetes or unreadable Node, claims all the same") {
  auto found = support::newcomer();
  SUBCASE("there is no Kubernetes") {
    found.node = core::NoKubernetes{};
    CHECK(core::plan(found, support::asked()).ending.exit == Exit::ok);
  }
  SUBCASE("Kubernetes is down") {
    found.node = core::Unavailable{core::Error(Exit::unavailable, "no reply")};
    CHECK(core::plan(found, support::asked()).ending.exit == Exit::gate_failed);
  }
  CHECK(steps(found).at(0) == assign);
  CHECK(steps(found).at(10) == anchor_default);
  CHECK(steps(found).back() == confirmed_default);
}

TEST_CASE("plan: first claim, first proves that the token sees droplets") {
  auto found = support::newcomer();
  std::get<core::Account>(found.account).shows_droplets = false;
  SUBCASE("a new Node") {
    const auto plan = core::plan(found, support::asked());
    CHECK(plan.steps.empty());
    CHECK(plan.needs == std::vector{Need::droplet_scope});
  }
  SUBCASE("a Node labelled true is corrected first") {
    found.node = support::labelled(support::first_choice);
    const auto plan = core::plan(found, support::asked());
    CHECK(support::words(plan.steps, found.network) == Lines{label_false});
    CHECK(plan.needs == std::vector{Need::droplet_scope});
  }
}

TEST_CASE("plan: Node labelled true without egress, is corrected before the claim") {
  auto found = support::newcomer();
  auto& labels = std::get<core::Node>(found.node).labels;
  SUBCASE("both labels") {
    found.node = support::labelled(support::second_choice);
  }
  SUBCASE("only the enabled label") {
    labels["do-outbound-floating-ip-enabled"] = "true";
  }
  SUBCASE("only the address label") {
    labels["do-outbound-floating-ip"] = "198.51.100.9";
  }
  CHECK(steps(found).at(0) == label_false);
  CHECK(steps(found).at(1) == assign);
  CHECK(steps(found).back() == label_true);
}

TEST_CASE("plan: Node labelled false, is not patched") {
  auto found = support::newcomer();
  std::get<core::Node>(found.node).labels["do-outbound-floating-ip-enabled"] = "false";
  CHECK(steps(found).at(0) == assign);
}

TEST_CASE("plan: no candidate, public default, label false, and the pool's state as the ending") {
  auto found = lost_address();
  auto account = support::all_free();
  for (core::FloatingIp& entry : account.pool) {
    entry.holder = support::other_droplet;
  }
  found.account = account;
  const auto plan = core::plan(found, support::asked());
  CHECK(support::words(plan.steps, found.network) == Lines{public_default, label_false});
  CHECK(plan.ending.exit == Exit::pool_exhausted);
  CHECK_FALSE(plan.floating_ip.has_value());
}

TEST_CASE("plan: candidate lost, takes the next one") {
  auto found = support::newcomer();
  found.lost_candidates = {support::first_choice};
  CHECK(steps(found).at(0) == "assign 198.51.100.9 to droplet 758604990");
}

TEST_CASE("plan: cut off, only with the anchor's default and no address in metadata") {
  auto found = lost_address();
  CHECK(core::is_cut_off(found));
  SUBCASE("not with an address") {
    found.droplet = support::droplet(support::first_choice);
  }
  SUBCASE("not with the public default") {
    found.network = support::booted(Topology::classic);
  }
  SUBCASE("not without a default") {
    support::remove_routes_to(found.network, {});
  }
  SUBCASE("not without an anchor") {
    found.droplet->anchor.reset();
  }
  SUBCASE("not before the droplet is known") {
    found.droplet.reset();
  }
  CHECK_FALSE(core::is_cut_off(found));
}
