// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/network.hpp"

#include <optional>
#include <string>

struct nlmsghdr;

// Decodes netlink messages into plain data (linux/rtnetlink.h, linux/if_link.h, linux/fib_rules.h,
// linux/netfilter/nf_tables.h). An attribute whose length its type cannot have is skipped, and a
// malformed message does no harm.
namespace io {

core::Link decode_link(const nlmsghdr& message);
core::LinkAddress decode_address(const nlmsghdr& message);
core::Rule decode_rule(const nlmsghdr& message);

// The rp_filter in a reply to RTM_GETNETCONF.
std::uint32_t decode_rp_filter(const nlmsghdr& message);

// The address of a rule in our nf_tables table; nothing for a rule that this program did not make.
std::optional<core::Ipv4> decode_marking(const nlmsghdr& message);
// The mark of such a rule: a comment that nft(8) shows, with the rule's version.
std::string marking_note(core::Ipv4 address);

// What a rule of nf_tables does to the packet mark. Returns nothing if it neither sets nor tests a
// bit of the mark.
std::optional<core::MarkUse> decode_mark_use(const nlmsghdr& message);

// Returns nothing for a route that is not unicast (broadcast, local, blackhole, …), unless it is in
// one of our tables.
std::optional<core::Route> decode_route(const nlmsghdr& message);

// Routes of core::destination_table, of any type. There may be thousands that differ in nothing but
// their destination: such a one is decoded once.
class RouteGrouping {
 public:
  // Adds the message's route to the groups; false where it is not of that table.
  bool add(std::vector<core::RouteGroup>& groups, const nlmsghdr& message);

 private:
  std::string last_ = {};  // the message before, without its destination
  std::size_t group_ = 0;  // where its route went
};

}  // namespace io
