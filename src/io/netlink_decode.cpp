// SPDX-License-Identifier: Apache-2.0
#include "io/netlink_decode.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <algorithm>
#include <cstring>
#include <span>

namespace io {
namespace {

std::span<const std::uint8_t> payload(const nlattr* attribute) {
  return {static_cast<const std::uint8_t*>(mnl_attr_get_payload(attribute)),
          mnl_attr_get_payload_len(attribute)};
}

template <typename Value>
void take(const nlattr* attribute, Value& value) {
  const auto bytes = payload(attribute);
  if (bytes.size() == sizeof value) {
    std::memcpy(&value, bytes.data(), sizeof value);
  }
}

template <typename Value>
void take(const nlattr* attribute, std::optional<Value>& value) {
  if (payload(attribute).size() == sizeof(Value)) {
    take(attribute, value.emplace());
  }
}

std::string text(const nlattr* attribute) {
  const auto bytes = payload(attribute);
  const auto end = std::ranges::find(bytes, std::uint8_t{0});
  return {bytes.begin(), end};
}

int prefix_length(std::uint8_t told) {
  return std::min<int>(told, 32);
}

// What follows the header of type `Header`, attribute by attribute; nothing where the message is
// shorter than that.
template <typename Header, typename Visit>
const Header* each_attribute(const nlmsghdr& message, Visit&& visit) {
  if (mnl_nlmsg_get_payload_len(&message) < sizeof(Header)) {
    return nullptr;
  }
  mnl_attr_parse(
      &message, sizeof(Header),
      [](const nlattr* attribute, void* user) {
        (*static_cast<std::remove_reference_t<Visit>*>(user))(attribute);
        return MNL_CB_OK;
      },
      &visit);
  return static_cast<const Header*>(mnl_nlmsg_get_payload(&message));
}

// Anything by which a rule selects packets, other than their source.
bool selects_otherwise(int type) {
  constexpr std::array selectors = {FRA_DST,      FRA_IIFNAME,     FRA_OIFNAME,     FRA_FWMARK,
                                    FRA_FLOW,     FRA_TUN_ID,      FRA_L3MDEV,      FRA_UID_RANGE,
                                    FRA_IP_PROTO, FRA_SPORT_RANGE, FRA_DPORT_RANGE, FRA_GOTO};
  return std::ranges::find(selectors, type) != selectors.end();
}

}  // namespace

core::Link decode_link(const nlmsghdr& message) {
  core::Link link;
  const auto* header = each_attribute<ifinfomsg>(message, [&](const nlattr* attribute) {
    if (mnl_attr_get_type(attribute) == IFLA_IFNAME) {
      link.name = text(attribute);
    } else if (mnl_attr_get_type(attribute) == IFLA_ADDRESS) {
      link.mac = fmt::format("{:02x}", fmt::join(payload(attribute), ":"));
    }
  });
  link.ifindex = header == nullptr ? 0 : static_cast<std::uint32_t>(header->ifi_index);
  return link;
}

core::LinkAddress decode_address(const nlmsghdr& message) {
  core::LinkAddress result;
  std::optional<core::Ipv4> local;  // on a point-to-point link IFA_ADDRESS is the peer's
  const auto* header = each_attribute<ifaddrmsg>(message, [&](const nlattr* attribute) {
    if (mnl_attr_get_type(attribute) == IFA_ADDRESS) {
      take(attribute, result.address.octets);
    } else if (mnl_attr_get_type(attribute) == IFA_LOCAL) {
      take(attribute, local);
    }
  });
  result.address = local.value_or(result.address);
  if (header != nullptr) {
    result.ifindex = header->ifa_index;
    result.length = prefix_length(header->ifa_prefixlen);
  }
  return result;
}

core::Rule decode_rule(const nlmsghdr& message) {
  core::Rule rule;
  core::Ipv4 source;
  std::optional<std::uint32_t> table;
  const auto* header = each_attribute<fib_rule_hdr>(message, [&](const nlattr* attribute) {
    const int type = mnl_attr_get_type(attribute);
    if (type == FRA_SRC) {
      take(attribute, source.octets);
    } else if (type == FRA_PRIORITY) {
      take(attribute, rule.priority);
    } else if (type == FRA_TABLE) {
      take(attribute, table);
    } else if (type == FRA_PROTOCOL) {
      take(attribute, rule.protocol);
    } else if (type == FRA_SUPPRESS_PREFIXLEN) {
      take(attribute, rule.suppress_prefixlength);
    } else if (selects_otherwise(type)) {
      rule.plain = false;
    }
  });
  if (header == nullptr) {
    rule.plain = false;
    return rule;
  }
  constexpr std::uint32_t unset = 0xffffffff;  // the kernel always tells it, -1 for none
  if (rule.suppress_prefixlength == unset) {
    rule.suppress_prefixlength.reset();
  }
  if (header->src_len > 0) {
    rule.source = core::Prefix{source, prefix_length(header->src_len)};
  }
  rule.table = table.value_or(header->table);
  rule.plain = rule.plain && header->action == FR_ACT_TO_TBL && header->tos == 0 &&
               (header->flags & FIB_RULE_INVERT) == 0;
  return rule;
}

std::optional<core::Route> decode_route(const nlmsghdr& message) {
  core::Route route;
  std::optional<std::uint32_t> table;
  const auto* header = each_attribute<rtmsg>(message, [&](const nlattr* attribute) {
    const int type = mnl_attr_get_type(attribute);
    if (type == RTA_DST) {
      take(attribute, route.destination.address.octets);
    } else if (type == RTA_GATEWAY) {
      take(attribute, route.via.gateway);
    } else if (type == RTA_OIF) {
      take(attribute, route.via.ifindex);
    } else if (type == RTA_PREFSRC) {
      take(attribute, route.source);
    } else if (type == RTA_PRIORITY) {
      take(attribute, route.metric);
    } else if (type == RTA_TABLE) {
      take(attribute, table);
    } else if (type == RTA_MULTIPATH) {
      route.multipath = true;
    }
  });
  if (header == nullptr || header->rtm_type != RTN_UNICAST) {
    return std::nullopt;
  }
  route.destination.length = prefix_length(header->rtm_dst_len);
  route.table = table.value_or(header->rtm_table);
  route.protocol = header->rtm_protocol;
  route.scope = header->rtm_scope;
  route.type = header->rtm_type;
  route.tos = header->rtm_tos;
  return route;
}

}  // namespace io
