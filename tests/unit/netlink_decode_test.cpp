// SPDX-License-Identifier: Apache-2.0
#include "io/netlink_decode.hpp"

#include "support/builders.hpp"
#include "support/print.hpp"
#include "unit/netlink_message.hpp"

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <span>

using core::public_table;

namespace {

using unit::Message;

rtmsg route_header() {
  return {.rtm_family = AF_INET,
          .rtm_dst_len = 0,
          .rtm_src_len = 0,
          .rtm_tos = 0,
          .rtm_table = RT_TABLE_MAIN,
          .rtm_protocol = RTPROT_DHCP,
          .rtm_scope = RT_SCOPE_UNIVERSE,
          .rtm_type = RTN_UNICAST,
          .rtm_flags = 0};
}

fib_rule_hdr rule_header() {
  fib_rule_hdr header{};
  header.family = AF_INET;
  header.action = FR_ACT_TO_TBL;
  header.table = RT_TABLE_MAIN;
  return header;
}

ifinfomsg link_header(int index) {
  ifinfomsg header{};
  header.ifi_index = index;
  header.ifi_flags = IFF_UP | IFF_RUNNING;
  return header;
}

ifaddrmsg address_header() {
  ifaddrmsg header{};
  header.ifa_family = AF_INET;
  header.ifa_prefixlen = 20;
  header.ifa_index = 2;
  return header;
}

Message whole_route() {
  auto header = route_header();
  header.rtm_dst_len = 24;
  header.rtm_tos = 4;
  return Message(header)
      .address(RTA_DST, "192.0.2.0")
      .address(RTA_GATEWAY, "203.0.113.1")
      .number(RTA_OIF, 2)
      .address(RTA_PREFSRC, "203.0.113.10")
      .number(RTA_PRIORITY, 100)
      .number(RTA_TABLE, 1000);
}

Message whole_rule() {
  auto header = rule_header();
  header.src_len = 32;
  return Message(header)
      .address(FRA_SRC, "203.0.113.10")
      .number(FRA_PRIORITY, 17300)
      .number(FRA_TABLE, 1000)
      .number(FRA_SUPPRESS_PREFIXLEN, 0)
      .number8(FRA_PROTOCOL, 173);
}

}  // namespace

TEST_CASE("netlink: link, has an index, a name and a MAC") {
  const std::array<std::uint8_t, 6> mac = {0x04, 0x01, 0x2a, 0x0f, 0x2a, 0x01};
  const auto link = Message(link_header(7))
                        .text(IFLA_IFNAME, {"ens7np0\0", 8})
                        .bytes(IFLA_ADDRESS, mac)
                        .decoded_by(io::decode_link);
  CHECK(link == core::Link{7, "ens7np0", "04:01:2a:0f:2a:01"});
}

TEST_CASE("netlink: name without its zero and link without a MAC, are read") {
  CHECK(Message(link_header(7)).text(IFLA_IFNAME, "tun0").decoded_by(io::decode_link) ==
        core::Link{7, "tun0", ""});
  CHECK(Message(link_header(7))
            .text(IFLA_IFNAME, "")
            .bytes(IFLA_ADDRESS, {})
            .decoded_by(io::decode_link) == core::Link{7, "", ""});
}

// Output of `ip link add kube-ipvs0 type dummy`, and lo.
TEST_CASE("netlink: link, shows its kind and whether it carries traffic") {
  const auto link_of = [](unsigned flags) {
    ifinfomsg header = link_header(7);
    header.ifi_flags = flags;
    return Message(header).decoded_by(io::decode_link);
  };
  CHECK(link_of(IFF_UP | IFF_RUNNING).up);
  CHECK_FALSE(link_of(IFF_UP).up);
  CHECK_FALSE(link_of(IFF_RUNNING).up);
  CHECK_FALSE(link_of(IFF_BROADCAST | IFF_NOARP).arp);
  CHECK(link_of(IFF_UP | IFF_RUNNING | IFF_LOOPBACK).loopback);
  const std::array<std::uint8_t, 12> kind = {10, 0, 1, 0, 'd', 'u', 'm', 'm', 'y', 0, 0, 0};
  CHECK(Message(link_header(7)).bytes(IFLA_LINKINFO, kind).decoded_by(io::decode_link).kind ==
        "dummy");
  CHECK(Message(link_header(7)).bytes(IFLA_LINKINFO, {}).decoded_by(io::decode_link).kind.empty());
}

TEST_CASE("netlink: address on a point-to-point link, is the local one") {
  const core::LinkAddress expected{support::public_address, 20, 2};
  CHECK(Message(address_header())
            .address(IFA_ADDRESS, "203.0.113.10")
            .decoded_by(io::decode_address) == expected);
  CHECK(Message(address_header())
            .address(IFA_ADDRESS, "10.9.9.9")
            .address(IFA_LOCAL, "203.0.113.10")
            .decoded_by(io::decode_address) == expected);
}

TEST_CASE("netlink: route, is read in every field") {
  const auto route = whole_route().decoded_by(io::decode_route);
  CHECK(route == core::Route{.destination = support::prefix("192.0.2.0/24"),
                             .via = {support::public_gateway, 2},
                             .source = support::public_address,
                             .metric = 100,
                             .table = 1000,
                             .protocol = RTPROT_DHCP,
                             .tos = 4});
}

TEST_CASE("netlink: table of a route, is the attribute, else the header's") {
  CHECK(Message(route_header()).decoded_by(io::decode_route)->table == 254);
  CHECK(
      Message(route_header()).number(RTA_TABLE, public_table).decoded_by(io::decode_route)->table ==
      public_table);
}

