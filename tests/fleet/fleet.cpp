// SPDX-License-Identifier: Apache-2.0
#include "fleet/fleet.hpp"

#include "fleet/node.hpp"
#include "fleet/transport.hpp"
#include "support/builders.hpp"

#include <fmt/format.h>

#include <deque>
#include <set>

namespace fleet {
namespace {

std::string address_in(const char* network, int number) {
  return fmt::format("{}.{}.{}", network, number / 250, number % 250 + 1);
}

void add_node(sim::World& world, int number, Millis now) {
  const sim::DropletId id = first_droplet + number;
  sim::Droplet& droplet = world.droplets[id];
  droplet.id = id;
  droplet.name = droplet.hostname = fmt::format("egress-{}", number);
  droplet.public_interface = {address_in("203.0", number), "255.255.0.0", "203.0.255.254", ""};
  droplet.anchor = {address_in("10.17", number), "255.255.0.0", "10.17.255.254", ""};
  const sim::Json node = {{"kind", "Node"},
                          {"apiVersion", "v1"},
                          {"metadata", {{"name", droplet.name}, {"labels", sim::Json::object()}}},
                          {"spec", {{"providerID", fmt::format("digitalocean://{}", id)}}},
                          {"status", {{"nodeInfo", {{"kubeletVersion", "v1.34.1"}}}}}};
  world.kube.keep({"nodes", "", droplet.name}, node, now);
}

std::size_t distinct_holders(const sim::World& world) {
  std::set<sim::DropletId> holders;
  for (const auto& [ip, address] : world.addresses) {
    if (address.droplet) {
      holders.insert(*address.droplet);
    }
  }
  return holders.size();
}

}  // namespace

void furnish(Shared& shared, const Scenario& scenario) {
  sim::World& world = shared.world;
  world.settings.enforce_limits = true;
  world.settings.limit_minute = scenario.limit_minute;
  world.settings.limit_hour = scenario.limit_hour;
  world.settings.action_latency_ms = scenario.action_latency.count();
  world.settings.metadata_lag_ms = scenario.metadata_lag.count();
  world.tokens["token"].scopes = {"reserved_ip:read", "reserved_ip:update", "droplet:read"};
  world.kube.tokens["service-account"] = {};
  for (int number = 0; number < scenario.nodes; ++number) {
    add_node(world, number, shared.epoch);
    const std::string ip = address_in("198.51", number);
    world.addresses[ip].ip = ip;
    shared.invocation.config.pool.push_back(support::ip(ip));
  }
}

void instruct(Shared& shared, const Scenario& scenario) {
  app::Invocation& invocation = shared.invocation;
  invocation.match = {core::Match::Kind::substring, "egress"};
  invocation.config.route = core::RouteMode::none;
  invocation.config.lock = scenario.leases ? core::Lock::lease : core::Lock::none;
  invocation.timeout = scenario.timeout;
  invocation.metadata_url = metadata_url;
  invocation.digitalocean = {digitalocean_url, "", [] { return cloud::Secret{"token"}; }};
  invocation.kubernetes =
      app::Access{kubernetes_url, "", [] { return cloud::Secret{"service-account"}; }};
  invocation.name_space = "do-egress-ip";
  shared.interval = scenario.interval.count();
}

Result run(const Scenario& scenario) {
  Shared shared;
  shared.kernel.network = support::booted(support::Topology::classic);
  furnish(shared, scenario);
  instruct(shared, scenario);
  std::seed_seq seeds{scenario.seed};
  std::vector<std::uint32_t> seed(static_cast<std::size_t>(scenario.nodes));
  seeds.generate(seed.begin(), seed.end());
  std::deque<Node> nodes;
  for (int number = 0; number < scenario.nodes; ++number) {
    nodes.emplace_back(shared, first_droplet + number, fmt::format("egress-{}", number),
                       seed[static_cast<std::size_t>(number)]);
    nodes.back().start(0);
  }
  shared.fibers.run_while([&] {
    return shared.standing < scenario.nodes && shared.fibers.now() < scenario.longest.count();
  });
  Result result{
      .until_all = Duration{shared.settled}, .granted = shared.granted, .refused = shared.refused};
  for (const auto& [exit, count] : shared.exits) {
    result.exits[std::string(core::facts_of(exit).name)] = count;
  }
  shared.fibers.run_until(shared.fibers.now() + scenario.afterwards.count());
  result.standing = shared.standing;
  result.afterwards = shared.granted + shared.refused - result.granted - result.refused;
  result.thefts = shared.world.thefts.size();
  result.distinct = distinct_holders(shared.world);
  return result;
}

// Both windows reopen in whole bursts: a minute's and an hour's budget at once, and the next when
// the oldest request expires.
Duration limit_alone(std::int64_t calls, const Scenario& scenario) {
  if (calls <= 0) {
    return Duration{0};
  }
  const std::int64_t hours = (calls - 1) / scenario.limit_hour;
  const std::int64_t minutes = (calls - 1 - hours * scenario.limit_hour) / scenario.limit_minute;
  return std::chrono::hours{hours} + std::chrono::minutes{minutes};
}

}  // namespace fleet
