// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fleet.hpp"

namespace nemesis {

// Lets a storm's events happen to a fleet, each at its time or as soon after as the machine can;
// all runs have ended then. Nothing that was an event is in force any longer, but what it did
// remains.
class Weather {
 public:
  Weather(Fleet& fleet, Trace& trace) : fleet_(fleet), trace_(trace) {}

  void run();

 private:
  void perform(const Event& event);
  void begin_run(const Event& event);
  void fault(Json description);
  void unassign(const Event& event);
  void expire(const Event& event);
  void flush(const std::string& name);
  void boot(const Event& event);
  void cut(const Event& event);
  void mend(const Event& event);
  void replace(const Event& event);
  void meddle_with_taints(const Event& event);
  void meddle_with_routes(const Event& event);
  void clear_up();

  Fleet& fleet_;
  Trace& trace_;
  std::set<std::pair<std::size_t, std::string>> cuts_ = {};
};

// Makes a Lease of that Node, or of all where it is empty, one that has expired long ago.
void expire_leases(const support::World& world, const std::string& holder);

}  // namespace nemesis
