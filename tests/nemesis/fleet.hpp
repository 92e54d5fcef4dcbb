// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "events.hpp"
#include "storm.hpp"
#include "trace.hpp"

#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace nemesis {

inline const std::string gate_key = "egress.example.com/pending";

// A finished run of the program.
struct Ended {
  std::size_t member = 0;
  support::Droplet droplet = {};
  Json how = {};
  std::int64_t started_ms = 0;  // since the epoch
  std::int64_t ended_ms = 0;
  std::optional<int> signalled = {};  // the signal that was sent to it
  support::Run run = {};
  Json result = {};  // null if it printed none
};

// The nodes of a storm in their own world, and the program's runs on them.
class Fleet {
 public:
  Fleet(const Storm& storm, Trace& trace);

  struct Member {
    support::Droplet droplet = {};
    std::string topology = {};
    std::string snapshot = {};              // of its network after boot
    std::set<std::string> taken_away = {};  // routes removed since boot, as words of ip(8)
    bool forgetful() const { return taken_away.contains(flush_memory); }
    bool possible() const;  // whether the topology allows an egress IP
  };

  const Storm& storm() const { return storm_; }
  support::World& world() { return world_; }
  const std::vector<Member>& members() const { return members_; }
  std::int64_t thief() const { return thief_; }

  // All droplets that ever were in the fleet, by id, with their Node's name.
  const std::map<std::int64_t, std::string>& everybody() const { return everybody_; }

  // Runs the program on a member; see events.hpp for `how`. Waits while too many runs are active.
  void start(std::size_t member, const Json& how);

  // Sends due signals and collects finished runs. Never waits.
  void step();

  // Waits for all runs. Throws std::runtime_error if one does not end.
  void wait();

  std::set<std::string>& taken_away(std::size_t member) { return members_.at(member).taken_away; }

  bool is_busy(std::size_t member) const;
  bool is_releasing(std::size_t member) const;

  const std::vector<Ended>& ended() const { return ended_; }

  // Destroys the droplet with its processes, and creates another one.
  void replace(std::size_t member, bool same_name);

  // The start (in milliseconds since the epoch) of the member's first run that may have influenced
  // something at that time.
  std::int64_t earliest_start(std::int64_t droplet, std::int64_t at_ms) const;

 private:
  struct Running {
    Ended so_far = {};
    support::Child child;
    std::chrono::steady_clock::time_point began = {};
    std::size_t signals = 0;  // signals sent
  };

  void add_foreigners();
  void leave_leases();
  Member make(const std::string& name, const std::string& topology);
  support::Command command(const Member& member, const Json& how) const;
  static void send_signals(Running& running);
  void finish(Running& running, support::Run run);

  const Storm& storm_;
  Trace& trace_;
  support::World world_ = {};
  std::vector<Member> members_ = {};
  std::map<std::int64_t, std::string> everybody_ = {};
  std::int64_t thief_ = 0;
  int names_ = 0;
  std::list<Running> running_ = {};
  std::vector<Ended> ended_ = {};
};

}  // namespace nemesis
