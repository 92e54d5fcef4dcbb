// SPDX-License-Identifier: Apache-2.0
#include "events.hpp"

#include <algorithm>
#include <csignal>
#include <map>

namespace nemesis {
namespace {

class Choosing {
 public:
  Choosing(const Storm& storm, Dice& dice) : storm_(storm), dice_(dice) {}

  std::vector<Event> run() {
    const int nodes = static_cast<int>(storm_.topologies.size());
    length_ms_ = dice_.between(5000, 9000);
    const int wildness = dice_.between(1, 4);  // calm storms show what wild ones hide
    for (int node = 0; node < nodes; ++node) {
      runs_of(node);
    }
    for (int count = wildness * 3; count > 0; --count) {
      add(any_time(), "fault", 0, choose_fault(storm_, dice_));
    }
    for (int count = wildness - 1; count > 0; --count) {
      add(any_time(), "no-faults", 0);
    }
    for (int count = wildness * std::min(nodes, 8); count > 0; --count) {
      happens_to(dice_.between(0, nodes - 1));
    }
    std::ranges::stable_sort(events_, {}, &Event::at);
    return std::move(events_);
  }

 private:
  int any_time() { return dice_.between(0, length_ms_); }

  void add(int at_ms, const std::string& what, int node, const Json& details = nullptr) {
    events_.push_back({Millis{at_ms}, what, static_cast<std::size_t>(node), details});
  }

  // Many runs start at once, as after an upgrade; a loop and an init container overlap.
  void runs_of(int node) {
    const bool together = dice_.percent(70);
    const int first = together ? dice_.between(0, 300) : any_time();
    add(first, "run", node, how());
    if (dice_.percent(50)) {
      add(first + dice_.between(0, 500), "run", node, how());
    }
    for (int count = dice_.between(1, 3); count > 0; --count) {
      const int at = any_time();
      add(at, "run", node, how());
      if (dice_.percent(25)) {
        add(at + dice_.between(0, 300), "run", node, how());
      }
    }
  }

  Json how() {
    Json how = Json::object();
    if (dice_.percent(25)) {
      const int signal = dice_.pick<int>({SIGKILL, SIGKILL, SIGTERM, SIGINT, SIGHUP});
      how["signals"] = {{dice_.between(10, dice_.percent(50) ? 400 : 3000), signal}};
    } else if (dice_.percent(12)) {
      how["kill_after_change"] = dice_.between(1, 6);
    } else if (dice_.percent(10)) {
      const int stopped = dice_.between(10, 600);
      how["signals"] = {{stopped, SIGSTOP}, {stopped + dice_.between(100, 2500), SIGCONT}};
    } else if (dice_.percent(40)) {
      how["contained"] = true;
    }
    if (dice_.percent(20)) {
      how["clock_offset"] = dice_.between(-4, 20) * dice_.pick<int>({60, 3600});
      how["clock_after_ms"] = dice_.pick<int>({0, 0, 300, 1500});
    }
    if (dice_.percent(6)) {
      how["release"] = true;
    } else if (dice_.percent(4)) {
      how["dry_run"] = true;
    }
    return how;
  }

  void happens_to(int node) {
    const int at = any_time();
    switch (dice_.between(0, 14)) {
      case 0:
      case 1:
        return add(at, "unassign", node);
      case 2:
        return add(at, "steal", node, {{"number", dice_.between(1, storm_.addresses)}});
      case 3:
        return add(at, "expire", node);
      case 4:
        return add(at, "flush", node);
      case 5:
        return add(at, "boot", node);
      case 6:
      case 7:
        return cut(at, node);
      case 8:
        return add(at, "replace", node, {{"same_name", dice_.percent(50)}});
      case 9:
        return meddle(at, node);
      case 10:
        return add(at, "routes", node, {{"words", dice_.pick(route_words)}});
      case 11:
      case 12:
        return contained_run(at, "kill-containers", node);
      case 13:
        contained_run(at, "freeze", node);
        return add(at + dice_.between(600, 4000), "thaw", node);
      default:
        return add(at, "settings", 0, change_of_settings());
    }
  }

  // Shortly after a run has begun in there: before, in or after its switch.
  void contained_run(int at, const std::string& what, int node) {
    add(at, "run", node, {{"contained", true}});
    add(at + dice_.between(20, dice_.percent(50) ? 500 : 2500), what, node);
  }

  void cut(int at, int node) {
    const auto server = dice_.pick<std::string>(
        {"kubernetes", "digitalocean", "digitalocean", "metadata", "internet"});
    add(at, "cut", node, {{"server", server}});
    if (dice_.percent(60)) {
      add(at + dice_.between(200, 4000), "mend", node, {{"server", server}});
    }
  }

