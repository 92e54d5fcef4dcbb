// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/ip.hpp"
#include "core/pods.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// The kernel's IPv4 network, as rtnetlink(7) describes it. Plain data.
namespace core {

// The protocol of our routes and rules (rtnetlink(7)), by which `release` and later runs recognise
// them. 174 marks a default that no proof has confirmed yet. iproute2's rt_protos uses neither.
inline constexpr std::uint8_t our_protocol = 173;
inline constexpr std::uint8_t unconfirmed_protocol = 174;

// Our tables: a default through the public gateway, a default through the anchor gateway, and a
// table without a rule that stores the previous defaults for `release`. Calico uses 1 to 250, the
// DOKS routing agent 135 with rule 15135.
inline constexpr std::uint32_t public_table = 17310;
inline constexpr std::uint32_t anchor_table = 17311;
inline constexpr std::uint32_t memory_table = 17312;
inline constexpr std::uint32_t destination_table =
    17313;  // who must see the reserved IP, or nothing
// Where everything, and each destination, is local. Its default is there as long as pods are cured;
// rules lead to it where Cilium has to hand what they send to the host's stack.
inline constexpr std::uint32_t pods_table = 17314;

// Our rules, in the kernel's order.
inline constexpr std::uint32_t destinations_replies_priority =
    17296;  // replies of destinations to pods
inline constexpr std::uint32_t pods_destinations_priority =
    17297;  // from pods to destinations, by the table of pods
inline constexpr std::uint32_t proof_priority = 17298;              // proofs: the anchor table
inline constexpr std::uint32_t destination_priority = 17299;        // the table of destinations
inline constexpr std::uint32_t main_first_priority = 17300;         // main, without its default
inline constexpr std::uint32_t public_table_priority = 17301;       // then the public table
inline constexpr std::uint32_t marked_main_first_priority = 17302;  // the same for `our_mark`
inline constexpr std::uint32_t marked_public_table_priority = 17303;
inline constexpr std::uint32_t anchor_main_first_priority =
    17304;  // the same for the anchor address
inline constexpr std::uint32_t anchor_table_priority = 17305;
inline constexpr std::uint32_t pods_replies_priority = 17306;     // replies to pods, by main
inline constexpr std::uint32_t pods_main_first_priority = 17307;  // from pods, main without default
inline constexpr std::uint32_t pods_stack_priority = 17308;       // then to the table of pods

// A rule matches a packet whose mark has `value` in the bits of `mask`.
struct Mark {
  std::uint32_t value = 0;
  std::uint32_t mask = 0xffffffff;
  bool operator==(const Mark&) const = default;
};

// A single bit, because network plugins mark each packet of a pod with bits of their own. Used:
// kube-proxy 0x4000 and 0x8000, Cilium 0x0f00 and 0xff0000ff, Calico 0xffff0000, Tailscale
// 0xff0000, Weave 0x30000.
inline constexpr Mark our_mark{.value = 0x1000, .mask = 0x1000};    // of forwarded packets
inline constexpr Mark proof_mark{.value = 0x2000, .mask = 0x2000};  // of proofs of the anchor path

inline constexpr std::uint32_t main_table = 254;            // RT_TABLE_MAIN
inline constexpr std::uint32_t main_rule_priority = 32766;  // the kernel's rule for the main table

struct Link {
  std::uint32_t ifindex = 0;
  std::string name = {};
  std::string mac = {};         // lower case, colons
  bool forwards = false;        // forwards packets that arrive here
  std::uint32_t rp_filter = 0;  // 1: drops a packet whose reply would leave by another link
  bool src_valid_mark = false;  // that check uses the packet's mark
  bool up = true;               // with a carrier
  bool loopback = false;
  bool arp = true;        // resolves a gateway's MAC
  std::string kind = {};  // "veth", "dummy", …; empty for hardware
  bool operator==(const Link&) const = default;
};

struct LinkAddress {
  Ipv4 address = {};
  int length = 32;
  std::uint32_t ifindex = 0;
  std::uint8_t scope = 0;  // RT_SCOPE_UNIVERSE
  bool secondary = false;  // there is another of its network on the device
  bool operator==(const LinkAddress&) const = default;
};

struct NextHop {
  std::optional<Ipv4> gateway = {};
  std::uint32_t ifindex = 0;
  bool operator==(const NextHop&) const = default;
};

inline constexpr std::uint8_t unicast = 1;  // RTN_UNICAST

// A route with all its attributes, so that it can be restored exactly.
struct Route {
  Prefix destination = {};
  NextHop via = {};
  std::optional<Ipv4> source = {};  // prefsrc
  std::uint32_t metric = 0;
  std::uint32_t table = main_table;
  std::uint8_t protocol = our_protocol;
  std::uint8_t scope = 0;  // RT_SCOPE_UNIVERSE
  std::uint8_t type = unicast;
  std::uint8_t tos = 0;
  std::uint32_t flags = 0;                           // of the next hop: onlink, pervasive
  std::optional<std::uint32_t> nexthop_object = {};  // which defines `via`
  std::string metrics = {};     // RTA_METRICS in wire format: mtu, advmss, initcwnd, locks …
  std::string attributes = {};  // all others in wire format: further next hops, realms, encap …
  bool multipath = false;       // several next hops; `via` is empty
  bool operator==(const Route&) const = default;
};

// More types of routes (rtnetlink(7)).
inline constexpr std::uint8_t local_type = 2;
inline constexpr std::uint8_t unreachable_type = 7;
inline constexpr std::uint8_t throw_type = 9;  // the next rule decides

// Routes that differ in nothing but their destination. There may be thousands of them.
struct RouteGroup {
  Route like = {};                        // without a destination
  std::vector<Prefix> destinations = {};  // sorted
  bool operator==(const RouteGroup&) const = default;
};

// A policy rule, with the selectors that this program uses.
struct Rule {
  std::uint32_t priority = 0;
  std::optional<Prefix> source = {};
  std::optional<Mark> mark = {};
  std::string in_device = {};  // iif; such a rule is not plain
  std::uint32_t table = main_table;
  std::optional<std::uint32_t> suppress_prefixlength = {};
  std::uint8_t protocol = our_protocol;
  bool plain = true;  // no other selectors, and it looks up a table; others are never compared
  bool operator==(const Rule&) const = default;
};

// Our nf_tables table. It sets `our_mark` on packets of forwarded connections whose public side is
// `address`: no rule could recognise those by their source.
struct Marking {
  enum class State {
    absent,
    set,
    hidden,       // visible only with CAP_NET_ADMIN
    unsupported,  // this kernel has no nf_tables
  };
  State state = State::absent;
  Ipv4 address = {};  // 0.0.0.0: the table is not as we make it
  bool operator==(const Marking&) const = default;
};

// A rule of nf_tables that concerns bits of a packet's mark.
struct MarkUse {
  std::string table = {};
  std::string chain = {};
  std::uint32_t sets = 0;   // the bits that the rule sets, where they do not come from elsewhere
  std::uint32_t tests = 0;  // the bits that the rule compares
  bool operator==(const MarkUse&) const = default;
};

// Our translation of what pods send to the world, in the same table of nf_tables. It touches only
// packets that a route hands to the anchor gateway.
struct PodSnat {
  Cure cure = Cure::none;                     // what it is a part of
  Prefix pods = {};                           // their network on this node
  Ipv4 anchor = {};                           // the new source
  Ipv4 gateway = {};                          // the next hop
  std::optional<Prefix> native_network = {};  // never translated, as are private networks
  bool operator==(const PodSnat&) const = default;
};

// The kernel's route for a destination, for a socket without a source address.
struct Resolution {
  Ipv4 destination = {};
  NextHop hop = {};  // empty: unreachable
  bool operator==(const Resolution&) const = default;
};

// The table that the kernel takes for a TCP packet from `source`, past all rules in front of ours.
struct SourceResolution {
  Ipv4 source = {};
  std::uint32_t table = 0;
  bool operator==(const SourceResolution&) const = default;
};

// One reading of the kernel.
struct Network {
  std::vector<Link> links = {};
  std::vector<LinkAddress> addresses = {};
  std::vector<Route> routes = {};                 // of the tables that io::Kernel names
  std::vector<RouteGroup> destinations = {};      // every route of `destination_table`
  std::vector<RouteGroup> pod_destinations = {};  // of `pods_table`, without its default
  std::vector<Rule> rules = {};                   // by priority
  Marking marking = {};
  std::optional<PodSnat> pod_snat = {};
  std::vector<Resolution> leaves_by = {};          // destinations that only defaults cover
  std::vector<Resolution> samples = {};            // of `destinations`
  std::vector<SourceResolution> leaves_from = {};  // of the rules for replies, where they are set
  bool may_change = true;                          // this process has CAP_NET_ADMIN
  bool operator==(const Network&) const = default;
};

// Public destinations, one in each quarter of the address space, that no route covers but a
// default, or the halves and quarters by which a VPN covers everything.
std::vector<Ipv4> destinations_of_defaults(const std::vector<Route>& routes,
                                           const std::vector<RouteGroup>& groups = {});

// An address in each of a few of `destinations`.
std::vector<Ipv4> sample_destinations(const std::vector<RouteGroup>& destinations);

// The group with the longest prefix that contains `address`; null where there is none.
const RouteGroup* longest_match(const std::vector<RouteGroup>& groups, Ipv4 address);

// Adds a route to the group of its like, or a new one. Those of a sorted dump stay sorted.
// Its place there is returned.
std::size_t add_to_groups(std::vector<RouteGroup>& groups, const Route& like,
                          const Prefix& destination);
void sort_groups(std::vector<RouteGroup>& groups);

// Those of `destination_table`, or of `pods_table`.
std::vector<RouteGroup>& groups_of(Network& network, std::uint32_t table);
const std::vector<RouteGroup>& groups_of(const Network& network, std::uint32_t table);

// Of the five tables that are ours, `destination_table` is in no Network::routes.
bool is_our_table(std::uint32_t table);

}  // namespace core
