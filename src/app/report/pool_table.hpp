// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/invocation.hpp"
#include "app/system.hpp"
#include "core/model.hpp"

#include <optional>
#include <string>
#include <vector>

namespace app {

// One address of the pool, as it is now.
struct PoolEntry {
  core::Ipv4 address = {};
  enum class State { free, held, locked, hidden, missing } state = State::missing;
  std::string region = {};
  std::optional<core::DropletId> droplet = {};
  std::string droplet_name = {};
  std::optional<bool> node = {};  // whether the Node of that name is that droplet's; where asked
  bool listed = true;             // false: known by name only, as BYOIP addresses are
};

struct PoolTable {
  std::vector<PoolEntry> entries = {};
  bool kubernetes = false;  // it was asked for the Nodes
  core::Ending ending = {};
  io::RequestCounts requests = {};
  io::Duration elapsed = {};
};

// Reads every address of the pool, and the Nodes of the droplets that hold one. Needs the token, no
// droplet. The token must have droplet:read, or every address would look free: Exit::no_permission.
PoolTable read_pool(System& system, const Invocation& invocation);

// For people: a line an address, then how many are left.
std::string render_text(const PoolTable& table);
// One document on one line, "schema": 1.
std::string render_json(const PoolTable& table);

}  // namespace app
