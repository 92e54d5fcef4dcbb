// SPDX-License-Identifier: Apache-2.0
#include "core/plan/paths.hpp"
#include "integration/private_network.hpp"
#include "integration/processes.hpp"
#include "support/kernel_contract.hpp"

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>

// The real kernel keeps the contract; also what only a real kernel can show.

namespace support {
namespace {

void run_ip(const std::string& commands) {
  FILE* ip = popen("ip -batch -", "w");
  REQUIRE(ip != nullptr);
  std::fputs(commands.c_str(), ip);
  REQUIRE(pclose(ip) == 0);
}

// A droplet of topology `classic`, with veth pairs, because not every system has dummy devices.
struct RealWorld {
  RealWorld() {
    integration::renew_private_network();
    run_ip(
        "link set lo up\n"
        "link add eth0 index 2 address 04:01:2a:0f:2a:01 type veth peer name wire0 index 12\n"
        "link add eth1 index 3 address 04:01:2a:0f:2a:02 type veth peer name wire1 index 13\n"
        "link set wire0 up\n"
        "link set wire1 up\n"
        "link set eth0 up\n"
        "link set eth1 up\n"
        "addr add 203.0.113.10/20 dev eth0\n"
        "addr add 10.17.0.5/16 dev eth0\n"
        "addr add 10.132.0.2/16 dev eth1\n"
        "route add default via 203.0.113.1 dev eth0 proto static\n");
    real = io::open_kernel();
    REQUIRE(integration::comes_true([&] { return are_links_up(); }));
  }
  // The kernel finds the carrier of a veth pair a moment after it is set up.
  bool are_links_up() {
    const auto links = real->read().links;
    return std::ranges::all_of(links, &core::Link::up);
  }
  io::Kernel& kernel() { return *real; }
  core::Network& network() {
    last = real->read();
    return last;
  }
  std::unique_ptr<io::Kernel> real = {};
  core::Network last = {};
};

// Runs `body` in a child process and returns its result.
int exit_code_of(const std::function<int()>& body) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    _exit(body());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_KERNEL_CONTRACT(RealWorld);

TEST_CASE("kernel: MAC address, is written like metadata's") {
  RealWorld world;
  const auto links = world.kernel().read().links;
  const auto link = std::ranges::find(links, eth0, &core::Link::ifindex);
  REQUIRE(link != links.end());
  CHECK(link->mac == "04:01:2a:0f:2a:01");
}

TEST_CASE("kernel: forwarding and rp_filter of a device, include the settings of all") {
  RealWorld world;
  const auto set = [](const std::string& name, int value) {
    std::ofstream("/proc/sys/net/ipv4/conf/" + name) << value << std::flush;
  };
  const auto link = [&] {
    const auto links = world.kernel().read().links;
    return *std::ranges::find(links, eth0, &core::Link::ifindex);
  };
  set("all/rp_filter", 0);
  set("eth0/rp_filter", 0);
  set("eth0/forwarding", 0);
  if (link().rp_filter != 0 || link().forwards) {
    return;  // the system does not allow setting them
  }
  CHECK_FALSE(link().src_valid_mark);
  set("eth0/forwarding", 1);
  set("eth0/rp_filter", 1);
  set("eth0/src_valid_mark", 1);
  CHECK(link().forwards);
  CHECK(link().rp_filter == 1);
  CHECK(link().src_valid_mark);
  set("all/rp_filter", 2);
  CHECK(link().rp_filter == 2);
  set("all/rp_filter", 0);
  set("eth0/src_valid_mark", 0);
  CHECK_FALSE(link().src_valid_mark);
  set("all/src_valid_mark", 1);
  CHECK(link().src_valid_mark);
}

// A table of our name with other contents is neither used nor in the way.
TEST_CASE("kernel: marking changed by others, is for no address") {
  RealWorld world;
  const core::Marking ours{core::Marking::State::set, public_address};
  for (const std::string change :
       {"add rule ip do-egress-ip forwarded counter", "flush table ip do-egress-ip",
        "flush chain ip do-egress-ip forwarded; delete chain ip do-egress-ip forwarded",
        "flush chain ip do-egress-ip forwarded; "
        "add rule ip do-egress-ip forwarded counter comment \"2: keeps 203.0.113.10\""}) {
    CAPTURE(change);
    world.kernel().set_marking(public_address);
    REQUIRE(world.network().marking == ours);
    if (std::system(("nft '" + change + "'").c_str()) != 0) {
      return;  // no nft(8)
    }
    CHECK(world.network().marking == core::Marking{core::Marking::State::set, {}});
    world.kernel().set_marking(public_address);
    CHECK(world.network().marking == ours);
  }
  world.kernel().remove_marking();
  CHECK(world.network().marking == core::Marking{});
}

TEST_CASE("kernel: devices that carry traffic, are recognised") {
  RealWorld world;
  run_ip(
      "link add kube-ipvs0 index 30 type bridge\n"
      "addr add 203.0.113.10/32 dev kube-ipvs0\n");
  const auto links = world.kernel().read().links;
  const auto link = [&](const std::string& name) {
    return *std::ranges::find(links, name, &core::Link::name);
  };
  CHECK(link("lo").loopback);
  CHECK(link("eth0").up);
  CHECK(link("eth0").arp);
  CHECK(link("eth0").kind == "veth");
  CHECK_FALSE(link("kube-ipvs0").up);
  CHECK(link("kube-ipvs0").kind == "bridge");
}

// The kernel refuses a gateway without a route to its network, and accepts it with our link route.
TEST_CASE("kernel: gateway without a link route, is accepted with ours") {
  RealWorld world;
  run_ip("addr add 10.47.0.10/16 dev eth1 noprefixroute\n");
  const core::Path path{ip("10.47.0.10"), {ip("10.47.0.1"), eth1}};
  const core::Route wanted{.destination = prefix("192.0.2.0/24"), .via = path.via};
  CHECK(refusal([&] { world.kernel().set_route(wanted); }) == core::Exit::os_error);
  const auto routes = core::gateway_routes(world.network(), {path, path});
  REQUIRE(routes.size() == 2);
  world.kernel().set_route(routes[0]);
  CHECK(has(world.network(), routes[0]));
  world.kernel().set_route(wanted);
  CHECK(has(world.network(), wanted));
}

TEST_CASE("kernel: refusal, quotes the kernel's own reason") {
  RealWorld world;
  core::Route route = contract_route();
  route.via.gateway = ip("192.0.2.1");
  const auto failure = core::catch_error_except_signals([&] { world.kernel().set_route(route); });
  REQUIRE(failure.has_value());
  CHECK(std::string(failure->what()) ==
        "cannot set route 192.0.2.0/24: Nexthop has invalid gateway");
}

TEST_CASE("kernel: no rights, every change is refused and reading works") {
  RealWorld world;
  CHECK(exit_code_of([&] {
          if (unshare(CLONE_NEWUSER) != 0) {
            return 77;  // now the network belongs to another user namespace
          }
          const auto kernel = io::open_kernel();
          const std::vector<std::function<void()>> changes = {
              [&] { kernel->set_route(contract_route()); },
              [&] { kernel->remove_route(*default_route(world.network())); },
              [&] { kernel->add_rule(contract_rule()); },
              [&] { kernel->remove_rule(contract_rule()); },
              [&] { kernel->set_marking(public_address); },
              [&] { kernel->remove_marking(); }};
          for (const auto& change : changes) {
            if (refusal(change) != core::Exit::no_permission) {
              return 1;
            }
          }
          if (kernel->read().marking.state != core::Marking::State::hidden) {
            return 2;
          }
          return kernel->read().routes.empty() ? 3 : 0;
        }) == 0);
}

TEST_CASE("kernel: routes of every kind, are read as such") {
  RealWorld world;
  run_ip(
      "route add 198.18.0.0/24 nexthop via 203.0.113.1 dev eth0 nexthop via 10.132.0.1 dev eth1\n"
      "route add blackhole 198.18.1.0/24\n"
      "route add 198.18.2.0/24 via 203.0.113.1 dev eth0 tos 0x10\n"
      "route add default via 10.132.0.1 dev eth1 metric 4000000000 table 4000000000\n"
      "rule add from 10.0.0.0/8 iif eth1 lookup 135 priority 5\n"
      "rule add not from 10.0.0.0/8 lookup 135 priority 6\n"
      "rule add from 10.0.0.0/8 blackhole priority 7\n"
      "rule add fwmark 0x200/0xf00 lookup 135 priority 9\n"
      "rule add fwmark 0/0xf00 lookup 135 priority 10\n");
  const core::Network network = world.kernel().read();
  const auto route = [&](std::string_view destination) {
    return std::ranges::find(network.routes, prefix(destination), &core::Route::destination);
  };
  CHECK(route("198.18.0.0/24")->multipath);
  CHECK(route("198.18.1.0/24") == network.routes.end());
  CHECK(route("198.18.2.0/24")->tos == 0x10);
  CHECK(has(network, {.via = {private_gateway, eth1},
                      .metric = 4'000'000'000,
                      .table = 4'000'000'000,
                      .protocol = 3}));
  for (const core::Rule& rule : network.rules) {
    CAPTURE(rule.priority);
    CHECK(rule.plain == (rule.priority == 0 || rule.priority > 8));
  }
  const auto mark = [&](std::uint32_t priority) {
    return std::ranges::find(network.rules, priority, &core::Rule::priority)->mark;
  };
  CHECK(mark(9) == core::Mark{0x200, 0xf00});
  CHECK(mark(10) == core::Mark{0, 0xf00});
}

// The kernel says EACCES there, as it does for a lack of rights.
TEST_CASE("kernel: prohibited destinations, lead nowhere") {
  RealWorld world;
  run_ip("rule add prohibit priority 100\n");
  const core::Network network = world.kernel().read();
  REQUIRE_FALSE(network.leaves_by.empty());
  CHECK(network.leaves_by.front().hop == core::NextHop{});
}

TEST_CASE("kernel: IPv6 routes, are not read") {
  RealWorld world;
  if (access("/proc/net/if_inet6", R_OK) != 0) {
    return;  // no IPv6
  }
  const core::Network before = world.kernel().read();
  run_ip("addr add 2001:db8::5/64 dev eth0 nodad\n");
  CHECK(world.kernel().read().addresses == before.addresses);
  CHECK(world.kernel().read().routes == before.routes);
  CHECK(world.kernel().read().rules == before.rules);
}

// A dump torn by changes is repeated, and a default under replacement is never missing.
TEST_CASE("kernel: default replaced repeatedly, there is always one") {
  RealWorld world;
  int ready[2];
  REQUIRE(pipe(ready) == 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto kernel = io::open_kernel();
    for (long count = 0;; ++count) {
      const bool anchor = count % 2 == 0;
      kernel->set_route({.via = {anchor ? anchor_gateway : public_gateway, eth0}});
      if (count == 0) {
        [[maybe_unused]] const auto written = write(ready[1], "x", 1);
      }
    }
  }
  char byte = 0;
  REQUIRE(read(ready[0], &byte, 1) == 1);
  int read_untorn = 0;
  for (int count = 0; count < 200; ++count) {
    core::Network network;
    const auto failure = core::catch_error_except_signals([&] { network = world.kernel().read(); });
    if (!failure) {
      ++read_untorn;
      CHECK(network.addresses.size() == 4);
      CHECK(network.leaves_by[0].hop.gateway.has_value());
    } else {
      CHECK(failure->exit() == core::Exit::os_error);
    }
  }
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  close(ready[0]);
  close(ready[1]);
  CHECK(read_untorn > 0);
  CHECK(default_route(world.network()) != nullptr);
}

}  // namespace support
