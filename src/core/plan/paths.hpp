// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace core {

// One of the droplet's two paths to the internet: address, gateway and device.
struct Path {
  Ipv4 address = {};
  NextHop via = {};
};

struct Paths {
  Path public_path = {};
  Path anchor_path = {};
};

// Finds a path's device by its address, never by name: DOKS 1.32 and newer have a separate NIC for
// the anchor. If several devices have the address, those without traffic are ignored, then the MAC,
// the gateway's network and an existing route through the gateway decide. None or several end the
// run with Exit::config.
std::variant<Path, Ending> find_public_path(const Droplet& droplet, const Network& network);
std::variant<Path, Ending> find_anchor_path(const Droplet& droplet, const Network& network);
std::variant<Paths, Ending> find_paths(const Droplet& droplet, const Network& network);

// A link-scope route to each gateway that the kernel would refuse as a next hop: the address has
// `noprefixroute`, and nothing added a route to its network.
std::vector<Route> gateway_routes(const Network& network, const Paths& paths);

bool goes_via(const Route& route, const Path& path);

// "203.0.113.1 dev eth0", for output.
std::string render_hop(const NextHop& hop, const Network& network);

// The public path, if only sockets bound to it reach the servers: the default is dead, or a policy
// rule overrides it.
std::optional<Path> find_detour(const Observation& found);

}  // namespace core
