// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model.hpp"

#include <string>
#include <string_view>
#include <vector>

// Healthy facts for each topology (LAB.md names them). A test changes one of them.
namespace support {

core::Ipv4 ip(std::string_view text);
core::Prefix prefix(std::string_view text);

inline constexpr core::DropletId our_droplet = 758604990;
inline constexpr core::DropletId other_droplet = 758604991;

inline constexpr core::Ipv4 public_address{{203, 0, 113, 10}};
inline constexpr core::Ipv4 public_gateway{{203, 0, 113, 1}};
inline constexpr core::Ipv4 anchor_address{{10, 17, 0, 5}};
inline constexpr core::Ipv4 anchor_gateway{{10, 17, 0, 1}};
inline constexpr core::Ipv4 private_gateway{{10, 132, 0, 1}};

// The pool, in the order in which our droplet tries it.
inline constexpr core::Ipv4 first_choice{{198, 51, 100, 8}};
inline constexpr core::Ipv4 second_choice{{198, 51, 100, 9}};
inline constexpr core::Ipv4 third_choice{{198, 51, 100, 7}};
inline constexpr core::Ipv4 not_in_pool{{198, 51, 100, 99}};

inline constexpr std::uint32_t eth0 = 2;
inline constexpr std::uint32_t eth1 = 3;
inline constexpr std::uint32_t ens7 = 4;

enum class Topology { classic, anchor_nic, dhcp_metric, two_defaults, routing_agent };
inline constexpr std::array every_topology = {Topology::classic, Topology::anchor_nic,
                                              Topology::dhcp_metric, Topology::two_defaults,
                                              Topology::routing_agent};
std::string_view name_of(Topology topology);

// The network after boot: the default uses the public gateway.
core::Network booted(Topology topology);
// The network after a run: the default uses the anchor gateway, and everything else stays
// reachable.
core::Network converged(Topology topology);

// The same on a node with pods, which forwards. In the second, connections that used the public
// address keep it.
core::Network forwarding(core::Network network);
core::Network marked(core::Network network);

core::Config asked();
core::Droplet droplet(std::optional<core::Ipv4> floating_ip);
core::Node labelled(core::Ipv4 address);
core::FloatingIp free_address(core::Ipv4 address);
core::FloatingIp held_by(core::Ipv4 address, core::DropletId droplet);
// An account with the whole pool, all free; the token sees droplets.
core::Account all_free();

// Nothing to do: the first choice is assigned, routed and labelled.
core::Observation healthy(Topology topology = Topology::classic);
// A droplet without an address, with all facts known.
core::Observation newcomer(Topology topology = Topology::classic);

// Routes of `network` that tests change.
core::Route* default_route(core::Network& network, std::uint32_t table = core::main_table);
core::Route* route_to(core::Network& network, const core::Prefix& destination);
void remove_routes_to(core::Network& network, const core::Prefix& destination,
                      std::uint32_t table = core::main_table);
// Resolves the destinations again after the routes changed.
void resolve(core::Network& network);

// The steps in the words of `app::render_action`, in order.
std::vector<std::string> words(const std::vector<core::Step>& steps, const core::Network& network);

}  // namespace support
