// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model.hpp"

#include <string>
#include <variant>
#include <vector>

namespace core {

// One of the two ways out of a droplet: an address, the gateway of its network, the device.
struct Path {
  Ipv4 address = {};
  NextHop via = {};
};

struct Paths {
  Path public_path = {};
  Path anchor_path = {};
};

// The device of each path is the one that holds its address, never a name: DOKS 1.32 and newer give
// the anchor a NIC of its own. Where several hold it, those that carry no traffic do not count;
// then the MAC, the network of the gateway, and a route that already leads through the gateway
// decide. None or several are an Ending with Exit::config.
std::variant<Path, Ending> find_public_path(const Droplet& droplet, const Network& network);
std::variant<Path, Ending> find_anchor_path(const Droplet& droplet, const Network& network);
std::variant<Paths, Ending> find_paths(const Droplet& droplet, const Network& network);

// A link-scope route to each gateway that the kernel would refuse as a next hop: an address with
// `noprefixroute`, and nobody made the route to its network.
std::vector<Route> gateway_routes(const Network& network, const Paths& paths);

bool goes_via(const Route& route, const Path& path);

// "203.0.113.1 dev eth0", for people.
std::string render_hop(const NextHop& hop, const Network& network);

}  // namespace core
