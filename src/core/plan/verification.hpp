// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace core {

// Which address a service saw a request come from; without one, why it did not answer.
struct Sighting {
  std::string service = {};
  std::optional<Ipv4> seen = {};
  std::string problem = {};
};

// The address that the Node's labels promise, or why there is none to compare with.
std::variant<Ipv4, Ending> promised_address(const Node& node, const Config& asked);

// Exit::ok if every service that answers sees `wanted`; Exit::rolled_back if one sees another
// address; Exit::unavailable if none answers. At least one was asked.
Ending judge_sightings(const std::vector<Sighting>& sightings, Ipv4 wanted);

// What the pods of a node have shown. `unknown` keeps the label: an outage of the services must not
// gate every node.
enum class PodEgress { proven, broken, unknown };
PodEgress judge_pods(const Ending& ending, bool internet_answers);

// Labels the Node with what its pods have shown and, with GateBy::pods, lifts the gate taint or
// puts it back. Nothing if the Node says so already.
std::optional<Step> label_pods(const Node& node, const Config& asked, PodEgress shown);

}  // namespace core
