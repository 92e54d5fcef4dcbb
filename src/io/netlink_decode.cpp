// SPDX-License-Identifier: Apache-2.0
#include "io/netlink_decode.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/netconf.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
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
  constexpr std::array selectors = {FRA_DST,         FRA_IIFNAME,     FRA_OIFNAME,   FRA_FLOW,
                                    FRA_TUN_ID,      FRA_L3MDEV,      FRA_UID_RANGE, FRA_IP_PROTO,
                                    FRA_SPORT_RANGE, FRA_DPORT_RANGE, FRA_GOTO};
  return std::ranges::find(selectors, type) != selectors.end();
}

// The attribute of a type in another one; null where there is none.
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

// The settings of a device, net.ipv4.conf.NAME, as an array (net/ipv4/devinet.c,
// inet_fill_link_af).
void take_settings(const nlattr* families, core::Link& link) {
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

// What a next hop is told to be; the other flags of linux/rtnetlink.h, such as RTNH_F_LINKDOWN, are
// its state, and the kernel refuses to be told those.
constexpr std::uint32_t settable_flags =
    0xff & ~(RTNH_F_DEAD | RTNH_F_OFFLOAD | RTNH_F_LINKDOWN | RTNH_F_UNRESOLVED | RTNH_F_TRAP);

std::string bytes_of(const nlattr* attribute) {
  const auto bytes = payload(attribute);
  return {bytes.begin(), bytes.end()};
}

// A whole attribute, padded, as the kernel takes it back.
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

constexpr std::uint32_t all_ones = 0xffffffff;
constexpr std::string_view note_start = "2: keeps ";  // 1 was a whole mark

}  // namespace

core::Link decode_link(const nlmsghdr& message) {
  core::Link link;
  const auto* header = each_attribute<ifinfomsg>(message, [&](const nlattr* attribute) {
    if (mnl_attr_get_type(attribute) == IFLA_IFNAME) {
      link.name = text(attribute);
    } else if (mnl_attr_get_type(attribute) == IFLA_ADDRESS) {
      link.mac = fmt::format("{:02x}", fmt::join(payload(attribute), ":"));
    } else if (mnl_attr_get_type(attribute) == IFLA_AF_SPEC) {
      take_settings(attribute, link);
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
  std::optional<std::uint32_t> mark;
  std::optional<std::uint32_t> mask;
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
    } else if (type == FRA_FWMARK) {
      take(attribute, mark);
    } else if (type == FRA_FWMASK) {
      take(attribute, mask);
    } else if (selects_otherwise(type)) {
      rule.plain = false;
    }
  });
  if (header == nullptr) {
    rule.plain = false;
    return rule;
  }
  if (rule.suppress_prefixlength == all_ones) {  // the kernel always tells it, -1 for none
    rule.suppress_prefixlength.reset();
  }
  if (header->src_len > 0) {
    rule.source = core::Prefix{source, prefix_length(header->src_len)};
  }
  if (mark || mask) {  // a mark of 0 is not told
    rule.mark = core::Mark{mark.value_or(0), mask.value_or(all_ones)};
  }
  rule.table = table.value_or(header->table);
  rule.plain = rule.plain && header->action == FR_ACT_TO_TBL && header->tos == 0 &&
               (header->flags & FIB_RULE_INVERT) == 0;
  return rule;
}

std::uint32_t decode_rp_filter(const nlmsghdr& message) {
  std::uint32_t value = 0;
  each_attribute<netconfmsg>(message, [&](const nlattr* attribute) {
    if (mnl_attr_get_type(attribute) == NETCONFA_RP_FILTER) {
      take(attribute, value);
    }
  });
  return value;
}

// Of libnftnl's format: type 0 is a comment, then a length, then a text that ends with 0.
std::string marking_note(core::Ipv4 address) {
  const std::string text = fmt::format("{}{}", note_start, address.to_string());
  const auto size = static_cast<char>(text.size() + 1);
  return std::string{'\0', size} + text + '\0';
}

std::optional<core::Ipv4> decode_marking(const nlmsghdr& message) {
  std::optional<core::Ipv4> address;
  each_attribute<nfgenmsg>(message, [&](const nlattr* attribute) {
    if (mnl_attr_get_type(attribute) != NFTA_RULE_USERDATA) {
      return;
    }
    const auto bytes = payload(attribute);
    const std::string note(bytes.begin(), bytes.end());
    constexpr std::size_t before = 2 + note_start.size();
    const auto told = note.size() > before
                          ? core::Ipv4::parse(note.substr(before, note.size() - before - 1))
                          : std::nullopt;
    if (told && note == marking_note(*told)) {
      address = told;
    }
  });
  return address;
}

std::optional<core::Route> decode_route(const nlmsghdr& message) {
  core::Route route;
  std::optional<std::uint32_t> table;
  const auto* header = each_attribute<rtmsg>(message, [&](const nlattr* attribute) {
    switch (mnl_attr_get_type(attribute)) {
      case RTA_DST:
        return take(attribute, route.destination.address.octets);
      case RTA_GATEWAY:
        return take(attribute, route.via.gateway);
      case RTA_OIF:
        return take(attribute, route.via.ifindex);
      case RTA_PREFSRC:
        return take(attribute, route.source);
      case RTA_PRIORITY:
        return take(attribute, route.metric);
      case RTA_TABLE:
        return take(attribute, table);
      case RTA_NH_ID:
        return take(attribute, route.nexthop_object);
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
  if (header == nullptr || header->rtm_type != RTN_UNICAST) {
    return std::nullopt;
  }
  route.destination.length = prefix_length(header->rtm_dst_len);
  route.table = table.value_or(header->rtm_table);
  route.protocol = header->rtm_protocol;
  route.scope = header->rtm_scope;
  route.type = header->rtm_type;
  route.tos = header->rtm_tos;
  route.flags = header->rtm_flags & settable_flags;
  if (route.nexthop_object) {  // the rest is a copy of what the object says
    route.flags = 0;
    route.attributes.clear();
  }
  return route;
}

}  // namespace io
