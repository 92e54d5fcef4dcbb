// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/network.hpp"

#include <optional>
#include <string>

struct nlmsghdr;

// netlink messages as our plain data (linux/rtnetlink.h, linux/if_link.h, linux/fib_rules.h,
// linux/netfilter/nf_tables.h). An attribute of a
// length that its type cannot have is passed over. No message of any shape does harm.
namespace io {

core::Link decode_link(const nlmsghdr& message);
core::LinkAddress decode_address(const nlmsghdr& message);
core::Rule decode_rule(const nlmsghdr& message);

// The rp_filter of a reply to RTM_GETNETCONF.
std::uint32_t decode_rp_filter(const nlmsghdr& message);

// For which address a rule of nf_tables was made by us; nothing where it was not.
std::optional<core::Ipv4> decode_marking(const nlmsghdr& message);
// What such a rule carries to tell: a comment, as nft(8) shows it, with the rule's version.
std::string marking_note(core::Ipv4 address);

// Nothing for what is no unicast route (broadcast, local, blackhole, …).
std::optional<core::Route> decode_route(const nlmsghdr& message);

}  // namespace io
