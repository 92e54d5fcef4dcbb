// SPDX-License-Identifier: Apache-2.0
#include "io/kernel.hpp"

#include "core/error.hpp"
#include "io/kernel_dump.hpp"
#include "io/neighbour.hpp"
#include "io/netlink.hpp"
#include "io/netlink_decode.hpp"
#include "io/netlink_encode.hpp"
#include "io/nftables.hpp"
#include "io/qdisc.hpp"

#include <libmnl/libmnl.h>
#include <linux/capability.h>
#include <linux/fib_rules.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>
#include <utility>

namespace io {
namespace {

// Whether this process has CAP_NET_ADMIN (capabilities(7), effective). Every change needs it.
bool has_net_admin() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets = {};
  if (syscall(SYS_capget, &header, sets.data()) != 0) {
    return true;  // unknown: the first change shows it
  }
  return (sets[0].effective & (1U << static_cast<unsigned>(CAP_NET_ADMIN))) != 0;
}

class Rtnetlink : public Kernel {
 public:
  core::Network read() override {
    constexpr int tries = 3;  // a concurrent change tears a dump, but even a busy host settles
    for (int count = 0; count < tries; ++count) {
      core::Network network;
      if (dump(network) && nftables_.read(network) && apply_global_settings(network) &&
          resolve(network)) {
        network.may_change = has_net_admin();
        return network;
      }
    }
    throw core::Error(core::Exit::os_error,
                      "cannot read the kernel's routes: they change faster than they can be read");
  }

  void set_route(const core::Route& route) override {
    nlmsghdr* message = netlink_.message(RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE);
    put_route(message, route);
    netlink_.change(message, "set route " + route.destination.to_string());
  }

  void remove_route(const core::Route& route) override {
    nlmsghdr* message = netlink_.message(RTM_DELROUTE, NLM_F_ACK);
    put_route(message, route);
    netlink_.change(message, "remove route " + route.destination.to_string());
  }

  void set_destinations(const core::RouteGroup& routes) override {
    change_destinations(routes, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, "set routes");
  }
  void remove_destinations(const core::RouteGroup& routes) override {
    change_destinations(routes, RTM_DELROUTE, 0, "remove routes");
  }

