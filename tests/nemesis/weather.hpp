// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fleet.hpp"

namespace nemesis {

// Applies a storm's events to a fleet, each at its time or soon after, and waits for all runs.
// Faults end with it; their effects remain.
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
  void freeze(const Event& event);
  void thaw(std::size_t node);
  void cut(const Event& event);
  void mend(const Event& event);
  void replace(const Event& event);
  void meddle_with_taints(const Event& event);
  void meddle_with_routes(const Event& event);
  void clear_up();

  Fleet& fleet_;
  Trace& trace_;
  std::set<std::pair<std::size_t, std::string>> cuts_ = {};
  std::set<std::size_t> frozen_ = {};
};

// Expires the Lease of that Node, or all Leases if it is empty.
void expire_leases(const support::World& world, const std::string& holder);

}  // namespace nemesis
