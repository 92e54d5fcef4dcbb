// SPDX-License-Identifier: Apache-2.0
#include "io/nftables.hpp"

#include "core/error.hpp"
#include "io/netlink_decode.hpp"
#include "io/nftables_message.hpp"

#include <arpa/inet.h>  // must precede linux/netfilter.h
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <vector>

namespace io {
namespace {

constexpr const char* table = "do-egress-ip";
constexpr const char* chain = "forwarded";

// Runs after all other chains, so that none overwrites the bit, and before the route lookup.
constexpr int priority = 1000;

void put_table_name(nlmsghdr* message) {
  mnl_attr_put_strz(message, NFTA_TABLE_NAME, table);
}

void put_chain(nlmsghdr* message) {
  mnl_attr_put_strz(message, NFTA_CHAIN_TABLE, table);
  mnl_attr_put_strz(message, NFTA_CHAIN_NAME, chain);
  mnl_attr_put_strz(message, NFTA_CHAIN_TYPE, "filter");
  put_nested(message, NFTA_CHAIN_HOOK, [](nlmsghdr* hook) {
    put_number(hook, NFTA_HOOK_HOOKNUM, NF_INET_PRE_ROUTING);
    put_number(hook, NFTA_HOOK_PRIORITY, static_cast<std::uint32_t>(priority));
  });
}

// --- the expressions of a rule, which pass values in a register ----------------------------------

void put_expression(nlmsghdr* message, const char* name, const Fill& fill) {
  put_nested(message, NFTA_LIST_ELEM, [&](nlmsghdr* element) {
    mnl_attr_put_strz(element, NFTA_EXPR_NAME, name);
    put_nested(element, NFTA_EXPR_DATA, fill);
  });
}

void put_value(nlmsghdr* message, std::uint16_t type, std::span<const std::uint8_t> value) {
  put_nested(message, type, [&](nlmsghdr* data) {
    mnl_attr_put(data, NFTA_DATA_VALUE, value.size(), value.data());
  });
}

std::span<const std::uint8_t> bytes_of(const std::uint32_t& value) {
  return {reinterpret_cast<const std::uint8_t*>(&value), sizeof value};
}

void put_comparison(nlmsghdr* message, std::span<const std::uint8_t> value) {
  put_expression(message, "cmp", [&](nlmsghdr* data) {
    put_number(data, NFTA_CMP_SREG, NFT_REG_1);
    put_number(data, NFTA_CMP_OP, NFT_CMP_EQ);
    put_value(data, NFTA_CMP_DATA, value);
  });
}

// meta mark set meta mark or `our_mark`: the kernel computes (mark & mask) ^ value.
void put_set_bit(nlmsghdr* message) {
  constexpr std::uint32_t others = ~core::our_mark.mask;
  put_expression(message, "meta", [](nlmsghdr* data) {
    put_number(data, NFTA_META_KEY, NFT_META_MARK);
    put_number(data, NFTA_META_DREG, NFT_REG_1);
  });
  put_expression(message, "bitwise", [&](nlmsghdr* data) {
    put_number(data, NFTA_BITWISE_SREG, NFT_REG_1);
    put_number(data, NFTA_BITWISE_DREG, NFT_REG_1);
    put_number(data, NFTA_BITWISE_LEN, sizeof others);
    put_value(data, NFTA_BITWISE_MASK, bytes_of(others));
    put_value(data, NFTA_BITWISE_XOR, bytes_of(core::our_mark.value));
  });
  put_expression(message, "meta", [](nlmsghdr* data) {
    put_number(data, NFTA_META_KEY, NFT_META_MARK);
    put_number(data, NFTA_META_SREG, NFT_REG_1);
  });
}

// ct DIRECTION ip daddr `address`, then the bit.
void put_expressions(nlmsghdr* message, std::uint8_t direction, core::Ipv4 address) {
  put_expression(message, "ct", [&](nlmsghdr* data) {
    put_number(data, NFTA_CT_KEY, NFT_CT_DST);
    mnl_attr_put_u8(data, NFTA_CT_DIRECTION, direction);
    put_number(data, NFTA_CT_DREG, NFT_REG_1);
  });
  put_comparison(message, address.octets);
  put_set_bit(message);
}

void put_rule(nlmsghdr* message, std::uint8_t direction, core::Ipv4 address) {
  mnl_attr_put_strz(message, NFTA_RULE_TABLE, table);
  mnl_attr_put_strz(message, NFTA_RULE_CHAIN, chain);
  put_nested(message, NFTA_RULE_EXPRESSIONS,
             [&](nlmsghdr* list) { put_expressions(list, direction, address); });
  const std::string note = marking_note(address);
  mnl_attr_put(message, NFTA_RULE_USERDATA, note.size(), note.data());
}

// Matches both kinds of forwarded connections that use the address: those sent to it and forwarded
// to a pod, and those of a pod that are masqueraded as it.
constexpr std::array<std::uint8_t, 2> directions = {0, 1};  // IP_CT_DIR_ORIGINAL, IP_CT_DIR_REPLY

core::Marking marking_of(const std::vector<std::optional<core::Ipv4>>& rules) {
  using State = core::Marking::State;
  if (rules.empty()) {
    return {};
  }
  const bool ours = rules.size() == directions.size() && rules[0] == rules[1];
  return {State::set, ours ? rules[0].value_or(core::Ipv4{}) : core::Ipv4{}};
}

}  // namespace

// Any message to nf_tables makes the kernel load the module, even one that only reads.
bool Nftables::read(core::Marking& marking) {
  using State = core::Marking::State;
  bool untorn = true;
  std::vector<std::optional<core::Ipv4>> rules;
  const auto failure = core::catch_error_except_signals([&] {
    nlmsghdr* message = netlink().message(type_of(NFT_MSG_GETRULE), NLM_F_DUMP);
    put_header(message, NFPROTO_IPV4, 0);
    mnl_attr_put_strz(message, NFTA_RULE_TABLE, table);
    untorn = netlink().exchange(message, "list our rules of nf_tables", [&](const nlmsghdr& rule) {
      rules.push_back(decode_marking(rule));
    });
  });
  marking = marking_of(rules);
  if (rules.empty() && !failure && has_table()) {
    marking.state = State::set;
  }
  if (failure) {
    const bool rights = failure->exit() == core::Exit::no_permission;
    marking.state = rights ? State::hidden : State::unsupported;
  }
  return untorn;
}

bool Nftables::has_table() {
  return !core::catch_error_except_signals([&] {
    nlmsghdr* message = netlink().message(type_of(NFT_MSG_GETTABLE), NLM_F_ACK);
    put_header(message, NFPROTO_IPV4, 0);
    put_table_name(message);
    netlink().exchange(message, "look for our table of nf_tables", [](const nlmsghdr&) {});
  });
}

// Deleting a missing table fails, so the batch first creates it, then deletes and creates it again.
void Nftables::set(core::Ipv4 address) {
  Batch batch(netlink().next());
  batch.add(NFT_MSG_NEWTABLE, NLM_F_CREATE, put_table_name);
  batch.add(NFT_MSG_DELTABLE, 0, put_table_name);
  batch.add(NFT_MSG_NEWTABLE, NLM_F_CREATE, put_table_name);
  batch.add(NFT_MSG_NEWCHAIN, NLM_F_CREATE, put_chain);
  for (const std::uint8_t direction : directions) {
    batch.add(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND,
              [&](nlmsghdr* message) { put_rule(message, direction, address); });
  }
  netlink().transact(batch.finish(), "set our table of nf_tables");
}

void Nftables::remove() {
  Batch batch(netlink().next());
  batch.add(NFT_MSG_DELTABLE, 0, put_table_name);
  netlink().transact(batch.finish(), "remove our table of nf_tables");
}

std::vector<core::MarkUse> Nftables::read_mark_uses() {
  std::vector<core::MarkUse> uses;
  nlmsghdr* message = netlink().message(type_of(NFT_MSG_GETRULE), NLM_F_DUMP);
  put_header(message, NFPROTO_UNSPEC, 0);
  netlink().exchange(message, "list the rules of nf_tables", [&](const nlmsghdr& rule) {
    const auto use = decode_mark_use(rule);
    if (use && use->table != table) {
      uses.push_back(*use);
    }
  });
  return uses;
}

Netlink& Nftables::netlink() {
  if (!netlink_) {
    netlink_.emplace(Netlink::Family::netfilter);
  }
  return *netlink_;
}

}  // namespace io
