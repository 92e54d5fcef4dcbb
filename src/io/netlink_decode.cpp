// SPDX-License-Identifier: Apache-2.0
#include "io/netlink_decode.hpp"

#include "io/netlink_attribute.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <algorithm>
#include <cstring>
#include <span>

namespace io {
namespace {

std::string text(const nlattr* attribute) {
  const auto bytes = payload(attribute);
  const auto end = std::ranges::find(bytes, std::uint8_t{0});
  return {bytes.begin(), end};
}

// Whether the attribute selects packets by something other than their source.
bool has_other_selector(int type) {
  constexpr std::array selectors = {FRA_DST,         FRA_IIFNAME,     FRA_OIFNAME,   FRA_FLOW,
                                    FRA_TUN_ID,      FRA_L3MDEV,      FRA_UID_RANGE, FRA_IP_PROTO,
                                    FRA_SPORT_RANGE, FRA_DPORT_RANGE, FRA_GOTO};
  return std::ranges::find(selectors, type) != selectors.end();
}

// The nested attribute of that type; nullptr if there is none.
const nlattr* find_nested(const nlattr* outer, int type) {
  struct Search {
    int type;
    const nlattr* found;
  } search{type, nullptr};
  const auto look = [](const nlattr* inner, void* user) {
    auto& wanted = *static_cast<Search*>(user);
    wanted.found = mnl_attr_get_type(inner) == wanted.type ? inner : wanted.found;
    return MNL_CB_OK;
  };
  mnl_attr_parse_nested(outer, look, &search);
  return search.found;
}

// Reads net.ipv4.conf.NAME, which the kernel sends as an array (net/ipv4/devinet.c,
// inet_fill_link_af).
void read_settings(const nlattr* families, core::Link& link) {
  const nlattr* family = find_nested(families, AF_INET);
  const nlattr* settings = family == nullptr ? nullptr : find_nested(family, IFLA_INET_CONF);
  if (settings == nullptr) {
    return;
  }
  const auto bytes = payload(settings);
  const auto setting = [&](std::size_t number) {
    std::uint32_t value = 0;
    if (number * sizeof value <= bytes.size()) {
      std::memcpy(&value, bytes.data() + (number - 1) * sizeof value, sizeof value);
    }
    return value;
  };
  link.forwards = setting(IPV4_DEVCONF_FORWARDING) != 0;
  link.rp_filter = setting(IPV4_DEVCONF_RP_FILTER);
  link.src_valid_mark = setting(IPV4_DEVCONF_SRC_VMARK) != 0;
}

// The parts of a rule that need its header or each other.
struct RuleParts {
  core::Ipv4 source = {};
  std::optional<std::uint32_t> table = {};
  std::optional<std::uint32_t> mark = {};
  std::optional<std::uint32_t> mask = {};
};

void read_rule_attribute(const nlattr* attribute, core::Rule& rule, RuleParts& parts) {
  const int type = mnl_attr_get_type(attribute);
  switch (type) {
    case FRA_SRC:
      return copy_value(attribute, parts.source.octets);
    case FRA_PRIORITY:
      return copy_value(attribute, rule.priority);
    case FRA_TABLE:
      return copy_value(attribute, parts.table);
    case FRA_PROTOCOL:
      return copy_value(attribute, rule.protocol);
    case FRA_SUPPRESS_PREFIXLEN:
      return copy_value(attribute, rule.suppress_prefixlength);
    case FRA_FWMARK:
      return copy_value(attribute, parts.mark);
    case FRA_FWMASK:
      return copy_value(attribute, parts.mask);
    default:
      rule.plain = rule.plain && !has_other_selector(type);
      rule.in_device = type == FRA_IIFNAME ? text(attribute) : rule.in_device;
  }
}

constexpr std::uint32_t all_ones = 0xffffffff;

}  // namespace

core::Link decode_link(const nlmsghdr& message) {
  core::Link link;
  const auto* header = each_attribute<ifinfomsg>(message, [&](const nlattr* attribute) {
    if (mnl_attr_get_type(attribute) == IFLA_IFNAME) {
      link.name = text(attribute);
    } else if (mnl_attr_get_type(attribute) == IFLA_ADDRESS) {
      link.mac = fmt::format("{:02x}", fmt::join(payload(attribute), ":"));
    } else if (mnl_attr_get_type(attribute) == IFLA_AF_SPEC) {
      read_settings(attribute, link);
    } else if (mnl_attr_get_type(attribute) == IFLA_LINKINFO) {
      const nlattr* kind = find_nested(attribute, IFLA_INFO_KIND);
      link.kind = kind == nullptr ? "" : text(kind);
    }
  });
  if (header != nullptr) {
    link.ifindex = static_cast<std::uint32_t>(header->ifi_index);
    link.up = (header->ifi_flags & IFF_UP) != 0 && (header->ifi_flags & IFF_RUNNING) != 0;
    link.loopback = (header->ifi_flags & IFF_LOOPBACK) != 0;
    link.arp = (header->ifi_flags & IFF_NOARP) == 0;
  }
  return link;
}

core::LinkAddress decode_address(const nlmsghdr& message) {
  core::LinkAddress result;
  std::optional<core::Ipv4> local;  // on a point-to-point link IFA_ADDRESS is the peer
  const auto* header = each_attribute<ifaddrmsg>(message, [&](const nlattr* attribute) {
    if (mnl_attr_get_type(attribute) == IFA_ADDRESS) {
      copy_value(attribute, result.address.octets);
    } else if (mnl_attr_get_type(attribute) == IFA_LOCAL) {
      copy_value(attribute, local);
    }
  });
  result.address = local.value_or(result.address);
  if (header != nullptr) {
    result.scope = header->ifa_scope;
    result.secondary = (header->ifa_flags & IFA_F_SECONDARY) != 0;
    result.ifindex = header->ifa_index;
    result.length = prefix_length(header->ifa_prefixlen);
  }
  return result;
}

core::Rule decode_rule(const nlmsghdr& message) {
  core::Rule rule;
  RuleParts parts;
  const auto* header = each_attribute<fib_rule_hdr>(
      message, [&](const nlattr* attribute) { read_rule_attribute(attribute, rule, parts); });
  if (header == nullptr) {
    rule.plain = false;
    return rule;
  }
  if (rule.suppress_prefixlength == all_ones) {  // the kernel sends -1 for none
    rule.suppress_prefixlength.reset();
  }
  if (header->src_len > 0) {
    rule.source = core::Prefix{parts.source, prefix_length(header->src_len)};
  }
  if (parts.mark || parts.mask) {  // the kernel omits a mark of 0
    rule.mark = core::Mark{parts.mark.value_or(0), parts.mask.value_or(all_ones)};
  }
  rule.table = parts.table.value_or(header->table);
  rule.plain = rule.plain && header->action == FR_ACT_TO_TBL && header->tos == 0 &&
               (header->flags & FIB_RULE_INVERT) == 0;
  return rule;
}

std::uint32_t decode_rp_filter(const nlmsghdr& message) {
  std::uint32_t value = 0;
  each_attribute<netconfmsg>(message, [&](const nlattr* attribute) {
    if (mnl_attr_get_type(attribute) == NETCONFA_RP_FILTER) {
      copy_value(attribute, value);
    }
  });
  return value;
}

}  // namespace io
