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

// What keeps two nodes from claiming one address: Leases, Leases while they can be had, nothing.
enum class Keeping { lease, automatic, nothing };

// Something that happens to a node, or to all of them.
struct Event {
  Millis at = {};          // since the storm began; later where the machine is slow
  std::string what = {};   // see events.hpp
  std::size_t node = 0;    // the one it happens to, where it happens to one
  Json details = nullptr;  // what else there is to know
};

// What will happen, decided beforehand.
struct Storm {
  std::uint64_t seed = 0;
  Keeping keeping = Keeping::lease;
  bool gated = false;     // with a gate taint
  bool verified = false;  // with a --verify-url
  int timeout_seconds = 0;
  std::vector<std::string> topologies = {};  // of each node
  int addresses = 0;                         // of the pool
  std::vector<int> byoip = {};               // of these, by number: not in the account's list
  std::vector<int> abroad = {};              // in another region
  std::vector<int> taken = {};               // a foreign droplet holds it from the beginning
  Json settings = Json::object();            // of the servers, from the beginning
  std::vector<Json> leases = {};             // what others have left: `address`, `expired`
  std::vector<Event> events = {};            // by time
};

// The same from the same seed.
Storm make_storm(std::uint64_t seed);

inline bool uses_kubernetes(const Storm& storm) {
  return storm.keeping != Keeping::nothing;
}

std::string address_of(int number);

// For people: everything that is planned.
std::string render(const Storm& storm);
std::string render(const Event& event);

}  // namespace nemesis
