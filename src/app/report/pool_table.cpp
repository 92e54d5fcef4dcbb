// SPDX-License-Identifier: Apache-2.0
#include "app/report/report.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace app {
namespace {

using Json = nlohmann::ordered_json;
using State = PoolEntry::State;

constexpr std::array state_names = {"free", "held", "locked", "unknown", "missing"};

std::string_view name_of(State state) {
  return state_names.at(static_cast<std::size_t>(state));
}

std::size_t count(const PoolTable& table, State state) {
  return static_cast<std::size_t>(std::ranges::count(table.entries, state, &PoolEntry::state));
}

std::string droplet_of(const PoolEntry& entry) {
  return entry.droplet ? fmt::format("{} {}", *entry.droplet, entry.droplet_name) : "-";
}

// The Node of the cluster, "-" for a droplet that is none; "?" where Kubernetes was not asked.
std::string node_of(const PoolTable& table, const PoolEntry& entry) {
  if (!entry.droplet) {
    return "-";
  }
  return !table.kubernetes ? "?" : entry.node.value_or(false) ? entry.droplet_name : "-";
}

std::string remark_of(const PoolEntry& entry) {
  return entry.state == State::missing ? "not in this account"
         : entry.listed                ? ""
                                       : "not listed: BYOIP";
}

// "3 of 6 free"; an unknown address does not count as free.
std::string supply_of(const PoolTable& table) {
  const std::size_t all = table.entries.size();
  const std::size_t unknown = count(table, State::unknown);
  if (all > 0 && unknown == all) {
    return fmt::format("{} of {} unknown", unknown, all);
  }
  return fmt::format("{} of {} free{}", count(table, State::free), all,
                     unknown > 0 ? fmt::format(", {} unknown", unknown) : "");
}

}  // namespace

std::string render_text(const PoolTable& table) {
  std::size_t widest = std::string_view("DROPLET").size();
  for (const PoolEntry& entry : table.entries) {
    widest = std::max(widest, droplet_of(entry).size());
  }
  const auto row = [&](auto... cells) {
    std::string text = fmt::format("{:<15}  {:<6}  {:<7}  {:<{}}  {:<4}  {}", cells...);
    text.erase(text.find_last_not_of(' ') + 1);
    return text + "\n";
  };
  std::string text = row("ADDRESS", "REGION", "STATE", "DROPLET", widest, "NODE", "");
  for (const PoolEntry& entry : table.entries) {
    text += row(entry.address.to_string(), entry.region.empty() ? "-" : entry.region,
                name_of(entry.state), droplet_of(entry), widest, node_of(table, entry),
                remark_of(entry));
  }
  return text + supply_of(table) + "\n";
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
      {"unknown", count(table, State::unknown)},
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
