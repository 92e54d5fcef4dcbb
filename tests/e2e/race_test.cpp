// SPDX-License-Identifier: Apache-2.0
// Two hundred nodes start at the same instant and want two hundred addresses under Leases. Nodes
// without one try again, a few at a time, as loops that spread their retries do. Each has a droplet
// and a Node but no network namespace: other tests cover routes.
#include "support/world.hpp"

#include <doctest/doctest.h>

#include <deque>
#include <map>
#include <set>
#include <utility>
#include <vector>

using support::Child;
using support::Json;
using support::Run;
using support::World;

namespace {

constexpr std::size_t again_at_once = 8;  // for slow machines
constexpr std::int64_t first_id = 758605000;
constexpr int most_runs = 10;  // of one node; a loop would go on
const std::set<int> retried = {10, 11, 15, 69, 75};

std::string name_of(int node) {
  return "node-" + std::to_string(node);
}

// All requests come from one address, so the token identifies the droplet, and the journal shows
// thefts.
std::string token_of(int node) {
  return "dop_v1_" + name_of(node);
}

void add_node(const World& world, int node) {
  const std::int64_t id = first_id + node;
  const Json nic = {{"ip", "100.64.0." + std::to_string(node)},
                    {"netmask", "255.255.255.0"},
                    {"gateway", "100.64.0.254"}};
  const Json anchor = {{"ip", "100.65.0." + std::to_string(node)},
                       {"netmask", "255.255.255.0"},
                       {"gateway", "100.65.0.254"}};
  world.sim("PUT", "/droplets/" + std::to_string(id),
            {{"name", name_of(node)}, {"public", nic}, {"anchor", anchor}});
  world.sim("PUT", "/nodes/" + name_of(node),
            {{"providerID", "digitalocean://" + std::to_string(id)}});
  world.sim("PUT", "/tokens/" + token_of(node),
            {{"scopes", {"reserved_ip:read", "reserved_ip:update", "droplet:read"}},
             {"droplet", id},
             {"limits_of", "dop_v1_lab"}});
}

support::Command command(const World& world, const support::Droplet& place, int node) {
  support::Command command =
      world.tool(place, {},
                 {{"NODE_NAME", name_of(node)},
                  {"DO_EGRESS_IP_TOKEN_FILE", ""},
                  {"DIGITALOCEAN_ACCESS_TOKEN", token_of(node)},
                  {"DO_EGRESS_IP_METADATA_URL",
                   "http://169.254.169.254/droplets/" + std::to_string(first_id + node)}});
  for (const char* word : {"--route", "none", "--lock", "lease", "--timeout", "5m"}) {
    command.words.emplace_back(word);
  }
  return command;
}

// Runs at most `at_once` in parallel; returns those that failed.
std::vector<int> run_all(const World& world, const support::Droplet& place,
                         const std::vector<int>& fleet, std::size_t at_once,
                         std::map<int, int>& exits) {
  std::vector<int> failed;
  std::deque<std::pair<int, Child>> running;
  const auto wait_for_first = [&] {
    auto& [node, child] = running.front();
    const Run run = child.wait();
    ++exits[run.exit];
    if (run.exit != 0) {
      INFO(run.err);
      CHECK(retried.contains(run.exit));
      failed.push_back(node);
    }
    running.pop_front();
  };
  for (const int node : fleet) {
    if (running.size() == at_once) {
      wait_for_first();
    }
    running.emplace_back(node, command(world, place, node));
  }
  while (!running.empty()) {
    wait_for_first();
  }
  return failed;
}

}  // namespace

TEST_CASE("race: as many nodes as addresses at once, no proven address is taken away") {
  World world;
  const support::Droplet place = world.droplet("place");
  const int nodes = support::is_program_sanitized() ? 50 : 200;  // 50 suffice
  world.pool("198.51.100.1-" + std::to_string(nodes));
  world.settings({{"action_latency_ms", 300}, {"enforce_limits", false}});
  std::vector<int> fleet;
  for (int node = 1; node <= nodes; ++node) {
    add_node(world, node);
    fleet.push_back(node);
  }

  std::map<int, int> exits;
  auto left = run_all(world, place, fleet, nodes, exits);
  for (int runs = 1; !left.empty() && runs < most_runs; ++runs) {
    left = run_all(world, place, left, again_at_once, exits);
  }

  for (const auto& [exit, count] : exits) {
    MESSAGE(count, " run(s) ended with ", exit);
  }
  CHECK(world.thefts() == 0);
  std::map<std::int64_t, int> held;
  const Json everything = world.sim("GET", "/world");
  for (const auto& [address, entry] : everything.at("addresses").items()) {
    REQUIRE(entry.at("droplet").is_number());
    ++held[entry.at("droplet").get<std::int64_t>()];
  }
  CHECK(std::ssize(held) == nodes);  // each has one
  std::set<std::string> labels;
  for (const int node : fleet) {
    const Json& said = everything.at("nodes").at(name_of(node)).at("labels");
    CHECK(said.at("do-outbound-floating-ip-enabled") == "true");
    labels.insert(said.at("do-outbound-floating-ip").get<std::string>());
  }
  CHECK(std::ssize(labels) == nodes);
  MESSAGE(world.requests("digitalocean"), " requests to DigitalOcean, ",
          world.requests("kubernetes"), " to Kubernetes");
}
