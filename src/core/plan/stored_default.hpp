// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/network.hpp"

#include <optional>

// The defaults that a switch replaced, in `memory_table`. They keep the protocol of their owner, so
// only what else is ours in the kernel tells them from routes of another program.
namespace core {

// Whether anything of ours is there that a switch needs. A run adds some of it before it stores a
// default, and an undo removes stored defaults first, so no kill leaves one without it.
bool is_switch_prepared(const Network& network);

// Whether a route is a default that a run stored. Without anything else of ours it is another
// program's, unless the node has no other way out.
bool is_stored_default(const Network& network, const Route& route);

// The stored default with the lowest metric.
std::optional<Route> stored_default(const Network& network);

// The stored default with this metric, as it was in the main table.
std::optional<Route> replaced_default(const Network& network, std::uint32_t metric);

}  // namespace core