  void meddle(int at, int node) {
    if (dice_.percent(50)) {
      return add(at, "labels", node, {{"labels", dice_.pick(label_sets)}});
    }
    add(at, "taints", node, {{"gate", dice_.percent(50)}, {"other", dice_.percent(50)}});
  }

  Json change_of_settings() {
    return dice_.percent(50) ? Json{{"metadata_lag_ms", dice_.pick<int>({0, 500, 3000, 8000})}}
                             : Json{{"action_latency_ms", dice_.pick<int>({0, 300, 1500, 4000})}};
  }

  inline static const std::vector<std::string> route_words = {
      "rule del pref 17300", "rule del pref 17301", flush_memory, delete_direct_route};
  inline static const std::vector<Json> label_sets = {
      Json::object(),
      {{support::enabled_label, "true"}},
      {{support::enabled_label, "false"}, {support::address_label, "198.51.100.1"}},
      {{support::enabled_label, "true"}, {support::address_label, "192.0.2.77"}}};

  const Storm& storm_;
  Dice& dice_;
  int length_ms_ = 0;
  std::vector<Event> events_ = {};
};

Json status(Dice& dice, const std::string& server) {
  const std::map<std::string, std::vector<int>> usual = {
      {"digitalocean", {401, 403, 404, 429, 429, 500, 502, 503}},
      {"kubernetes", {401, 403, 404, 409, 429, 500, 503, 504}},
      {"metadata", {404, 500, 503}},
      {"whatismyip", {404, 500, 503}},
      {"dns", {2, 3, 5}}};
  Json fault = {{"kind", "status"}, {"status", dice.pick(usual.at(server))}};
  if (fault["status"] == 429) {
    fault["headers"] = dice.percent(50)
                           ? Json{{"retry-after", dice.pick<std::string>({"0", "1", "2", "29"})}}
                           : Json::object();
  }
  if (server == "digitalocean" && dice.percent(30)) {
    fault["status"] = 422;
    fault["method"] = "POST";
    fault["body"] = {
        {"id", "unprocessable_entity"},
        {"message", dice.pick<std::string>({"Droplet already has a pending event.",
                                            "The floating IP already has a pending event.",
                                            "Droplet cannot be assigned a reserved IP."})}};
  }
  return fault;
}

// Faults of the next assignments, of any node.
Json of_assignments(Dice& dice) {
  const auto kind =
      dice.pick<std::string>({"errored-action", "steal", "unassign", "action-404", "lost-assign"});
  Json fault = {{"kind", kind}, {"count", dice.between(1, 3)}};
  if (kind == "steal" || kind == "unassign") {
    fault["after_ms"] = dice.pick<int>({0, 100, 500, 2000});
  }
  if (kind == "steal") {
    fault["to"] = "thief";
  }
  return fault;
}

}  // namespace

std::vector<Event> choose_events(const Storm& storm, Dice& dice) {
  return Choosing(storm, dice).run();
}

Json choose_fault(const Storm& storm, Dice& dice) {
  if (dice.percent(25)) {
    return of_assignments(dice);
  }
  std::vector<std::string> servers = {"digitalocean", "digitalocean", "metadata"};
  if (uses_kubernetes(storm)) {
    servers.insert(servers.end(), {"kubernetes", "kubernetes"});
  }
  if (storm.verified) {
    servers.emplace_back("whatismyip");
  }
  if (storm.named) {
    servers.insert(servers.end(), {"dns", "dns"});
  }
  const std::string server = dice.pick(servers);
  const auto kind = server == "dns"
                        ? dice.pick<std::string>({"hang", "hang", "status"})
                        : dice.pick<std::string>({"status", "status", "status", "reset", "reset",
                                                  "truncate", "cut-json", "garbage", "huge", "drip",
                                                  "delay", "delay", "hang"});
  Json fault = kind == "status" ? status(dice, server) : Json{{"kind", kind}};
  fault["server"] = server;
  fault["when"] = dice.pick<std::string>({"before", "after"});
  fault["count"] = dice.percent(15) ? -1 : dice.between(1, 6);
  fault["skip"] = dice.pick<int>({0, 0, 0, 1, 5});
  fault["probability"] = dice.pick<double>({1.0, 1.0, 0.5, 0.2});
  if (kind == "delay") {
    fault["delay_ms"] = dice.pick<int>({50, 500, 2000, 5000});
  }
  if (!fault.contains("method") && server != "dns" && dice.percent(50)) {
    fault["method"] = dice.pick<std::string>({"GET", "POST", "PATCH", "PUT"});
  }
  return fault;
}

}  // namespace nemesis
