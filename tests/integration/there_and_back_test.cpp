// SPDX-License-Identifier: Apache-2.0
#include "support/there_and_back.hpp"

#include "core/plan/destinations.hpp"
#include "integration/private_network.hpp"
#include "io/netlink.hpp"

#include <fmt/format.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

// The running kernel's own dumps of routes and rules, byte for byte.

namespace {

using Dump = std::vector<std::string>;

void add_dump(Dump& dump, std::uint16_t type) {
  io::Netlink netlink(io::Netlink::Family::route);
  nlmsghdr* message = netlink.message(type, NLM_F_DUMP);
  auto* header = static_cast<rtmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(rtmsg)));
  *header = {};
  header->rtm_family = AF_INET;
  REQUIRE(netlink.exchange(message, "dump", [&](const nlmsghdr& reply) {
    const auto* bytes = static_cast<const char*>(mnl_nlmsg_get_payload(&reply));
    dump.emplace_back(bytes, mnl_nlmsg_get_payload_len(&reply));
  }));
}

Dump routes_and_rules() {
  Dump dump;
  add_dump(dump, RTM_GETROUTE);
  add_dump(dump, RTM_GETRULE);
  return dump;
}

void run_ip(const std::string& commands) {
  FILE* ip = popen("ip -batch -", "w");
  REQUIRE(ip != nullptr);
  std::fputs(commands.c_str(), ip);
  REQUIRE(pclose(ip) == 0);
}

const std::string droplet =
    "link set lo up\n"
    "link add eth0 index 2 address 04:01:2a:0f:2a:01 type veth peer name wire0 index 12\n"
    "link add eth1 index 3 address 04:01:2a:0f:2a:02 type veth peer name wire1 index 13\n"
    "link set wire0 up\nlink set wire1 up\nlink set eth0 up\nlink set eth1 up\n"
    "addr add 203.0.113.10/20 dev eth0\n"
    "addr add 10.17.0.5/16 dev eth0\n"
    "addr add 10.132.0.2/16 dev eth1\n"
    "nexthop add id 7 via 203.0.113.1 dev eth0\n"
    "nexthop add id 8 via 10.132.0.1 dev eth1\n"
    "nexthop add id 9 group 7,2/8,1\n";

const std::vector<std::string> defaults = {
    "via 203.0.113.1 dev eth0 proto static",
    "via 203.0.113.1 dev eth0 proto dhcp src 203.0.113.10",
    "via 203.0.113.1 dev eth0 onlink",
    "via 192.0.2.1 dev eth0 onlink proto 99",
    "via 203.0.113.1 dev eth0 mtu lock 1400 advmss lock 1300 initcwnd 20 rto_min 5ms",
    "via 203.0.113.1 dev eth0 quickack 1 congctl cubic features ecn",
    "via 203.0.113.1 dev eth0 realms 5/7",
    "encap ip id 7 dst 10.0.0.1 ttl 5 via 203.0.113.1 dev eth0",
    "nexthop via 203.0.113.1 dev eth0 weight 3 nexthop via 10.132.0.1 dev eth1 onlink",
    "mtu 1400 nexthop via 203.0.113.1 dev eth0 realms 3 nexthop via 10.132.0.1 dev eth1",
    "nhid 7",
    "nhid 9 proto bird",
    "via 10.132.0.1 dev eth1 src 10.132.0.2",
    "dev eth0 scope link",
};

const std::vector<std::string> others = {
    "route add 198.18.0.0/24 via 203.0.113.1 dev eth0\n",
    "route add 198.18.0.0/24 via 10.132.0.1 dev eth1 metric 9 proto bird\n",
    "route add blackhole 198.18.1.0/24\n",
    "route add unreachable default metric 4278198272\n",
    "route add default via 203.0.113.1 dev eth0 tos 0x10\n",
    "route add default via 10.132.0.1 dev eth1 table 52\n",
    "route add default via 203.0.113.1 dev eth0 table 135 proto static\n",
    "rule add from 203.0.113.10 lookup 135 priority 15135\n",
    "rule add from 198.18.7.0/24 lookup 52 priority 17300\n",
    "rule add from 10.17.0.5 to 198.18.0.0/15 lookup 52 priority 17305\n",
    "rule add fwmark 0x40/0xf0 lookup 52 priority 17302\n",
    "rule add to 198.18.0.0/15 lookup 52 priority 99\n",
    "rule add from 198.18.9.0/24 blackhole priority 17299\n",
};

template <typename Dice>
std::string random_network(Dice& dice) {
  const auto below = [&](std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(dice);
  };
  std::string commands;
  // Where there was no default at all, an undo leaves the public one rather than none.
  const int always = std::array{0, 50, 100, 4'000'000}.at(below(4));
  for (const int metric : {0, 50, 100, 4'000'000}) {
    if (metric == always || below(2) == 0) {
      commands +=
          fmt::format("route add default metric {} {}\n", metric, defaults[below(defaults.size())]);
    }
  }
  for (const std::string& other : others) {
    commands += below(3) == 0 ? other : "";
  }
  return commands;
}

}  // namespace

TEST_CASE("there and back: each kind of default, byte for byte") {
  for (const std::string& route : defaults) {
    CAPTURE(route);
    integration::renew_private_network();
    run_ip(droplet + "route add default metric 50 " + route + "\n");
    const auto kernel = io::open_kernel();
    CHECK(support::check_there_and_back<Dump>(*kernel, routes_and_rules) > 8);
  }
}

TEST_CASE("there and back: any routes and rules, byte for byte and in their order") {
  constexpr unsigned seeds = 25;
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    std::minstd_rand dice(seed);
    const std::string commands = random_network(dice);
    CAPTURE(seed);
    CAPTURE(commands);
    integration::renew_private_network();
    run_ip(droplet + commands);
    const auto kernel = io::open_kernel();
    support::check_there_and_back<Dump>(*kernel, routes_and_rules);
  }
}

TEST_CASE("there and back: any destinations beside any routes and rules, byte for byte") {
  int switched = 0;
  constexpr unsigned seeds = 25;
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    std::minstd_rand dice(seed);
    const std::string commands = random_network(dice);
    const core::Config config = support::random_destinations(dice);
    CAPTURE(seed);
    CAPTURE(commands);
    CAPTURE(core::render_destinations(config.destinations));
    integration::renew_private_network();
    run_ip(droplet + commands);
    const auto kernel = io::open_kernel();
    switched += support::check_there_and_back<Dump>(*kernel, routes_and_rules, config) > 8 ? 1 : 0;
  }
  CHECK(switched > 12);
}
