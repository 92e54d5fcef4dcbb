// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dice.hpp"
#include "storm.hpp"

#include <vector>

// What may happen in a storm, by `what`:
//   run        the program; `release`, `dry_run`: how; `signals`: pairs of milliseconds and a
//              signal that ends it, or stops it for a time; `kill_after_change`: SIGKILL after that
//              many changes of the network; `clock_offset` `clock_after_ms`: its wall clock jumps
//              by so many seconds; `contained`: in a container, its guard with it
//   fault      of the servers, as tests/sim takes it; `to` is replaced by the thief's id
//   no-faults  all of them end
//   settings   of the servers
//   unassign   somebody takes the node's address away
//   steal      somebody gives the address with that `number` to a foreign droplet
//   expire     the node's Leases expire
//   flush boot cut mend   as tests/lab has them; `boot` with a power failure
//   kill-containers freeze thaw   those of the node, as tests/lab has them
//   replace    the droplet is destroyed and another one comes; `same_name`
//   labels taints         of the Node are meddled with
//   routes     of ours are meddled with: `words` for ip(8)
namespace nemesis {

// The routes by which a node without an address reaches the public gateway and metadata.
inline const std::string flush_memory = "route flush table 17310";
inline const std::string delete_direct_route = "route del 169.254.169.254/32";

// Sorted by time.
std::vector<Event> choose_events(const Storm& storm, Dice& dice);

// A random fault of the servers.
Json choose_fault(const Storm& storm, Dice& dice);

}  // namespace nemesis
