// SPDX-License-Identifier: Apache-2.0
#include "weather.hpp"

#include <fmt/format.h>

#include <functional>
#include <map>
#include <stdexcept>
#include <thread>

namespace nemesis {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds lull{5};

}  // namespace

void expire_leases(const support::World& world, const std::string& holder) {
  const Json leases = world.sim("GET", "/world").at("leases");
  for (const Json& lease : leases) {
    Json spec = lease.at("spec");
    if (!holder.empty() && spec.value("holderIdentity", "") != holder) {
      continue;
    }
    spec["renewTime"] = "2020-01-01T00:00:00.000000Z";
    const std::string name = lease.at("metadata").at("name");
    world.sim("PUT", "/leases/do-egress-ip/" + name, {{"spec", spec}});
  }
}

void Weather::run() {
  const auto start = steady_clock::now();
  for (const Event& event : fleet_.storm().events) {
    while (steady_clock::now() < start + event.at) {
      fleet_.step();
      std::this_thread::sleep_for(lull);
    }
    perform(event);
    fleet_.step();
  }
  while (!frozen_.empty()) {
    thaw(*frozen_.begin());
  }
  fleet_.wait();
  clear_up();
}

void Weather::perform(const Event& event) {
  const auto name = [&] { return fleet_.members().at(event.node).droplet.name; };
  const std::map<std::string, std::function<void()>> ways = {
      {"run", [&] { begin_run(event); }},
      {"fault", [&] { fault(event.details); }},
      {"no-faults", [&] { fleet_.world().sim("DELETE", "/faults"); }},
      {"settings", [&] { fleet_.world().settings(event.details); }},
      {"unassign", [&] { unassign(event); }},
      {"steal",
       [&] {
         fleet_.world().sim("POST", "/assign/" + address_of(event.details.at("number")),
                            {{"droplet", fleet_.thief()}});
       }},
      {"expire", [&] { expire(event); }},
      {"flush", [&] { flush(name()); }},
      {"boot", [&] { boot(event); }},
      {"kill-containers",
       [&] {
         fleet_.world().lab({"kill", name()});
       }},
      {"freeze", [&] { freeze(event); }},
      {"thaw", [&] { thaw(event.node); }},
      {"cut", [&] { cut(event); }},
      {"mend", [&] { mend(event); }},
      {"replace", [&] { replace(event); }},
      {"labels", [&] { fleet_.world().sim("PUT", "/nodes/" + name(), event.details); }},
      {"taints", [&] { meddle_with_taints(event); }},
      {"routes", [&] { meddle_with_routes(event); }},
  };
  if (event.what != "run") {
    trace_.note(fmt::format("{} {} {}", event.what, name(),
                            event.details.is_null() ? "" : event.details.dump()));
  }
  ways.at(event.what)();
}

// An operator who releases a node does not let it reconcile at the same time.
void Weather::begin_run(const Event& event) {
  const bool release = event.details.value("release", false);
  if (frozen_.contains(event.node) || fleet_.is_releasing(event.node) ||
      (release && fleet_.is_busy(event.node))) {
    return;
  }
  fleet_.start(event.node, event.details);
}

void Weather::fault(Json description) {
  if (description.contains("to")) {
    description["to"] = fleet_.thief();
  }
  fleet_.world().fault(description);
}

void Weather::unassign(const Event& event) {
  for (const auto& address : fleet_.world().held_by(fleet_.members().at(event.node).droplet)) {
    fleet_.world().sim("POST", "/unassign/" + address);
  }
}

// A Lease that expires during its holder's claim is useless, so storms that rely on Leases expire
// only finished ones.
void Weather::expire(const Event& event) {
  const auto& member = fleet_.members().at(event.node);
  const bool needed = fleet_.is_busy(event.node) || fleet_.world().held_by(member.droplet).empty();
  if (fleet_.storm().keeping == Keeping::automatic || !needed) {
    expire_leases(fleet_.world(), member.droplet.name);
  }
}

// ip(8) fails if a run changes the same routes at that moment; networkd would not.
void Weather::flush(const std::string& name) {
  constexpr int most_tries = 10;
  for (int tries = 1;; ++tries) {
    try {
      fleet_.world().lab({"flush", name});
      return;
    } catch (const std::runtime_error& error) {
      trace_.note(error.what());
      if (tries == most_tries) {
        throw;
      }
    }
  }
}

// One node at a time, and no more runs there, since only so many can be under way.
void Weather::freeze(const Event& event) {
  if (!frozen_.empty()) {
    return;
  }
  fleet_.world().lab({"freeze", fleet_.members().at(event.node).droplet.name});
  frozen_.insert(event.node);
}

// Also before a node goes down: whatever is frozen does not even die.
void Weather::thaw(std::size_t node) {
  if (frozen_.erase(node) > 0) {
    fleet_.world().lab({"thaw", fleet_.members().at(node).droplet.name});
  }
}

void Weather::boot(const Event& event) {
  thaw(event.node);
  const auto& name = fleet_.members().at(event.node).droplet.name;
  fleet_.world().lab({"crash", name});
  fleet_.world().lab({"boot", name});
  fleet_.taken_away(event.node).clear();
}

void Weather::cut(const Event& event) {
  const std::string server = event.details.at("server");
  if (cuts_.emplace(event.node, server).second) {
    fleet_.world().lab({"cut", fleet_.members().at(event.node).droplet.name, server});
  }
}

void Weather::mend(const Event& event) {
  const std::string server = event.details.at("server");
  if (cuts_.erase({event.node, server}) > 0) {
    fleet_.world().lab({"mend", fleet_.members().at(event.node).droplet.name, server});
  }
}

void Weather::replace(const Event& event) {
  thaw(event.node);
  std::erase_if(cuts_, [&](const auto& cut) { return cut.first == event.node; });
  fleet_.replace(event.node, event.details.at("same_name"));
}

void Weather::meddle_with_taints(const Event& event) {
  Json taints = Json::array();
  if (event.details.at("gate")) {
    taints.push_back({{"key", gate_key}, {"effect", "NoSchedule"}});
  }
  if (event.details.at("other")) {
    taints.push_back({{"key", "example.com/other"}, {"effect", "NoExecute"}});
  }
  fleet_.world().sim("PUT", "/nodes/" + fleet_.members().at(event.node).droplet.name,
                     {{"taints", taints}});
}

// Only existing routes can be removed.
void Weather::meddle_with_routes(const Event& event) {
  const std::string words = event.details.at("words");
  auto& taken_away = fleet_.taken_away(event.node);
  if ((words == flush_memory && taken_away.contains(delete_direct_route)) ||
      (words == delete_direct_route && taken_away.contains(flush_memory))) {
    return;  // without the address as well, a run can only report it
  }
  taken_away.insert(words);
  std::vector<std::string> command = {"exec", fleet_.members().at(event.node).droplet.name, "sh",
                                      "-c", "ip " + words + " 2>/dev/null || true"};
  fleet_.world().lab(command);
}

void Weather::clear_up() {
  trace_.note("the storm is over");
  for (const auto& [node, server] : cuts_) {
    fleet_.world().lab({"mend", fleet_.members().at(node).droplet.name, server});
  }
  cuts_.clear();
  fleet_.world().sim("DELETE", "/faults");
  fleet_.world().settings({{"action_latency_ms", 100},
                           {"metadata_lag_ms", 0},
                           {"hold_ms", 0},
                           {"enforce_limits", false}});
}

}  // namespace nemesis
