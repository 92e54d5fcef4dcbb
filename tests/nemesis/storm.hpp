// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/world.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace nemesis {

using support::Json;
using Millis = std::chrono::milliseconds;

// How nodes avoid claiming the same address: Leases, Leases if available, or nothing.
enum class Keeping { lease, automatic, nothing };

// An event of one node or of all.
struct Event {
  Millis at = {};          // since the start of the storm; later on a slow machine
  std::string what = {};   // see events.hpp
  std::size_t node = 0;    // the node, for events of one node
  Json details = nullptr;  // further parameters
};

// The plan of a storm, made in advance.
struct Storm {
  std::uint64_t seed = 0;
  Keeping keeping = Keeping::lease;
  bool gated = false;     // with a gate taint
  bool verified = false;  // with a --verify-url
  bool named = false;     // DigitalOcean's API by its name, which somebody must know
  int timeout_seconds = 0;
  std::vector<std::string> topologies = {};  // of each node
  int addresses = 0;                         // of the pool
  std::vector<int> byoip = {};               // their numbers; not in the account's list
  std::vector<int> abroad = {};              // their numbers; in another region
  std::vector<int> taken = {};     // their numbers; held by a foreign droplet at the start
  Json settings = Json::object();  // of the servers at the start
  std::vector<Json> leases = {};   // left by others: `address`, `expired`
  std::vector<Event> events = {};  // by time
};

// A seed always gives the same storm.
Storm make_storm(std::uint64_t seed);

inline bool uses_kubernetes(const Storm& storm) {
  return storm.keeping != Keeping::nothing;
}

std::string address_of(int number);

// The plan as text.
std::string render(const Storm& storm);
std::string render(const Event& event);

}  // namespace nemesis
