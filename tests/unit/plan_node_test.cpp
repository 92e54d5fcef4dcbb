// SPDX-License-Identifier: Apache-2.0
#include "core/plan/plan.hpp"
#include "support/builders.hpp"
#include "support/print.hpp"

using core::Exit;
using core::Need;
using Lines = std::vector<std::string>;

namespace {

using Labels = std::map<std::string, std::optional<std::string>>;

Labels patched(const core::Plan& plan) {
  REQUIRE(plan.steps.size() == 1);
  const auto* patch = std::get_if<core::PatchNode>(&plan.steps[0].action);
  REQUIRE(patch != nullptr);
  CHECK(patch->node == "pool-egress-8b870");
  return patch->labels;
}

}  // namespace

TEST_CASE("plan: one label differs, patches both and names the difference") {
  auto found = support::healthy();
  auto& labels = std::get<core::Node>(found.node).labels;
  std::string reason;
  SUBCASE("enabled is absent") {
    labels.erase("do-outbound-floating-ip-enabled");
    reason = "label do-outbound-floating-ip-enabled is absent, wanted true";
  }
  SUBCASE("enabled is false") {
    labels["do-outbound-floating-ip-enabled"] = "false";
    reason = "label do-outbound-floating-ip-enabled is false, wanted true";
  }
  SUBCASE("the address is another") {
    labels["do-outbound-floating-ip"] = "198.51.100.9";
    reason = "label do-outbound-floating-ip is 198.51.100.9, wanted 198.51.100.8";
  }
  SUBCASE("both are absent") {
    labels.clear();
    reason =
        "label do-outbound-floating-ip is absent, wanted 198.51.100.8; "
        "label do-outbound-floating-ip-enabled is absent, wanted true";
  }
  const auto plan = core::plan(found, support::asked());
  CHECK(patched(plan) == Labels{{"do-outbound-floating-ip", "198.51.100.8"},
                                {"do-outbound-floating-ip-enabled", "true"}});
  CHECK(plan.steps[0].reason == reason);
}

TEST_CASE("plan: other label names, are used, and other labels stay") {
  auto found = support::healthy();
  auto asked = support::asked();
  asked.enabled_label = "example.com/egress";
  asked.address_label = "example.com/egress-ip";
  CHECK(patched(core::plan(found, asked)) ==
        Labels{{"example.com/egress", "true"}, {"example.com/egress-ip", "198.51.100.8"}});
}

TEST_CASE("plan: no egress, removes the address label") {
  auto found = support::healthy();
  found.claim_error = core::Error(Exit::claim_lost, "gone");
  const auto plan = core::plan(found, support::asked());
  CHECK(patched(plan) == Labels{{"do-outbound-floating-ip", std::nullopt},
                                {"do-outbound-floating-ip-enabled", "false"}});
  CHECK(plan.steps[0].reason ==
        "label do-outbound-floating-ip is 198.51.100.8, wanted absent; "
        "label do-outbound-floating-ip-enabled is true, wanted false");
}

TEST_CASE("plan: failed step, sets label false and ends with the cause") {
  auto found = support::newcomer();
  found.claim_error = core::Error(Exit::os_error, "Nexthop has invalid gateway").with_hint("look");
  const auto plan = core::plan(found, support::asked());
  CHECK(support::words(plan.steps, found.network) ==
        Lines{"label-node pool-egress-8b870 do-outbound-floating-ip- "
              "do-outbound-floating-ip-enabled=false"});
  CHECK(plan.ending.exit == Exit::os_error);
  CHECK(plan.ending.message == "Nexthop has invalid gateway");
  CHECK(plan.ending.hint == "look");
  CHECK_FALSE(plan.floating_ip.has_value());
}

TEST_CASE("plan: failed step with an unknown Node, reads the Node first") {
  auto found = support::newcomer();
  found.claim_error = core::Error(Exit::os_error, "refused");
  found.node = core::NotAsked{};
  CHECK(core::plan(found, support::asked()).needs == std::vector{Need::node});
}

TEST_CASE("plan: no Kubernetes, patches no Node") {
  auto found = support::healthy();
  found.node = core::NoKubernetes{};
  const auto plan = core::plan(found, support::asked());
  CHECK(plan.steps.empty());
  CHECK(plan.needs.empty());
  CHECK(plan.ending.exit == Exit::ok);
}

TEST_CASE("plan: egress works but the Node does not, ends with gate-failed") {
  auto found = support::healthy();
  found.path_proven = true;
  Exit expected = Exit::gate_failed;
  SUBCASE("unreachable") {
    found.node = core::Unavailable{core::Error(Exit::unavailable, "no reply").with_hint("later")};
  }
  SUBCASE("there is no such Node") {
    found.node = core::Unavailable{core::Error(Exit::gate_failed, "no reply").with_hint("later")};
  }
  SUBCASE("denied, which has its own code") {
    found.node = core::Unavailable{core::Error(Exit::no_permission, "no reply").with_hint("later")};
    expected = Exit::no_permission;
  }
  const auto plan = core::plan(found, support::asked());
  CHECK(plan.steps.empty());
  CHECK(plan.ending.exit == expected);
  CHECK(plan.ending.message == "no reply; egress IP 198.51.100.8 works");
  CHECK(plan.ending.hint == "later");
  CHECK(plan.floating_ip == support::first_choice);
}

TEST_CASE("plan: no egress and unreachable Node, ends with the cause of the former") {
  auto found = support::newcomer();
  found.node = core::Unavailable{core::Error(Exit::unavailable, "no reply")};
  std::get<core::Account>(found.account).pool.clear();
  const auto plan = core::plan(found, support::asked());
  CHECK(plan.steps.empty());
  CHECK(plan.ending.exit == Exit::config);
}
