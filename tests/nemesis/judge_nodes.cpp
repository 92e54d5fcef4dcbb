// SPDX-License-Identifier: Apache-2.0
#include "judge.hpp"
#include "support/session.hpp"

#include <algorithm>
#include <functional>
#include <thread>

namespace nemesis {
namespace {

using namespace std::chrono_literals;

constexpr int most_tries = 20;  // a busy machine may be late
constexpr std::size_t most_released = 4;

bool comes_true(const std::function<bool()>& condition) {
  for (int tries = 0; tries < most_tries; ++tries) {
    if (condition()) {
      return true;
    }
    std::this_thread::sleep_for(200ms);
  }
  return false;
}

class NodeJudging {
 public:
  NodeJudging(Fleet& fleet, const Fleet::Member& member, Findings& findings)
      : fleet_(fleet), droplet_(member.droplet), member_(member), findings_(findings) {}

  void has_egress() {
    const auto held = fleet_.world().held_by(droplet_);
    findings_.require(held.size() == 1, "{} holds {} addresses", droplet_.name, held.size());
    if (held.size() != 1) {
      return;
    }
    leaves_by(held[0]);
    is_reachable(held[0]);
    is_reachable(droplet_.public_address);
    if (uses_kubernetes(fleet_.storm())) {
      is_labelled("true", held[0]);
    }
  }

  void has_none() {
    holds_nothing();
    // As it booted: there it may leave by the VPC.
    if (member_.topology.find("two-defaults-vpc") == std::string::npos) {
      leaves_by(droplet_.public_address);
      is_reachable(droplet_.public_address);
    }
    if (uses_kubernetes(fleet_.storm())) {
      is_labelled("false", "");
    }
  }

  void is_impossible() {
    holds_nothing();
    if (uses_kubernetes(fleet_.storm())) {
      is_labelled("false", "");
    }
  }

  // Neither a run nor its guard is left.
  void is_quiet() {
    findings_.require(comes_true([&] {
                        return fleet_.world().lab({"pids", droplet_.name}).empty();
                      }),
                      "{}: a process is left over", droplet_.name);
  }

  void is_as_it_booted() {
    holds_nothing();
    if (member_.forgetful()) {
      return has_none();
    }
    const std::string now = fleet_.world().snapshot(droplet_);
    findings_.require(now == member_.snapshot,
                      "{}: a release left something behind; before:\n{}\nafter:\n{}", droplet_.name,
                      member_.snapshot, now);
    if (uses_kubernetes(fleet_.storm())) {
      is_labelled("false", "");
    }
  }

 private:
  void holds_nothing() {
    const auto held = fleet_.world().held_by(droplet_);
    findings_.require(held.empty(), "{} holds {}", droplet_.name, fmt::join(held, ", "));
  }

  void leaves_by(const std::string& address) {
    for (const std::string& place : {droplet_.name, droplet_.pod()}) {
      std::string seen;
      findings_.require(
          comes_true([&] { return (seen = fleet_.world().seen_from(place)) == address; }),
          "{} is seen as {}, not as {}", place, seen, address);
    }
  }

  void is_reachable(const std::string& address) {
    const support::EchoService service(droplet_);
    findings_.require(comes_true([&] { return support::Session(address).answers(); }),
                      "{} is not reached by {}", droplet_.name, address);
  }

  void is_labelled(const std::string& enabled, const std::string& address) {
    const Json node = fleet_.world().sim("GET", "/world").at("nodes").at(droplet_.name);
    const Json& labels = node.at("labels");
    findings_.require(labels.value(support::enabled_label, "") == enabled &&
                          labels.value(support::address_label, "") == address,
                      "Node {} is labelled {}, not {} {}", droplet_.name, labels.dump(), enabled,
                      address);
    if (fleet_.storm().gated) {
      const Json& taints = node.at("taints");
      const bool gated = std::ranges::any_of(
          taints, [](const Json& taint) { return taint.at("key") == gate_key; });
      findings_.require(gated == (enabled == "false"), "Node {} has the taints {}", droplet_.name,
                        taints.dump());
    }
  }

  Fleet& fleet_;
  const support::Droplet& droplet_;
  const Fleet::Member& member_;
  Findings& findings_;
};

}  // namespace

void judge_nodes(Fleet& fleet, const std::vector<int>& exits, Findings& findings) {
  for (std::size_t number = 0; number < exits.size(); ++number) {
    NodeJudging judging(fleet, fleet.members()[number], findings);
    judging.is_quiet();
    if (exits[number] == 0) {
      judging.has_egress();
    } else if (exits[number] == 10) {
      judging.has_none();
    } else if (exits[number] == 78) {
      judging.is_impossible();
    }
  }
}

void judge_release(Fleet& fleet, const std::vector<int>& exits, Findings& findings) {
  std::vector<std::size_t> released;
  for (std::size_t number = 0; number < exits.size(); ++number) {
    if (exits[number] == 10 || (exits[number] == 0 && released.size() < most_released)) {
      released.push_back(number);
    }
  }
  const std::size_t before = fleet.ended().size();
  for (const std::size_t number : released) {
    fleet.start(number, {{"release", true}, {"timeout_seconds", 60}});
  }
  fleet.wait();
  for (std::size_t run = before; run < fleet.ended().size(); ++run) {
    const Ended& ended = fleet.ended()[run];
    findings.require(ended.run.exit == 0, "{}: release ended with {}: {}", ended.droplet.name,
                     ended.run.exit, ended.run.err);
  }
  for (const std::size_t number : released) {
    NodeJudging(fleet, fleet.members()[number], findings).is_as_it_booted();
  }
}

}  // namespace nemesis
