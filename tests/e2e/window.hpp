// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dirty.hpp"

#include <functional>
#include <string>
#include <vector>

// The time between a switch and its confirmation, and what may happen to a run in it.
namespace window {

inline const std::vector<std::string> gate = {"--gate-taint", "example.com/egress:NoSchedule"};

// Breaks the anchor's path behind DigitalOcean's gateway; mends it.
void break_anchor_path(const Node& node);
void mend_anchor_path(const Node& node);

// The effective default as ip(8) shows it.
std::string default_route(const Node& node);

// Whether the default has protocol 174 (unconfirmed), or 173 (confirmed).
bool is_unconfirmed(const Node& node);
bool is_confirmed(const Node& node);

// Fails the test if it does not become true in time.
void wait_until(const std::function<bool()>& holds,
                std::chrono::seconds patience = std::chrono::minutes(1));

// A run that proved its path and switched. Its verify service delays the second answer by `delay`,
// or for ever. It may run in a container together with its guard.
enum class Tier { process, container };
support::Child switched(const Node& node, Tier tier = Tier::process,
                        std::chrono::milliseconds delay = {},
                        const std::vector<std::string>& more = {});

// No address, no label with one, and the previous default.
void check_rolled_back(const Node& node, const std::string& before);

// After a release the network is as at first, to the byte.
void check_released(const Node& node, const std::string& snapshot);

// The taints of the run's Node.
support::Json taints(const Node& node);

}  // namespace window
