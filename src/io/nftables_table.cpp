// SPDX-License-Identifier: Apache-2.0
#include "io/nftables_table.hpp"

#include "io/netlink_decode.hpp"

#include <arpa/inet.h>  // before linux/netfilter.h, or they conflict
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <array>
#include <span>
#include <string>
#include <vector>

namespace io {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr const char* forwarded_chain = "forwarded";
constexpr const char* pods_chain = "pods";

// The marking comes after all others, so that nobody overwrites the bit, and before the route is
// looked up; the translation before all others, of which only the first counts.
constexpr int marking_priority = 1000;
constexpr int snat_priority = 90;

void put_chain(nlmsghdr* message, const char* name, const char* type, std::uint32_t hook,
               int priority) {
  mnl_attr_put_strz(message, NFTA_CHAIN_TABLE, our_table);
  mnl_attr_put_strz(message, NFTA_CHAIN_NAME, name);
  mnl_attr_put_strz(message, NFTA_CHAIN_TYPE, type);
  put_nested(message, NFTA_CHAIN_HOOK, [&](nlmsghdr* inner) {
    put_number(inner, NFTA_HOOK_HOOKNUM, hook);
    put_number(inner, NFTA_HOOK_PRIORITY, static_cast<std::uint32_t>(priority));
  });
}

void put_rule(nlmsghdr* message, const char* chain, const std::string& note, const Fill& fill) {
  mnl_attr_put_strz(message, NFTA_RULE_TABLE, our_table);
  mnl_attr_put_strz(message, NFTA_RULE_CHAIN, chain);
  put_nested(message, NFTA_RULE_EXPRESSIONS, fill);
  mnl_attr_put(message, NFTA_RULE_USERDATA, note.size(), note.data());
}

// --- a rule's expressions, which hand values on in a register ------------------------------------

void put_expression(nlmsghdr* message, const char* name, const Fill& fill) {
  put_nested(message, NFTA_LIST_ELEM, [&](nlmsghdr* element) {
    mnl_attr_put_strz(element, NFTA_EXPR_NAME, name);
    put_nested(element, NFTA_EXPR_DATA, fill);
  });
}

void put_value(nlmsghdr* message, std::uint16_t type, Bytes value) {
  put_nested(message, type, [&](nlmsghdr* data) {
    mnl_attr_put(data, NFTA_DATA_VALUE, value.size(), value.data());
  });
}

Bytes bytes_of(const std::uint32_t& value) {
  return {reinterpret_cast<const std::uint8_t*>(&value), sizeof value};
}

void put_compare(nlmsghdr* message, std::uint32_t operation, Bytes value) {
  put_expression(message, "cmp", [&](nlmsghdr* data) {
    put_number(data, NFTA_CMP_SREG, NFT_REG_1);
    put_number(data, NFTA_CMP_OP, operation);
    put_value(data, NFTA_CMP_DATA, value);
  });
}

// The kernel computes (register & mask) ^ value.
void put_bitwise(nlmsghdr* message, const std::uint32_t& mask, const std::uint32_t& value) {
  put_expression(message, "bitwise", [&](nlmsghdr* data) {
    put_number(data, NFTA_BITWISE_SREG, NFT_REG_1);
    put_number(data, NFTA_BITWISE_DREG, NFT_REG_1);
    put_number(data, NFTA_BITWISE_LEN, sizeof mask);
    put_value(data, NFTA_BITWISE_MASK, bytes_of(mask));
    put_value(data, NFTA_BITWISE_XOR, bytes_of(value));
  });
}

// meta mark set meta mark or `our_mark`.
void put_set_bit(nlmsghdr* message) {
  put_expression(message, "meta", [](nlmsghdr* data) {
    put_number(data, NFTA_META_KEY, NFT_META_MARK);
    put_number(data, NFTA_META_DREG, NFT_REG_1);
  });
  put_bitwise(message, ~core::our_mark.mask, core::our_mark.value);
  put_expression(message, "meta", [](nlmsghdr* data) {
    put_number(data, NFTA_META_KEY, NFT_META_MARK);
    put_number(data, NFTA_META_SREG, NFT_REG_1);
  });
}

// ct DIRECTION ip daddr `address`, then the bit.
void put_marking(nlmsghdr* message, std::uint8_t direction, core::Ipv4 address) {
  put_expression(message, "ct", [&](nlmsghdr* data) {
    put_number(data, NFTA_CT_KEY, NFT_CT_DST);
    mnl_attr_put_u8(data, NFTA_CT_DIRECTION, direction);
    put_number(data, NFTA_CT_DREG, NFT_REG_1);
  });
  put_compare(message, NFT_CMP_EQ, address.octets);
  put_set_bit(message);
}

// ip saddr, or daddr, [not] `prefix`.
void put_prefix(nlmsghdr* message, std::uint32_t offset, std::uint32_t operation,
                const core::Prefix& prefix) {
  put_expression(message, "payload", [&](nlmsghdr* data) {
    put_number(data, NFTA_PAYLOAD_DREG, NFT_REG_1);
    put_number(data, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
    put_number(data, NFTA_PAYLOAD_OFFSET, offset);
    put_number(data, NFTA_PAYLOAD_LEN, 4);
  });
  const std::uint32_t mask =
      prefix.length == 0 ? 0 : htonl(~0U << static_cast<unsigned>(32 - prefix.length));
  put_bitwise(message, mask, 0);
  put_compare(message, operation, prefix.address.octets);
}

// ip saddr PODS ip daddr != private… rt ip nexthop GATEWAY snat to ANCHOR.
void put_snat(nlmsghdr* message, const core::PodSnat& snat) {
  constexpr std::uint32_t source = 12;  // in an IPv4 header
  constexpr std::uint32_t destination = 16;
  std::vector<core::Prefix> kept = {
      {core::Ipv4{{10}}, 8}, {core::Ipv4{{172, 16}}, 12}, {core::Ipv4{{192, 168}}, 16}};
  if (snat.native_network) {
    kept.push_back(*snat.native_network);
  }
  put_prefix(message, source, NFT_CMP_EQ, snat.pods);
  for (const core::Prefix& prefix : kept) {
    put_prefix(message, destination, NFT_CMP_NEQ, prefix);
  }
  put_expression(message, "rt", [](nlmsghdr* data) {
    put_number(data, NFTA_RT_KEY, NFT_RT_NEXTHOP4);
    put_number(data, NFTA_RT_DREG, NFT_REG_1);
  });
  put_compare(message, NFT_CMP_EQ, snat.gateway.octets);
  put_expression(message, "immediate", [&](nlmsghdr* data) {
    put_number(data, NFTA_IMMEDIATE_DREG, NFT_REG_1);
    put_value(data, NFTA_IMMEDIATE_DATA, snat.anchor.octets);
  });
  put_expression(message, "nat", [](nlmsghdr* data) {
    put_number(data, NFTA_NAT_TYPE, NFT_NAT_SNAT);
    put_number(data, NFTA_NAT_FAMILY, NFPROTO_IPV4);
    put_number(data, NFTA_NAT_REG_ADDR_MIN, NFT_REG_1);
  });
}

}  // namespace

void put_table_name(nlmsghdr* message) {
  mnl_attr_put_strz(message, NFTA_TABLE_NAME, our_table);
}

void add_marking(Batch& batch, core::Ipv4 address) {
  batch.add(NFT_MSG_NEWCHAIN, NLM_F_CREATE, [](nlmsghdr* message) {
    put_chain(message, forwarded_chain, "filter", NF_INET_PRE_ROUTING, marking_priority);
  });
  // A connection is under the address when it came to it (and was passed on to a pod), or when its
  // answers do (what a pod began, masqueraded).
  for (const std::uint8_t direction : marking_directions) {
    const auto expressions = [&](nlmsghdr* list) { put_marking(list, direction, address); };
    batch.add(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, [&](nlmsghdr* message) {
      put_rule(message, forwarded_chain, marking_note(address), expressions);
    });
  }
}

void add_pod_snat(Batch& batch, const core::PodSnat& snat) {
  batch.add(NFT_MSG_NEWCHAIN, NLM_F_CREATE, [](nlmsghdr* message) {
    put_chain(message, pods_chain, "nat", NF_INET_POST_ROUTING, snat_priority);
  });
  batch.add(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, [&](nlmsghdr* message) {
    put_rule(message, pods_chain, pod_snat_note(snat),
             [&](nlmsghdr* list) { put_snat(list, snat); });
  });
}

}  // namespace io