  void add_rule(const core::Rule& rule) override {
    nlmsghdr* message = netlink_.message(RTM_NEWRULE, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
    put_rule(message, rule);
    netlink_.change(message, fmt::format("add rule {}", rule.priority));
  }

  void remove_rule(const core::Rule& rule) override {
    nlmsghdr* message = netlink_.message(RTM_DELRULE, NLM_F_ACK);
    put_rule(message, rule);
    netlink_.change(message, fmt::format("remove rule {}", rule.priority));
  }

  void set_marking(core::Ipv4 address) override { nftables_.set(address); }
  void remove_marking() override { nftables_.remove_marking(); }
  void set_pod_snat(const core::PodSnat& snat) override { nftables_.set(snat); }
  void remove_pod_snat() override { nftables_.remove_pod_snat(); }

  core::PodFacts read_pod_facts(const core::NextHop& anchor) override {
    core::PodFacts facts;
    const auto failure = core::catch_error_except_signals(
        [&] { facts.translations = nftables_.read_translations(); });
    if (failure) {
      facts.translations_unread = failure->what();
    }
    facts.gateway_answers = neighbour_answers(netlink_, anchor);
    facts.programmed = list_programmed_devices(netlink_);
    return facts;
  }

  std::vector<core::MarkUse> read_mark_uses() override { return nftables_.read_mark_uses(); }

  core::KernelDump dump() override { return dump_kernel(netlink_); }

 private:
  template <typename Header>
  nlmsghdr* dump_request(std::uint16_t type) {
    nlmsghdr* message = netlink_.message(type, NLM_F_DUMP);
    auto* header = header_of<Header>(message);
    *reinterpret_cast<std::uint8_t*>(header) =
        AF_INET;  // each of these headers starts with the family
    return message;
  }

  // Many in one message to the kernel, which takes each of them by itself.
  void change_destinations(const core::RouteGroup& routes, std::uint16_t type, std::uint16_t flags,
                           std::string_view doing) {
    constexpr std::size_t most = 128;  // all may be refused, and a socket holds that many replies
    core::Route route = routes.like;
    std::optional<core::Error> failure;
    for (std::size_t at = 0; at < routes.destinations.size(); at += most) {
      const std::size_t end = std::min(at + most, routes.destinations.size());
      std::vector<char> batch;
      const std::uint32_t sequence = netlink_.next();
      for (std::size_t i = at; i < end; ++i) {
        route.destination = routes.destinations[i];
        const std::uint16_t ack = i + 1 == end ? NLM_F_ACK : 0;
        nlmsghdr* message = netlink_.message(type, static_cast<std::uint16_t>(flags | ack));
        message->nlmsg_seq = sequence;
        put_route(message, route);
        const auto* bytes = reinterpret_cast<const char*>(message);
        batch.insert(batch.end(), bytes, bytes + MNL_ALIGN(message->nlmsg_len));
      }
      const auto failed =
          core::catch_error_except_signals([&] { netlink_.transact(batch, doing); });
      failure = failed ? failed : failure;
    }
    if (failure) {
      throw core::Error(*failure);
    }
  }

  bool dump(core::Network& network) {
    nlmsghdr* links = netlink_.message(RTM_GETLINK, NLM_F_DUMP);
    header_of<ifinfomsg>(links);
    return netlink_.exchange(
               links, "list links",
               [&](const nlmsghdr& message) { network.links.push_back(decode_link(message)); }) &&
           netlink_.exchange(dump_request<ifaddrmsg>(RTM_GETADDR), "list addresses",
                             [&](const nlmsghdr& message) {
                               network.addresses.push_back(decode_address(message));
                             }) &&
           netlink_.exchange(
               dump_request<fib_rule_hdr>(RTM_GETRULE), "list rules",
               [&](const nlmsghdr& message) { network.rules.push_back(decode_rule(message)); }) &&
           netlink_.exchange(dump_request<rtmsg>(RTM_GETROUTE), "list routes",
                             [&](const nlmsghdr& message) { add_route(network, message); }) &&
           (core::sort_groups(network.destinations), core::sort_groups(network.pod_destinations),
            true);
  }

  // The kernel uses the larger rp_filter of net.ipv4.conf.all and .NAME, and src_valid_mark of
  // either.
  bool apply_global_settings(core::Network& network) {
    nlmsghdr* message = netlink_.message(RTM_GETNETCONF, NLM_F_ACK);
    auto* header = header_of<netconfmsg>(message);
    header->ncm_family = AF_INET;
    mnl_attr_put_u32(message, NETCONFA_IFINDEX, static_cast<std::uint32_t>(NETCONFA_IFINDEX_ALL));
    std::uint32_t of_all = 0;
    const bool whole = netlink_.exchange(message, "read rp_filter", [&](const nlmsghdr& reply) {
      of_all = decode_rp_filter(reply);
    });
    for (core::Link& link : network.links) {
      link.rp_filter = std::max(link.rp_filter, of_all);
      link.src_valid_mark = link.src_valid_mark || (link.rp_filter == 1 && is_mark_valid_for_all());
    }
    return whole;
  }

  // No netlink message contains this setting.
  static bool is_mark_valid_for_all() {
    std::ifstream file("/proc/sys/net/ipv4/conf/all/src_valid_mark");
    int value = 0;
    return file >> value && value != 0;
  }

  void add_route(core::Network& network, const nlmsghdr& message) {
    if (groups_.add(network, message)) {
      return;
    }
    const auto route = decode_route(message);
    if (route && (route->table == core::main_table || core::is_our_table(route->table) ||
                  route->destination == core::Prefix{})) {
      network.routes.push_back(*route);
    }
  }

  // Asks the kernel for the route of each destination. An unreachable one keeps an empty hop.
  bool resolve(core::Network& network) {
    bool whole = true;
    for (const core::Ipv4 destination :
         core::destinations_of_defaults(network.routes, network.destinations)) {
      network.leaves_by.push_back({.destination = destination});
      whole = whole && resolve(network.leaves_by.back());
    }
    for (const core::Ipv4 destination : core::sample_destinations(network.destinations)) {
      network.samples.push_back({.destination = destination});
      whole = whole && resolve(network.samples.back());
    }
    for (const core::Rule& rule : network.rules) {
      if (rule.table == core::public_table && rule.source && !network.leaves_by.empty()) {
        whole = whole && resolve_from(network, rule.source->address);
      }
    }
    return whole;
  }

  bool resolve_from(core::Network& network, core::Ipv4 source) {
    nlmsghdr* message = netlink_.message(RTM_GETROUTE, NLM_F_ACK);
    auto* header = header_of<rtmsg>(message);
    header->rtm_family = AF_INET;
    header->rtm_dst_len = 32;
    header->rtm_src_len = 32;
    header->rtm_flags = RTM_F_LOOKUP_TABLE;
    put_address(message, RTA_DST, network.leaves_by.front().destination);
    put_address(message, RTA_SRC, source);
    mnl_attr_put_u8(message, RTA_IP_PROTO, IPPROTO_TCP);
    const auto [route, whole] = ask_route(message);
    if (route) {
      network.leaves_from.push_back({source, route->table});
    }
    return whole;
  }

  bool resolve(core::Resolution& resolution) {
    nlmsghdr* message = netlink_.message(RTM_GETROUTE, NLM_F_ACK);
    auto* header = header_of<rtmsg>(message);
    header->rtm_family = AF_INET;
    header->rtm_dst_len = 32;
    put_address(message, RTA_DST, resolution.destination);
    const auto [route, whole] = ask_route(message);
    resolution.hop = route ? route->via : core::NextHop{};
    return whole;
  }

  // The route, if there is one, and whether the answer is whole.
  std::pair<std::optional<core::Route>, bool> ask_route(nlmsghdr* message) {
    std::optional<core::Route> route;
    bool whole = true;
    const auto failure = core::catch_error_except_signals([&] {
      whole = netlink_.exchange(message, "resolve a public destination",
                                [&](const auto& reply) { route = decode_route(reply); });
    });
    if (failure && failure->exit() != core::Exit::os_error) {
      throw core::Error(*failure);
    }
    return {route, whole};
  }

  Netlink netlink_{Netlink::Family::route};
  RouteGrouping groups_ = {};
  Nftables nftables_ = {};
};

}  // namespace

std::unique_ptr<Kernel> open_kernel() {
  return std::make_unique<Rtnetlink>();
}

}  // namespace io
