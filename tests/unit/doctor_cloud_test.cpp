// SPDX-License-Identifier: Apache-2.0
// The account, the pool and the cluster.
#include "unit/doctor_facts.hpp"

#include <doctest/doctest.h>

using core::Error;
using core::Examination;
using core::Exit;
using core::Sight;
using core::Unavailable;
using core::Verdict;
using unit::check_finding;
using Names = std::vector<std::string>;

namespace {

core::Node& node(Examination& facts) {
  return std::get<core::Node>(facts.cluster.node);
}

// Checks that need DigitalOcean's answers; metadata still shows the droplet's address.
const Names of_the_account = {"token-team", "pool-account", "pool-region", "pool-size"};

Names and_more(Names names) {
  names.insert(names.end(), of_the_account.begin(), of_the_account.end());
  return names;
}

void blind(core::AccountFacts& account) {
  account.pool.reset();
  account.ours.reset();
  account.sight.reset();
}

}  // namespace

// --- the account ---------------------------------------------------------------------------------

TEST_CASE("doctor: no token") {
  check_finding(
      [](Examination& facts) {
        blind(facts.account);
        facts.account.no_token = Error(Exit::config, "no DigitalOcean token");
      },
      {"token", Verdict::problem, "no DigitalOcean token", Exit::config},
      and_more({"digitalocean", "token-scopes"}));
}

TEST_CASE("doctor: a wrong token") {
  check_finding(
      [](Examination& facts) {
        blind(facts.account);
        facts.account.refused = Error(Exit::no_permission, "refuses the token").with_hint("new");
      },
      {"token", Verdict::problem, "refuses the token", Exit::no_permission},
      and_more({"token-scopes"}));
}

TEST_CASE("doctor: DigitalOcean does not answer, or limits") {
  for (const Exit exit : {Exit::unavailable, Exit::try_again, Exit::software}) {
    check_finding(
        [=](Examination& facts) {
          blind(facts.account);
          facts.account.unreachable = Error(exit, "not today");
        },
        {"digitalocean", Verdict::problem, "not today", exit}, and_more({"token", "token-scopes"}));
  }
}

TEST_CASE("doctor: a token without reserved_ip:read, without droplet:read") {
  check_finding(
      [](Examination& facts) {
        facts.account.pool.reset();
        facts.account.ours.reset();
        facts.account.denied = Error(Exit::no_permission, "denied").with_hint("reserved_ip:read");
      },
      {"token-scopes", Verdict::problem, "denied", Exit::no_permission},
      {"pool-account", "pool-region", "pool-size"});
  check_finding([](Examination& facts) { facts.account.sight = Sight::denied; },
                {"token-scopes", Verdict::problem, "does not see droplets", Exit::no_permission},
                {"token-team", "pool-size"});
}

TEST_CASE("doctor: a token of another team") {
  check_finding([](Examination& facts) { facts.account.sight = Sight::absent; },
                {"token-team", Verdict::problem, "no droplet 758604990", Exit::no_permission},
                {"pool-size"});
}

// --- the pool ------------------------------------------------------------------------------------

TEST_CASE("doctor: addresses of another account") {
  check_finding(
      [](Examination& facts) {
        std::erase_if(*facts.account.pool,
                      [](const auto& entry) { return entry.address == support::third_choice; });
      },
      {"pool-account", Verdict::problem, "1 of 3 not in the token's account: 198.51.100.7",
       Exit::config});
}

TEST_CASE("doctor: addresses of another region, some of them or all") {
  check_finding([](Examination& facts) { facts.account.pool->front().region = "fra1"; },
                {"pool-region", Verdict::warning, "1 of the account's 3 are not in nyc3"});
  check_finding(
      [](Examination& facts) {
        for (core::FloatingIp& entry : *facts.account.pool) {
          entry.region = "fra1";
        }
      },
      {"pool-region", Verdict::problem, "3 of the account's 3 are not in nyc3", Exit::config},
      {"pool-size"});
}

TEST_CASE("doctor: fewer addresses than matching nodes, as far as the nodes are known") {
  check_finding(
      [](Examination& facts) {
        facts.cluster.nodes = Names{"egress-1", "egress-2", "egress-3", "egress-4", "web-1"};
      },
      {"pool-size", Verdict::problem, "4 nodes match, for 3 addresses", Exit::pool_exhausted});
  check_finding(
      [](Examination& facts) {
        facts.cluster.nodes = Unavailable{Error(Exit::no_permission, "forbidden")};
      },
      {"pool-size", Verdict::unknown, "3 addresses, 2 free; how many nodes match is not known"});
}

TEST_CASE("doctor: no address is left for this droplet") {
  const auto take_all = [](bool locked) {
    return [=](Examination& facts) {
      std::get<core::Droplet>(facts.droplet).floating_ip.reset();
      facts.account.ours.reset();
      node(facts).labels.clear();
      for (core::FloatingIp& entry : *facts.account.pool) {
        entry.holder = support::other_droplet;
      }
      facts.account.pool->front().locked = locked;
    };
  };
  check_finding(take_all(false), {"pool-size", Verdict::problem, "none of 3 addresses is free",
                                  Exit::pool_exhausted});
  check_finding(take_all(true), {"pool-size", Verdict::ok, "0 free"});
}

