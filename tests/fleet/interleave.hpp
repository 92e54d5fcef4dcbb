// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>

namespace fleet {

struct Interleavings {
  int tried = 0;
  int with_a_kill = 0;
  std::set<std::string> wrong = {};  // what must not be, with the order in which it came about
};

// Runs the program on two nodes, with Leases, over one or two free addresses: once for every order
// in which their requests can take effect. Orders that differ only in what the nodes do to
// different objects, or in who reads first, are one. With `kills` also once for every request of
// either node before which it can be killed. After each the nodes run again.
Interleavings interleave(int addresses, bool kills);

}  // namespace fleet
