// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/doctor/doctor.hpp"
#include "support/builders.hpp"
#include "support/print.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

// A healthy droplet with all facts known. A test changes one of them.
namespace unit {

inline core::Examination healthy_facts(support::Topology topology = support::Topology::classic) {
  core::Examination facts{.asked = support::asked(), .match = {.pattern = "egress"}};
  facts.asked.node_name = "pool-egress-8b870";
  facts.host.network = support::converged(topology);
  facts.host.vendor = "DigitalOcean";
  facts.droplet = support::droplet(support::first_choice);
  const core::FloatingIp ours = support::held_by(support::first_choice, support::our_droplet);
  facts.account.pool = support::all_free().pool;
  std::ranges::replace_if(
      *facts.account.pool, [&](const auto& entry) { return entry.address == ours.address; }, ours);
  facts.account.ours = ours;
  facts.account.sight = core::Sight::seen;
  facts.cluster.asked = true;
  core::Node node = support::labelled(support::first_choice);
  node.provider_id = "digitalocean://758604990";
  facts.cluster.node = node;
  auto rights = core::needed_rights(facts.asked.node_name, "egress");
  for (core::Right& right : rights) {
    right.allowed = true;
  }
  facts.cluster.rights = rights;
  facts.cluster.nodes = std::vector<std::string>{"pool-egress-8b870", "pool-web-1"};
  facts.cluster.cilium = std::optional(core::Cilium{});
  facts.skew = core::Skew{.server = "DigitalOcean"};
  return facts;
}

// The expected result of a check, with just enough text to recognise it.
struct Expected {
  std::string name = {};
  core::Verdict verdict = core::Verdict::problem;
  std::string found = {};
  core::Exit exit = core::Exit::ok;
};

inline std::map<std::string, core::Check> by_name(const std::vector<core::Check>& checks) {
  std::map<std::string, core::Check> result;
  for (const core::Check& check : checks) {
    result.emplace(check.name, check);
  }
  return result;
}

using Spoil = std::function<void(core::Examination&)>;

// Changes healthy facts: only that check, and those in `with` that become unknown, may have another
// verdict than before.
inline void check_finding(const Spoil& spoil, const Expected& expected,
                          const std::vector<std::string>& with = {},
                          support::Topology topology = support::Topology::classic) {
  CAPTURE(expected.name);
  core::Examination facts = healthy_facts(topology);
  const auto before = by_name(core::diagnose(facts));
  spoil(facts);
  const auto checks = core::diagnose(facts);
  for (const core::Check& check : checks) {
    CAPTURE(std::string(check.name));
    CAPTURE(check.found);
    if (check.name == expected.name) {
      CHECK(core::name_of(check.verdict) == core::name_of(expected.verdict));
      CHECK(check.found.find(expected.found) != std::string::npos);
      CHECK(check.exit == expected.exit);
      CHECK((check.verdict == core::Verdict::problem) == (check.exit != core::Exit::ok));
      CHECK((check.remedy.empty() && check.verdict == core::Verdict::problem) == false);
    } else if (std::ranges::find(with, check.name) != with.end()) {
      const bool idle =
          check.verdict == core::Verdict::unknown || check.verdict == core::Verdict::skipped;
      CHECK(idle);
    } else {
      CHECK(core::name_of(check.verdict) ==
            core::name_of(before.at(std::string(check.name)).verdict));
    }
  }
  CHECK(core::conclude(checks).exit == expected.exit);
}

}  // namespace unit
