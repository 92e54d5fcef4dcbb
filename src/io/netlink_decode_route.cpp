// SPDX-License-Identifier: Apache-2.0
#include "io/netlink_attribute.hpp"
#include "io/netlink_decode.hpp"

#include <linux/rtnetlink.h>

#include <algorithm>
#include <cstddef>
#include <string>

namespace io {
namespace {

// The flags that a route may set. The other flags of linux/rtnetlink.h, such as RTNH_F_LINKDOWN,
// are state, and the kernel refuses a route that sets them.
constexpr std::uint32_t settable_flags =
    0xff & ~(RTNH_F_DEAD | RTNH_F_OFFLOAD | RTNH_F_LINKDOWN | RTNH_F_UNRESOLVED | RTNH_F_TRAP);

std::string bytes_of(const nlattr* attribute) {
  const auto bytes = payload(attribute);
  return {bytes.begin(), bytes.end()};
}

// A whole attribute with its padding, without the flags that the kernel refuses.
std::string settable(const nlattr* attribute) {
  std::string bytes(reinterpret_cast<const char*>(attribute), attribute->nla_len);
  bytes.resize(MNL_ALIGN(bytes.size()));
  if (mnl_attr_get_type(attribute) != RTA_MULTIPATH) {
    return bytes;
  }
  for (std::size_t at = MNL_ATTR_HDRLEN; at + sizeof(rtnexthop) <= bytes.size();) {
    rtnexthop hop{};
    std::memcpy(&hop, bytes.data() + at, sizeof hop);
    hop.rtnh_flags = static_cast<unsigned char>(hop.rtnh_flags & settable_flags);
    std::memcpy(bytes.data() + at, &hop, sizeof hop);
    at += std::max<std::size_t>(RTNH_ALIGN(hop.rtnh_len), sizeof hop);
  }
  return bytes;
}

// What the header says, after the attributes.
void complete(core::Route& route, const rtmsg& header) {
  route.destination.length = prefix_length(header.rtm_dst_len);
  route.protocol = header.rtm_protocol;
  route.scope = header.rtm_scope;
  route.type = header.rtm_type;
  route.tos = header.rtm_tos;
  route.flags = header.rtm_flags & settable_flags;
  if (route.nexthop_object) {  // the other attributes repeat the object
    route.flags = 0;
    route.attributes.clear();
  }
}

std::optional<core::Route> decode_any_route(const nlmsghdr& message) {
  core::Route route;
  std::optional<std::uint32_t> table;
  const auto* header = each_attribute<rtmsg>(message, [&](const nlattr* attribute) {
    switch (mnl_attr_get_type(attribute)) {
      case RTA_DST:
        return copy_value(attribute, route.destination.address.octets);
      case RTA_GATEWAY:
        return copy_value(attribute, route.via.gateway);
      case RTA_OIF:
        return copy_value(attribute, route.via.ifindex);
      case RTA_PREFSRC:
        return copy_value(attribute, route.source);
      case RTA_PRIORITY:
        return copy_value(attribute, route.metric);
      case RTA_TABLE:
        return copy_value(attribute, table);
      case RTA_NH_ID:
        return copy_value(attribute, route.nexthop_object);
      case RTA_METRICS:
        route.metrics = bytes_of(attribute);
        return;
      case RTA_CACHEINFO:
        return;
      default:
        route.multipath = route.multipath || mnl_attr_get_type(attribute) == RTA_MULTIPATH;
        route.attributes += settable(attribute);
    }
  });
  if (header == nullptr) {
    return std::nullopt;
  }
  complete(route, *header);
  route.table = table.value_or(header->rtm_table);
  return route;
}

constexpr std::size_t length_at = offsetof(rtmsg, rtm_dst_len);

// Where the destination's address begins in a message's content; 0 where there is none.
std::size_t address_at(const nlmsghdr& message) {
  const auto* start = static_cast<const std::uint8_t*>(mnl_nlmsg_get_payload(&message));
  const auto* attribute = reinterpret_cast<const nlattr*>(start + sizeof(rtmsg));
  auto left = static_cast<int>(mnl_nlmsg_get_payload_len(&message) - sizeof(rtmsg));
  while (mnl_attr_ok(attribute, left)) {
    if (mnl_attr_get_type(attribute) == RTA_DST &&
        payload(attribute).size() == sizeof(core::Ipv4)) {
      return static_cast<std::size_t>(payload(attribute).data() - start);
    }
    left -= static_cast<int>(MNL_ALIGN(attribute->nla_len));
    attribute = mnl_attr_next(attribute);
  }
  return 0;
}

}  // namespace

std::optional<core::Route> decode_route(const nlmsghdr& message) {
  auto route = decode_any_route(message);
  const bool wanted = route && (route->type == core::unicast || core::is_our_table(route->table));
  return wanted ? route : std::nullopt;
}

bool RouteGrouping::add(core::Network& network, const nlmsghdr& message) {
  const auto* header = static_cast<const rtmsg*>(mnl_nlmsg_get_payload(&message));
  if (mnl_nlmsg_get_payload_len(&message) < sizeof *header ||
      header->rtm_table != RT_TABLE_COMPAT) {  // as of every table beyond 255
    return false;
  }
  const std::size_t address = address_at(message);
  core::Prefix destination{{}, prefix_length(header->rtm_dst_len)};
  now_.assign(reinterpret_cast<const char*>(header), mnl_nlmsg_get_payload_len(&message));
  now_[length_at] = 0;
  if (address != 0) {
    std::memcpy(destination.address.octets.data(), now_.data() + address, sizeof(core::Ipv4));
    std::memset(now_.data() + address, 0, sizeof(core::Ipv4));
  }
  auto& last = core::groups_of(network, table_);
  if (group_ < last.size() && address != 0 && now_ == last_) {
    last[group_].destinations.push_back(destination);
    return true;
  }
  auto route = decode_any_route(message);
  const bool of_pods = route && route->table == core::pods_table && destination.length > 0;
  if (!route || (route->table != core::destination_table && !of_pods)) {
    return false;
  }
  route->destination = {};
  table_ = route->table;
  group_ = core::add_to_groups(core::groups_of(network, table_), *route, destination);
  last_ = now_;
  return true;
}

}  // namespace io
