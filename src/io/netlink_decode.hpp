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
// The same of our translation of pods; and what such a rule carries.
std::optional<core::PodSnat> decode_pod_snat(const nlmsghdr& message);
std::string pod_snat_note(const core::PodSnat& snat);

// What the rules of nf_tables, or of iptables on top of it, do to packets of pods. Takes a whole
// dump, and leaves out rules with conditions of other kinds.
class Translations {
 public:
  void add(const nlmsghdr& message);
  const std::vector<core::Translation>& found() const { return found_; }

 private:
  std::vector<core::Translation> found_ = {};
  std::string chain_ = {};  // of the rule before
  bool ended_ = false;      // no packet of a pod gets further in that chain
};

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
  // Adds the message's route to the groups of its table; false where that has none.
  bool add(core::Network& network, const nlmsghdr& message);

 private:
  std::string now_ = {};   // the message without its destination
  std::string last_ = {};  // the one before
  std::uint32_t table_ = 0;
  std::size_t group_ = 0;  // where its route went
};

}  // namespace io
