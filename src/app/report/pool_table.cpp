// SPDX-License-Identifier: Apache-2.0
#include "app/report/pool_table.hpp"

#include "cloud/digitalocean.hpp"
#include "cloud/kubernetes.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace app {
namespace {

using Json = nlohmann::ordered_json;
using State = PoolEntry::State;

constexpr std::array state_names = {"free", "held", "locked", "hidden", "missing"};

std::string_view name_of(State state) {
  return state_names.at(static_cast<std::size_t>(state));
}

State state_of(const core::FloatingIp& found) {
  if (!found.holder_shown) {
    return State::hidden;
  }
  if (found.locked) {
    return State::locked;
  }
  return found.holder ? State::held : State::free;
}

PoolEntry entry_of(const core::FloatingIp& found, bool listed) {
  return {.address = found.address,
          .state = state_of(found),
          .region = found.region,
          .droplet = found.holder,
          .droplet_name = found.holder_name,
          .listed = listed};
}

class Reading {
 public:
  Reading(System& system, const Invocation& invocation)
      : digitalocean_(system.http, invocation.digitalocean.url, invocation.digitalocean.ca_file,
                      invocation.digitalocean.token),
        pool_(invocation.config.pool) {
    if (invocation.kubernetes) {
      kubernetes_.emplace(system, *invocation.kubernetes);
    }
  }

  void read(PoolTable& table) {
    const auto listed = digitalocean_.list_addresses();
    bool sees_droplets = false;
    for (const core::FloatingIp& found : listed) {
      sees_droplets = sees_droplets || found.holder.has_value();
    }
    for (const core::Ipv4 address : pool_) {
      table.entries.push_back(entry(address, listed));
      sees_droplets = sees_droplets || table.entries.back().droplet.has_value();
    }
    if (!sees_droplets && !digitalocean_.sees_droplets()) {
      throw core::Error(core::Exit::no_permission,
                        "the token does not see droplets, so an address in use looks free to it")
          .with_hint("give the token the scope droplet:read");
    }
    if (kubernetes_) {
      table.kubernetes = true;
      find_nodes(table);
    }
  }

 private:
  struct Nodes {
    Nodes(System& system, const Access& access)
        : http(system.http), api(system.http, access.url, access.ca_file, access.token) {}
    io::Http& http;
    cloud::Kubernetes api;
  };

  PoolEntry entry(core::Ipv4 address, const std::vector<core::FloatingIp>& listed) {
    const auto known = std::ranges::find(listed, address, &core::FloatingIp::address);
    if (known != listed.end()) {
      return entry_of(*known, true);
    }
    const auto named = digitalocean_.read_address(address);
    return named ? entry_of(*named, false) : PoolEntry{.address = address};
  }

  // On DigitalOcean's Kubernetes a Node has its droplet's name. Without any droplet to look for,
  // some Node is asked for all the same: that the API answers is worth knowing.
  void find_nodes(PoolTable& table) {
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

  std::optional<core::Node> read_node(const std::string& name) {
    const auto response = kubernetes_->http.send(kubernetes_->api.node_request(name));
    return response.status == 404 ? std::nullopt
                                  : std::optional(kubernetes_->api.decode_node(name, response));
  }

  cloud::DigitalOcean digitalocean_;
  std::optional<Nodes> kubernetes_ = {};
  const std::vector<core::Ipv4>& pool_;
};

std::size_t count(const PoolTable& table, State state) {
  return static_cast<std::size_t>(std::ranges::count(table.entries, state, &PoolEntry::state));
}

std::string holder(const PoolTable& table, const PoolEntry& entry) {
  if (!entry.droplet) {
    return entry.state == State::missing ? "not in this account" : "-";
  }
  std::string text = fmt::format("droplet {} {}", *entry.droplet, entry.droplet_name);
  if (table.kubernetes) {
    text += entry.node.value_or(false) ? ", a Node" : ", not a Node of this cluster";
  }
  return text;
}

}  // namespace

PoolTable read_pool(System& system, const Invocation& invocation) {
  PoolTable table;
  const auto failure = core::any_failure_of([&] { Reading(system, invocation).read(table); });
  if (failure) {
    table.ending = {failure->exit(), failure->what(), failure->hint()};
  }
  table.requests = system.http.counts();
  table.elapsed = system.clock.elapsed();
  return table;
}

std::string render_text(const PoolTable& table) {
  std::string text = fmt::format("{:<16} {:<7} {:<8} {}\n", "ADDRESS", "REGION", "STATE", "HOLDER");
  for (const PoolEntry& entry : table.entries) {
    text += fmt::format("{:<16} {:<7} {:<8} {}{}\n", entry.address.to_string(),
                        entry.region.empty() ? "-" : entry.region, name_of(entry.state),
                        holder(table, entry), entry.listed ? "" : " (not listed: BYOIP)");
  }
  return text + fmt::format("{} of {} free\n", count(table, State::free), table.entries.size());
}

std::string render_json(const PoolTable& table) {
  const core::ExitFacts& facts = core::facts_of(table.ending.exit);
  Json pool = Json::array();
  for (const PoolEntry& entry : table.entries) {
    Json droplet = nullptr;
    if (entry.droplet) {
      droplet = {{"id", *entry.droplet}, {"name", entry.droplet_name}};
    }
    pool.push_back({{"address", entry.address.to_string()},
                    {"region", entry.region},
                    {"state", name_of(entry.state)},
                    {"droplet", droplet},
                    {"node", entry.node.value_or(false) ? Json(entry.droplet_name) : Json(nullptr)},
                    {"listed", entry.listed}});
  }
  Json error = nullptr;
  if (table.ending.exit != core::Exit::ok) {
    error = {{"message", table.ending.message}, {"hint", table.ending.hint}};
  }
  const Json document = {
      {"schema", 1},
      {"command", "pool"},
      {"version", DO_EGRESS_IP_VERSION},
      {"exit",
       {{"code", static_cast<int>(facts.exit)}, {"name", facts.name}, {"retry", facts.retry}}},
      {"pool", pool},
      {"free", count(table, State::free)},
      {"kubernetes", table.kubernetes},
      {"error", error},
      {"requests",
       {{"digitalocean", table.requests.at(0)},
        {"metadata", table.requests.at(1)},
        {"kubernetes", table.requests.at(2)}}},
      {"elapsed_seconds", static_cast<double>(table.elapsed.count()) / 1000}};
  return document.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace app
