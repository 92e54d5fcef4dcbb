// SPDX-License-Identifier: Apache-2.0
#include "io/netlink_encode.hpp"

#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace io {
namespace {

void put_next_hop(nlmsghdr* message, const core::Route& route) {
  if (route.nexthop_object) {
    mnl_attr_put_u32(message, RTA_NH_ID, *route.nexthop_object);
    return;
  }
  if (route.via.gateway) {
    put_address(message, RTA_GATEWAY, *route.via.gateway);
  }
  if (route.via.ifindex != 0) {
    mnl_attr_put_u32(message, RTA_OIF, route.via.ifindex);
  }
}

}  // namespace

void* put_zeros(nlmsghdr* message, std::size_t size) {
  void* header = mnl_nlmsg_put_extra_header(message, size);
  std::memset(header, 0, size);
  return header;
}

void put_address(nlmsghdr* message, std::uint16_t type, core::Ipv4 address) {
  mnl_attr_put(message, type, address.octets.size(), address.octets.data());
}

void put_route(nlmsghdr* message, const core::Route& route) {
  auto* header = header_of<rtmsg>(message);
  header->rtm_family = AF_INET;
  header->rtm_dst_len = static_cast<std::uint8_t>(route.destination.length);
  header->rtm_tos = route.tos;
  header->rtm_table = RT_TABLE_UNSPEC;
  header->rtm_protocol = route.protocol;
  header->rtm_scope = route.scope;
  header->rtm_type = route.type;
  header->rtm_flags = route.flags;
  mnl_attr_put_u32(message, RTA_TABLE, route.table);
  if (route.destination.length > 0) {
    put_address(message, RTA_DST, route.destination.address);
  }
  put_next_hop(message, route);
  if (route.source) {
    put_address(message, RTA_PREFSRC, *route.source);
  }
  if (route.metric != 0) {
    mnl_attr_put_u32(message, RTA_PRIORITY, route.metric);
  }
  if (!route.metrics.empty()) {
    mnl_attr_put(message, RTA_METRICS, route.metrics.size(), route.metrics.data());
  }
  auto* end = static_cast<char*>(mnl_nlmsg_get_payload_tail(message));
  std::ranges::copy(route.attributes, end);
  message->nlmsg_len += static_cast<std::uint32_t>(route.attributes.size());
}

void put_rule(nlmsghdr* message, const core::Rule& rule) {
  auto* header = header_of<fib_rule_hdr>(message);
  header->family = AF_INET;
  header->action = FR_ACT_TO_TBL;
  header->table = RT_TABLE_UNSPEC;
  mnl_attr_put_u32(message, FRA_TABLE, rule.table);
  mnl_attr_put_u32(message, FRA_PRIORITY, rule.priority);
  mnl_attr_put_u8(message, FRA_PROTOCOL, rule.protocol);
  if (rule.source) {
    header->src_len = static_cast<std::uint8_t>(rule.source->length);
    put_address(message, FRA_SRC, rule.source->address);
  }
  if (!rule.in_device.empty()) {
    mnl_attr_put_strz(message, FRA_IIFNAME, rule.in_device.c_str());
  }
  if (rule.mark) {
    mnl_attr_put_u32(message, FRA_FWMARK, rule.mark->value);
    mnl_attr_put_u32(message, FRA_FWMASK, rule.mark->mask);
  }
  if (rule.suppress_prefixlength) {
    mnl_attr_put_u32(message, FRA_SUPPRESS_PREFIXLEN, *rule.suppress_prefixlength);
  }
}

}  // namespace io
