// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/ip.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// What the kernel's IPv4 network consists of, as rtnetlink(7) tells it. Plain data.
namespace core {

// The protocol of our own routes and rules (rtnetlink(7)), so that `release` and later runs tell
// them from everybody else's: 174 is a default that no proof has confirmed yet. Free in iproute2's
// rt_protos.
inline constexpr std::uint8_t our_protocol = 173;
inline constexpr std::uint8_t unconfirmed_protocol = 174;

// Our tables: a default through the public gateway, one through the anchor gateway, and, where no
// rule leads, the defaults that ours replaced, each as it was. Calico takes 1 to 250, the DOKS
// routing agent 135 with rule 15135.
inline constexpr std::uint32_t public_table = 17310;
inline constexpr std::uint32_t anchor_table = 17311;
inline constexpr std::uint32_t memory_table = 17312;

// Our rules, in the order in which the kernel asks them.
inline constexpr std::uint32_t proof_priority = 17299;         // our proofs, to the anchor's table
inline constexpr std::uint32_t main_first_priority = 17300;    // to main, without its default
inline constexpr std::uint32_t public_table_priority = 17301;  // then to the public table
inline constexpr std::uint32_t marked_main_first_priority = 17302;  // the same for `our_mark`
inline constexpr std::uint32_t marked_public_table_priority = 17303;
inline constexpr std::uint32_t anchor_main_first_priority =
    17304;  // the same for the anchor address
inline constexpr std::uint32_t anchor_table_priority = 17305;

// The bits of a packet's mark that a rule looks at, and what they must be.
struct Mark {
  std::uint32_t value = 0;
  std::uint32_t mask = 0xffffffff;
  bool operator==(const Mark&) const = default;
};

// One bit, set and tested alone: network plugins mark every packet of a pod with bits of their own.
// Taken: kube-proxy 0x4000 and 0x8000, Cilium 0x0f00 and 0xff0000ff, Calico 0xffff0000, Tailscale
// 0xff0000, Weave 0x30000.
inline constexpr Mark our_mark{.value = 0x1000, .mask = 0x1000};  // of forwarded packets
inline constexpr Mark proof_mark{.value = 0x2000,
                                 .mask = 0x2000};  // of our proofs of the anchor's path

inline constexpr std::uint32_t main_table = 254;            // RT_TABLE_MAIN
inline constexpr std::uint32_t main_rule_priority = 32766;  // the kernel's own rule for it

struct Link {
  std::uint32_t ifindex = 0;
  std::string name = {};
  std::string mac = {};         // lower case, colons
  bool forwards = false;        // passes on what comes in here for others
  std::uint32_t rp_filter = 0;  // 1: takes nothing here whose answer would leave elsewhere
  bool src_valid_mark = false;  // that answer has the mark of the packet
  bool up = true;               // and has a carrier
  bool loopback = false;
  bool arp = true;        // asks for the MAC of a gateway
  std::string kind = {};  // "veth", "dummy", …; empty for hardware
  bool operator==(const Link&) const = default;
};

struct LinkAddress {
  Ipv4 address = {};
  int length = 32;
  std::uint32_t ifindex = 0;
  bool operator==(const LinkAddress&) const = default;
};

struct NextHop {
  std::optional<Ipv4> gateway = {};
  std::uint32_t ifindex = 0;
  bool operator==(const NextHop&) const = default;
};

// A route with everything the kernel tells of it, so that it can be put back as it was.
struct Route {
  Prefix destination = {};
  NextHop via = {};
  std::optional<Ipv4> source = {};  // prefsrc
  std::uint32_t metric = 0;
  std::uint32_t table = main_table;
  std::uint8_t protocol = our_protocol;
  std::uint8_t scope = 0;  // RT_SCOPE_UNIVERSE
  std::uint8_t type = 1;   // RTN_UNICAST
  std::uint8_t tos = 0;
  std::uint32_t flags = 0;                           // of the next hop: onlink, pervasive
  std::optional<std::uint32_t> nexthop_object = {};  // `via` is then what that object says
  std::string metrics = {};     // RTA_METRICS, as on the wire: mtu, advmss, initcwnd, locks …
  std::string attributes = {};  // all others, as on the wire: further next hops, realms, encap …
  bool multipath = false;       // several next hops; `via` is empty then
  bool operator==(const Route&) const = default;
};

// A policy rule, as far as it concerns us.
struct Rule {
  std::uint32_t priority = 0;
  std::optional<Prefix> source = {};
  std::optional<Mark> mark = {};
  std::uint32_t table = main_table;
  std::optional<std::uint32_t> suppress_prefixlength = {};
  std::uint8_t protocol = our_protocol;
  bool plain = true;  // selects by source and mark alone, looks up a table; else never compared
  bool operator==(const Rule&) const = default;
};

// Our table of nf_tables: it gives `our_mark` to packets of forwarded connections that the world
// knows by `address`, which no rule could tell from others by their source.
struct Marking {
  enum class State {
    absent,
    set,
    hidden,       // to be seen with CAP_NET_ADMIN only
    unsupported,  // by this kernel
  };
  State state = State::absent;
  Ipv4 address = {};  // 0.0.0.0: not as we make it
  bool operator==(const Marking&) const = default;
};

// How the kernel resolves a destination, for a socket without a source address.
struct Resolution {
  Ipv4 destination = {};
  NextHop hop = {};  // empty: unreachable
  bool operator==(const Resolution&) const = default;
};

// One look at the kernel.
struct Network {
  std::vector<Link> links = {};
  std::vector<LinkAddress> addresses = {};
  std::vector<Route> routes = {};  // unicast, of the tables that matter: see io::Kernel
  std::vector<Rule> rules = {};    // by priority
  Marking marking = {};
  std::vector<Resolution> leaves_by = {};  // of destinations that only a default leads to
  bool may_change = true;                  // this process has CAP_NET_ADMIN
  bool operator==(const Network&) const = default;
};

// Public destinations in each quarter of the address space that no route of `routes` leads to but a
// default, or the halves and quarters by which a VPN takes everything.
std::vector<Ipv4> destinations_of_defaults(const std::vector<Route>& routes);

bool is_our_table(std::uint32_t table);

}  // namespace core
