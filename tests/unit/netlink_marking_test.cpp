// SPDX-License-Identifier: Apache-2.0
#include "io/netlink_decode.hpp"
#include "support/print.hpp"
#include "unit/netlink_message.hpp"

#include <doctest/doctest.h>
#include <linux/fib_rules.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/netconf.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

using unit::Message;

// Messages about our marking and what it needs: rules with a mark, nf_tables rules, device
// settings.

namespace {

Message nf_rule(const std::string& note) {
  return Message(nfgenmsg{.nfgen_family = AF_INET, .version = 0, .res_id = 0})
      .text(NFTA_RULE_TABLE, {"do-egress-ip\0", 13})
      .text(NFTA_RULE_USERDATA, note);
}

fib_rule_hdr rule_header() {
  fib_rule_hdr header{};
  header.family = AF_INET;
  header.action = FR_ACT_TO_TBL;
  return header;
}

core::Rule marked(std::uint32_t mark, std::uint32_t mask) {
  return Message(rule_header())
      .number(FRA_FWMARK, mark)
      .number(FRA_FWMASK, mask)
      .decoded_by(io::decode_rule);
}

// A nested attribute as bytes.
std::vector<std::uint8_t> nested(int type, std::span<const std::uint8_t> payload) {
  const nlattr attribute{.nla_len = static_cast<std::uint16_t>(NLA_HDRLEN + payload.size()),
                         .nla_type = static_cast<std::uint16_t>(type)};
  std::vector<std::uint8_t> bytes(sizeof attribute);
  std::memcpy(bytes.data(), &attribute, sizeof attribute);
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  bytes.resize(NLMSG_ALIGN(bytes.size()));
  return bytes;
}

core::Link link_with(std::vector<std::uint32_t> settings) {
  const auto* start = reinterpret_cast<const std::uint8_t*>(settings.data());
  const auto inner = nested(IFLA_INET_CONF, {start, settings.size() * sizeof settings[0]});
  const auto family = nested(AF_INET, inner);
  return Message(ifinfomsg{.ifi_family = 0,
                           .__ifi_pad = 0,
                           .ifi_type = 0,
                           .ifi_index = 0,
                           .ifi_flags = IFF_UP | IFF_RUNNING,
                           .ifi_change = 0})
      .bytes(IFLA_AF_SPEC, family)
      .decoded_by(io::decode_link);
}

}  // namespace

TEST_CASE("netlink: rule of ours, names its address") {
  const std::string note = io::marking_note(support::public_address);
  CHECK(note == std::string("\0\x16"
                            "2: keeps 203.0.113.10\0",
                            24));
  CHECK(nf_rule(note).decoded_by(io::decode_marking) == support::public_address);
}

TEST_CASE("netlink: rule with any other note, is not ours") {
  std::string note = io::marking_note(support::public_address);
  CHECK_FALSE(nf_rule("").decoded_by(io::decode_marking).has_value());
  SUBCASE("cut off") {
    note.pop_back();
  }
  SUBCASE("longer") {
    note += '\0';
  }
  SUBCASE("another version") {
    note[2] = '1';
  }
  SUBCASE("another type") {
    note[0] = 1;
  }
  SUBCASE("another length") {
    note[1] = 99;
  }
  SUBCASE("no address") {
    note[12] = 'x';
  }
  CHECK_FALSE(nf_rule(note).decoded_by(io::decode_marking).has_value());
}

TEST_CASE("netlink: every truncation of a marking rule, does no harm") {
  const Message whole = nf_rule(io::marking_note(support::public_address));
  for (std::size_t size = 0; size < whole.size() - 1; ++size) {  // the last byte is 0 in any case
    CHECK_FALSE(whole.decoded_by(io::decode_marking, size).has_value());
  }
}

TEST_CASE("netlink: rule with a mark, is compared with its mask") {
  CHECK(marked(0x1000, 0x1000) == core::Rule{.mark = core::our_mark, .table = 0});
  CHECK(marked(0x1000, 0xffffffff).mark == core::Mark{0x1000, 0xffffffff});
  CHECK(Message(rule_header()).number(FRA_FWMARK, 7).decoded_by(io::decode_rule).mark ==
        core::Mark{7, 0xffffffff});
  // Cilium's "fwmark 0/0xf00": the kernel sends only the mask.
  CHECK(Message(rule_header()).number(FRA_FWMASK, 0xf00).decoded_by(io::decode_rule).mark ==
        core::Mark{0, 0xf00});
  CHECK_FALSE(Message(rule_header()).decoded_by(io::decode_rule).mark.has_value());
}

TEST_CASE("netlink: device settings, are read as far as the kernel sends them") {
  std::vector<std::uint32_t> settings(IPV4_DEVCONF_SRC_VMARK, 0);
  CHECK(link_with(settings) == core::Link{});
  settings[IPV4_DEVCONF_FORWARDING - 1] = 1;
  settings[IPV4_DEVCONF_RP_FILTER - 1] = 2;
  settings[IPV4_DEVCONF_SRC_VMARK - 1] = 1;
  CHECK(link_with(settings) ==
        core::Link{.forwards = true, .rp_filter = 2, .src_valid_mark = true});
  settings.pop_back();
  CHECK_FALSE(link_with(settings).src_valid_mark);
  CHECK(link_with({}) == core::Link{});
}

TEST_CASE("netlink: rp_filter of all devices, is read") {
  CHECK(Message(netconfmsg{}).number(NETCONFA_RP_FILTER, 1).decoded_by(io::decode_rp_filter) == 1);
  CHECK(Message(netconfmsg{}).decoded_by(io::decode_rp_filter) == 0);
}