TEST_CASE("doctor: the droplet holds an address that is not in the pool") {
  const auto foreign = [](core::Foreign accepted) {
    return [=](Examination& facts) {
      facts.asked.foreign = accepted;
      facts.account.ours = support::held_by(support::not_in_pool, support::our_droplet);
      node(facts).labels["do-outbound-floating-ip"] = "198.51.100.99";
    };
  };
  check_finding(foreign(core::Foreign::refuse),
                {"held-address", Verdict::problem, "holds 198.51.100.99", Exit::foreign_ip});
  check_finding(foreign(core::Foreign::allow), {"held-address", Verdict::ok});
}

// --- the cluster ---------------------------------------------------------------------------------

TEST_CASE("doctor: Kubernetes does not answer, or refuses the token") {
  for (const Exit exit : {Exit::unavailable, Exit::no_permission}) {
    check_finding(
        [=](Examination& facts) { facts.cluster = {.asked = true, .failure = Error(exit, "no")}; },
        {"kubernetes", Verdict::problem, "no", exit},
        {"rbac", "node", "provider-id", "node-label", "pool-size"});
  }
}

TEST_CASE("doctor: a right that is missing, each of them") {
  const std::size_t count = core::needed_rights("", "").size();
  REQUIRE(count == 7);
  for (std::size_t place = 0; place < count; ++place) {
    const auto right = core::needed_rights("pool-egress-8b870", "egress")[place];
    check_finding(
        [=](Examination& facts) {
          std::get<std::vector<core::Right>>(facts.cluster.rights)[place].allowed = false;
        },
        {"rbac", Verdict::problem, right.verb + " " + right.resource, Exit::no_permission});
  }
  check_finding(
      [](Examination& facts) {
        facts.cluster.rights = Unavailable{Error(Exit::no_permission, "may not ask")};
      },
      {"rbac", Verdict::unknown, "may not ask"});
}

TEST_CASE("doctor: there is no such Node, or it may not be read") {
  const Names with = {"provider-id", "node-label"};
  const auto without = [](Exit exit) {
    return [=](Examination& facts) {
      facts.cluster.node = Unavailable{Error(exit, "there is no Node")};
    };
  };
  check_finding(without(Exit::gate_failed),
                {"node", Verdict::problem, "there is no Node", Exit::gate_failed}, with);
  check_finding(without(Exit::no_permission), {"node", Verdict::unknown, "see rbac"}, with);
  check_finding(
      [&](Examination& facts) {
        without(Exit::no_permission)(facts);
        facts.cluster.rights = Unavailable{Error(Exit::no_permission, "may not ask")};
      },
      {"node", Verdict::problem, "there is no Node", Exit::no_permission},
      {"provider-id", "node-label", "rbac"});
}

TEST_CASE("doctor: the Node is another droplet's, or nobody's yet") {
  check_finding(
      [](Examination& facts) { node(facts).provider_id = "digitalocean://1"; },
      {"provider-id", Verdict::problem, "is digitalocean://1, but this is droplet", Exit::config});
  check_finding([](Examination& facts) { node(facts).provider_id = ""; },
                {"provider-id", Verdict::note});
}

TEST_CASE("doctor: the Node says what is no longer true") {
  check_finding(
      [](Examination& facts) { node(facts).labels["do-outbound-floating-ip"] = "198.51.100.9"; },
      {"node-label", Verdict::warning,
       "says true and 198.51.100.9, the droplet holds 198.51.100.8"});
  check_finding(
      [](Examination& facts) {
        facts.account.ours.reset();
        facts.account.pool = support::all_free().pool;
      },
      {"node-label", Verdict::warning, "the droplet holds no address"});
  check_finding(
      [](Examination& facts) { facts.host.network = support::booted(support::Topology::classic); },
      {"node-label", Verdict::warning, "but the default route goes via 203.0.113.1 dev eth0"});
  check_finding([](Examination& facts) { node(facts).labels.clear(); },
                {"node-label", Verdict::ok, "none yet"});
}

TEST_CASE("doctor: Cilium, as far as it shows") {
  const auto set = [](const auto& cilium) {
    return [=](Examination& facts) { facts.cluster.cilium = cilium; };
  };
  using Found = std::optional<core::Cilium>;
  const Unavailable hidden{Error(Exit::no_permission, "forbidden")};
  check_finding(set(Found(core::Cilium{.in_bpf = true})),
                {"pod-masquerade", Verdict::warning, "in eBPF"});
  check_finding(set(Found(core::Cilium{.masquerades = false, .in_bpf = true})),
                {"pod-masquerade", Verdict::ok});
  check_finding(set(Found()), {"pod-masquerade", Verdict::ok, "no Cilium"});
  check_finding(set(hidden), {"pod-masquerade", Verdict::ok, "no sign of Cilium"});
  check_finding(
      [&](Examination& facts) {
        facts.cluster.cilium = hidden;
        std::get<core::Network>(facts.host.network).links.push_back({9, "cilium_host", ""});
      },
      {"pod-masquerade", Verdict::warning, "cannot be read"});
}
