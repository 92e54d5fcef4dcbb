// SPDX-License-Identifier: Apache-2.0
#include "app/run/pool.hpp"

#include "app/run/account.hpp"
#include "cloud/kubernetes.hpp"

#include <algorithm>

namespace app {
namespace {

using State = PoolEntry::State;

State state_of(const core::FloatingIp& found) {
  if (found.readable && found.holder) {
    return found.locked ? State::locked : State::held;
  }
  if (!found.readable || !found.holder_shown) {
    return State::unknown;
  }
  return found.locked ? State::locked : State::free;
}

void read_states(PoolTable& table, System& system, const Invocation& invocation) {
  cloud::DigitalOcean digitalocean(system.http, invocation.digitalocean.url,
                                   invocation.digitalocean.ca_file, invocation.digitalocean.token);
  const core::Account account =
      read_account(digitalocean, invocation.config.pool, /*droplet=*/nullptr);
  if (!account.shows_droplets) {
    require_sight(digitalocean, std::nullopt);
  }
  for (PoolEntry& entry : table.entries) {
    const auto found = std::ranges::find(account.pool, entry.address, &core::FloatingIp::address);
    if (found == account.pool.end()) {
      entry.state = State::missing;
      continue;
    }
    entry = {.address = found->address,
             .state = state_of(*found),
             .region = found->region,
             .droplet = found->holder,
             .droplet_name = found->holder_name,
             .listed = found->listed};
  }
}

// On DOKS a Node has its droplet's name. If no address has a droplet, one request still shows that
// the API answers.
void find_nodes(PoolTable& table, System& system, const Access& access) {
  cloud::Kubernetes kubernetes(system.http, access.url, access.ca_file, access.token);
  const auto read_node = [&](const std::string& name) {
    std::optional<core::Node> node;
    const auto failure = core::catch_error_except_signals([&] {
      node = kubernetes.decode_node(name, system.http.send(kubernetes.node_request(name)));
    });
    if (failure && failure->exit() != core::Exit::gate_failed) {  // no such Node
      throw core::Error(*failure);
    }
    return node;
  };
  table.kubernetes = true;
  bool asked = false;
  for (PoolEntry& entry : table.entries) {
    if (entry.droplet && !entry.droplet_name.empty()) {
      const auto node = read_node(entry.droplet_name);
      entry.node = node && node->provider_id == fmt::format("digitalocean://{}", *entry.droplet);
      asked = true;
    }
  }
  if (!asked) {
    read_node("do-egress-ip-is-asking");
  }
}

}  // namespace

PoolTable read_pool(System& system, const Invocation& invocation) {
  PoolTable table;
  for (const core::Ipv4 address : invocation.config.pool) {
    table.entries.push_back({.address = address});
  }
  const auto failure = core::catch_error([&] {
    read_states(table, system, invocation);
    if (invocation.kubernetes) {
      find_nodes(table, system, *invocation.kubernetes);
    }
  });
  if (failure) {
    table.ending = {failure->exit(), failure->what(), failure->hint()};
  }
  table.requests = system.http.counts();
  table.elapsed = system.clock.elapsed();
  return table;
}

}  // namespace app