TEST_CASE("netlink: route with several next hops, is multipath without a hop") {
  const std::array<std::uint8_t, 16> hops{};
  const auto route =
      Message(route_header()).bytes(RTA_MULTIPATH, hops).decoded_by(io::decode_route);
  REQUIRE(route.has_value());
  CHECK(route->multipath);
  CHECK(route->via == core::NextHop{});
}

TEST_CASE("netlink: route that is not unicast, is skipped outside our tables") {
  for (int type = 0; type < 16; ++type) {
    auto header = route_header();
    header.rtm_type = static_cast<std::uint8_t>(type);
    CAPTURE(type);
    CHECK(Message(header).decoded_by(io::decode_route).has_value() == (type == RTN_UNICAST));
    const auto in_ours =
        Message(header).number(RTA_TABLE, core::public_table).decoded_by(io::decode_route);
    REQUIRE(in_ours.has_value());
    CHECK(in_ours->type == type);
  }
}

TEST_CASE("netlink: destination longer than an address, is cut") {
  auto header = route_header();
  header.rtm_dst_len = 255;
  CHECK(Message(header).decoded_by(io::decode_route)->destination.length == 32);
}

TEST_CASE("netlink: source of a rule or prefix of an address, is cut as well") {
  auto rule = rule_header();
  rule.src_len = 255;
  CHECK(Message(rule).decoded_by(io::decode_rule).source->length == 32);
  ifaddrmsg address{};
  address.ifa_prefixlen = 200;
  CHECK(Message(address).decoded_by(io::decode_address).length == 32);
}

TEST_CASE("netlink: rule, is read in every field") {
  CHECK(whole_rule().decoded_by(io::decode_rule) ==
        core::Rule{.priority = 17300,
                   .source = support::prefix("203.0.113.10/32"),
                   .table = 1000,
                   .suppress_prefixlength = 0,
                   .protocol = 173});
}

TEST_CASE("netlink: suppress_prefixlength of all ones, means none") {
  const auto rule =
      Message(rule_header()).number(FRA_SUPPRESS_PREFIXLEN, 0xffffffff).decoded_by(io::decode_rule);
  CHECK_FALSE(rule.suppress_prefixlength.has_value());
  CHECK_FALSE(rule.source.has_value());
  CHECK(rule.table == 254);
  CHECK(rule.plain);
}

TEST_CASE("netlink: rule with other selectors, is not plain") {
  for (const int type :
       {FRA_DST, FRA_IIFNAME, FRA_OIFNAME, FRA_UID_RANGE, FRA_IP_PROTO, FRA_SPORT_RANGE,
        FRA_DPORT_RANGE, FRA_TUN_ID, FRA_L3MDEV, FRA_GOTO, FRA_FLOW}) {
    CAPTURE(type);
    CHECK_FALSE(whole_rule().number(type, 1).decoded_by(io::decode_rule).plain);
  }
  auto header = rule_header();
  SUBCASE("another action") {
    header.action = FR_ACT_BLACKHOLE;
  }
  SUBCASE("a type of service") {
    header.tos = 4;
  }
  SUBCASE("inverted") {
    header.flags = FIB_RULE_INVERT;
  }
  CHECK_FALSE(Message(header).decoded_by(io::decode_rule).plain);
}

TEST_CASE("netlink: attribute of a wrong length, is skipped") {
  const std::array<std::uint8_t, 16> bytes{9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9};
  for (std::size_t length = 0; length <= bytes.size(); ++length) {
    if (length == 4) {
      continue;
    }
    const auto payload = std::span(bytes).first(length);
    auto route = Message(route_header());
    for (const int type : {RTA_DST, RTA_GATEWAY, RTA_OIF, RTA_PREFSRC, RTA_PRIORITY, RTA_TABLE}) {
      route.bytes(type, payload);
    }
    CHECK(route.decoded_by(io::decode_route) == core::Route{.protocol = RTPROT_DHCP});
    auto rule = Message(rule_header());
    for (const int type : {FRA_SRC, FRA_PRIORITY, FRA_TABLE, FRA_SUPPRESS_PREFIXLEN}) {
      rule.bytes(type, payload);
    }
    CHECK(rule.decoded_by(io::decode_rule) == core::Rule{});
    CHECK(Message(address_header())
              .bytes(IFA_ADDRESS, payload)
              .bytes(IFA_LOCAL, payload)
              .decoded_by(io::decode_address) == core::LinkAddress{{}, 20, 2});
  }
}

TEST_CASE("netlink: every truncation of a message, does no harm") {
  for (std::size_t size = 0; size <= whole_route().size(); ++size) {
    whole_route().decoded_by(io::decode_route, size);
    whole_route().decoded_by(io::decode_link, size);
  }
  for (std::size_t size = 0; size <= whole_rule().size(); ++size) {
    whole_rule().decoded_by(io::decode_rule, size);
    whole_rule().decoded_by(io::decode_address, size);
  }
  CHECK_FALSE(whole_route().decoded_by(io::decode_route, 0).has_value());
  CHECK_FALSE(whole_rule().decoded_by(io::decode_rule, 0).plain);
  CHECK(whole_route().decoded_by(io::decode_link, 0) == core::Link{});
  CHECK(whole_route().decoded_by(io::decode_address, 0) == core::LinkAddress{});
}

TEST_CASE("netlink: attribute with a wrong length field, does no harm") {
  for (const int length : {0, 1, 3, 4, 5, 8, 100, 65535}) {
    for (int type = 0; type < 40; ++type) {
      const auto size = static_cast<std::uint16_t>(length);
      Message(route_header()).promise(type, size).decoded_by(io::decode_route);
      Message(rule_header()).promise(type, size).decoded_by(io::decode_rule);
      Message(link_header(1)).promise(type, size).decoded_by(io::decode_link);
      Message(address_header()).promise(type, size).decoded_by(io::decode_address);
    }
  }
}
