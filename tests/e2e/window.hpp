// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dirty.hpp"

#include <functional>
#include <string>
#include <vector>

// The moment between a switch and its confirmation, and what may happen to a run in there.
namespace window {

inline const std::vector<std::string> gate = {"--gate-taint", "example.com/egress:NoSchedule"};

// Nothing that has the anchor as its source passes DigitalOcean's gateway any more; passes again.
void break_anchor_path(const Node& node);
void mend_anchor_path(const Node& node);

// The default in force, as ip(8) shows it.
std::string default_route(const Node& node);

// Whether a default stands that nobody has confirmed, protocol 174; that somebody has, 173.
bool is_unconfirmed(const Node& node);
bool is_confirmed(const Node& node);

// Fails the test where it does not come true within that time.
void wait_until(const std::function<bool()>& holds,
                std::chrono::seconds patience = std::chrono::minutes(1));

// A run that has proven its path and switched, and whose confirmation takes that long: its verify
// service answers the second time after `delay`, or never. In a container, its guard with it, or
// not.
enum class Tier { process, container };
support::Child switched(const Node& node, Tier tier = Tier::process,
                        std::chrono::milliseconds delay = {},
                        const std::vector<std::string>& more = {});

// Neither an address nor a label that says so, and the default as it was.
void check_rolled_back(const Node& node, const std::string& before);

// What a release leaves is what was there at first, to the byte.
void check_released(const Node& node, const std::string& snapshot);

// The taints of its Node.
support::Json taints(const Node& node);

}  // namespace window
