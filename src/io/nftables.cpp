// SPDX-License-Identifier: Apache-2.0
#include "io/nftables.hpp"

#include "core/error.hpp"
#include "io/netlink_decode.hpp"
#include "io/nftables_table.hpp"

#include <arpa/inet.h>  // before linux/netfilter.h, or they conflict
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <utility>

namespace io {
namespace {

core::Marking marking_of(const std::vector<std::optional<core::Ipv4>>& rules) {
  using State = core::Marking::State;
  if (rules.empty()) {
    return {};
  }
  const bool ours = rules.size() == marking_directions.size() && rules[0] == rules[1];
  return {State::set, ours ? rules[0].value_or(core::Ipv4{}) : core::Ipv4{}};
}

}  // namespace

// The kernel loads the module that a message is for, also one that only asks.
bool Nftables::read(core::Network& network) {
  using State = core::Marking::State;
  bool untorn = true;
  std::vector<std::optional<core::Ipv4>> rules;
  network.pod_snat.reset();
  const auto take = [&](const nlmsghdr& rule) {
    if (const auto snat = decode_pod_snat(rule)) {
      network.pod_snat = snat;
    } else {
      rules.push_back(decode_marking(rule));
    }
  };
  const auto failure = core::catch_error_except_signals([&] {
    nlmsghdr* message = netlink().message(type_of(NFT_MSG_GETRULE), NLM_F_DUMP);
    put_header(message, NFPROTO_IPV4, 0);
    mnl_attr_put_strz(message, NFTA_RULE_TABLE, our_table);
    untorn = netlink().exchange(message, "list our rules of nf_tables", take);
  });
  core::Marking& marking = network.marking;
  marking = marking_of(rules);
  if (rules.empty() && !network.pod_snat && !failure && is_there()) {
    marking.state = State::set;
  }
  if (failure) {
    const bool rights = failure->exit() == core::Exit::no_permission;
    marking.state = rights ? State::hidden : State::unsupported;
  }
  return untorn;
}

std::vector<core::Translation> Nftables::read_translations() {
  constexpr int tries = 3;
  for (int count = 0; count < tries; ++count) {
    Translations translations;
    nlmsghdr* message = netlink().message(type_of(NFT_MSG_GETRULE), NLM_F_DUMP);
    put_header(message, NFPROTO_UNSPEC, 0);
    const bool untorn = netlink().exchange(message, "list the rules of nf_tables",
                                           [&](const nlmsghdr& rule) { translations.add(rule); });
    if (untorn) {
      return translations.found();
    }
  }
  throw core::Error(core::Exit::os_error,
                    "the rules of nf_tables change faster than they are read");
}

bool Nftables::is_there() {
  return !core::catch_error_except_signals([&] {
    nlmsghdr* message = netlink().message(type_of(NFT_MSG_GETTABLE), NLM_F_ACK);
    put_header(message, NFPROTO_IPV4, 0);
    put_table_name(message);
    netlink().exchange(message, "look for our table of nf_tables", [](const nlmsghdr&) {});
  });
}

void Nftables::set(core::Ipv4 marked) {
  Content now = content();
  now.marked = marked;
  write(now);
}

void Nftables::set(const core::PodSnat& snat) {
  Content now = content();
  now.snat = snat;
  write(now);
}

void Nftables::remove_marking() {
  write({.snat = content().snat});
}

void Nftables::remove_pod_snat() {
  write({.marked = content().marked});
}

Nftables::Content Nftables::content() {
  core::Network now;
  read(now);
  const bool marked =
      now.marking.state == core::Marking::State::set && now.marking.address != core::Ipv4{};
  return {.marked = marked ? std::optional(now.marking.address) : std::nullopt,
          .snat = now.pod_snat};
}

// Creates the table first, because a table that does not exist cannot be deleted. Without content
// it only deletes, and throws if there was nothing to delete.
void Nftables::write(const Content& content) {
  Batch batch(netlink().next());
  if (!content.marked && !content.snat) {
    batch.add(NFT_MSG_DELTABLE, 0, put_table_name);
    return netlink().transact(batch.finish(), "remove our table of nf_tables");
  }
  batch.add(NFT_MSG_NEWTABLE, NLM_F_CREATE, put_table_name);
  batch.add(NFT_MSG_DELTABLE, 0, put_table_name);
  batch.add(NFT_MSG_NEWTABLE, NLM_F_CREATE, put_table_name);
  if (content.marked) {
    add_marking(batch, *content.marked);
  }
  if (content.snat) {
    add_pod_snat(batch, *content.snat);
  }
  netlink().transact(batch.finish(), "set our table of nf_tables");
}

std::vector<core::MarkUse> Nftables::read_mark_uses() {
  std::vector<core::MarkUse> uses;
  nlmsghdr* message = netlink().message(type_of(NFT_MSG_GETRULE), NLM_F_DUMP);
  put_header(message, NFPROTO_UNSPEC, 0);
  netlink().exchange(message, "list the rules of nf_tables", [&](const nlmsghdr& rule) {
    const auto use = decode_mark_use(rule);
    if (use && use->table != our_table) {
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
