// SPDX-License-Identifier: Apache-2.0
// Who else has a say in the routes.
#include "unit/doctor_facts.hpp"

#include <doctest/doctest.h>

using core::Examination;
using core::Exit;
using core::Networkd;
using core::Verdict;
using support::Topology;
using unit::check_finding;

namespace {

core::Network& network(Examination& facts) {
  return std::get<core::Network>(facts.host.network);
}

// Facts before the first run, when the default may use the public address.
void unlabelled(Examination& facts) {
  std::get<core::Node>(facts.cluster.node).labels.clear();
}

}  // namespace

TEST_CASE("doctor: the routing agent is here") {
  check_finding(
      [](Examination& facts) {
        network(facts).rules.push_back({.priority = 15135, .table = 135, .protocol = 3});
      },
      {"routing-agent", Verdict::note, "the DOKS routing agent is here"});
  check_finding(
      [](Examination& facts) {
        network(facts).routes.push_back(
            {.via = {support::public_gateway, support::eth0}, .table = 135, .protocol = 4});
      },
      {"routing-agent", Verdict::note, "the DOKS routing agent is here"});
}

TEST_CASE("doctor: a rule or a more specific route is in front of the default") {
  check_finding(
      [](Examination& facts) {
        network(facts).leaves_by[0].hop = {support::private_gateway, support::eth1};
      },
      {"default-route", Verdict::problem, "goes via 10.132.0.1 dev eth1", Exit::config});
}

TEST_CASE("doctor: another default that would win over ours, one that is a fallback") {
  const auto add = [](core::Route route) {
    return [=](Examination& facts) {
      network(facts).routes.push_back(route);
      support::resolve(network(facts));
    };
  };
  check_finding(
      add({.via = {support::private_gateway, support::eth1}, .metric = 200, .protocol = 16}),
      {"default-route", Verdict::note, "another via 10.132.0.1 dev eth1 with metric 200"});
  check_finding(
      [](Examination& facts) {
        unlabelled(facts);
        support::default_route(network(facts))->metric = 100;
        network(facts).routes.push_back(
            {.via = {support::public_gateway, support::eth0}, .metric = 50, .protocol = 16});
        support::resolve(network(facts));
      },
      {"default-route", Verdict::warning, "with metric 50 is in front of ours"});
}

TEST_CASE("doctor: a default by neither gateway, by several, or none") {
  check_finding(
      [](Examination& facts) {
        unlabelled(facts);
        *support::default_route(network(facts)) = {.via = {support::private_gateway, support::eth1},
                                                   .protocol = 4};
        support::resolve(network(facts));
      },
      {"default-route", Verdict::warning, "neither the public gateway nor the anchor's"});
  check_finding(
      [](Examination& facts) {
        unlabelled(facts);
        *support::default_route(network(facts)) = {.protocol = 4, .multipath = true};
      },
      {"default-route", Verdict::warning, "several gateways"});
  check_finding(
      [](Examination& facts) {
        unlabelled(facts);
        support::remove_routes_to(network(facts), core::Prefix{});
        support::resolve(network(facts));
      },
      {"default-route", Verdict::warning, "no default route"});
}

TEST_CASE("doctor: a kernel that does not tell") {
  check_finding(
      [](Examination& facts) {
        facts.host.network = core::Unavailable{core::Error(Exit::os_error, "torn")};
      },
      {"default-route", Verdict::problem, "torn", Exit::os_error},
      {"routing-agent", "rp-filter", "public-interface", "anchor-device", "net-admin", "mark",
       "our-tables", "other-rules", "destinations"});
}

TEST_CASE("doctor: with --route none the routes are others' matter") {
  Examination facts = unit::healthy_facts(Topology::routing_agent);
  facts.asked.route = core::RouteMode::none;
  facts.host.networkd.presence = Networkd::Presence::running;
  const auto checks = unit::by_name(core::diagnose(facts));
  for (const char* name : {"default-route", "networkd", "rp-filter", "net-admin", "mark",
                           "our-tables", "other-rules", "udp-services", "destinations"}) {
    CAPTURE(std::string(name));
    CHECK(checks.at(name).verdict == Verdict::skipped);
  }
  CHECK(checks.at("routing-agent").verdict == Verdict::ok);
}

TEST_CASE("doctor: networkd that removes what others made") {
  const auto running = [](bool routes, bool rules) {
    return [=](Examination& facts) {
      facts.host.networkd = {Networkd::Presence::running, routes, rules};
    };
  };
  check_finding(running(true, true), {"networkd", Verdict::warning, "removes routes and rules"});
  check_finding(running(true, false), {"networkd", Verdict::warning, "removes routes that"});
  check_finding(running(false, true), {"networkd", Verdict::warning, "removes rules that"});
  check_finding(running(false, false), {"networkd", Verdict::ok, "leaves routes and rules"});
  check_finding(
      [](Examination& facts) { facts.host.networkd.presence = Networkd::Presence::hidden; },
      {"networkd", Verdict::unknown, "not visible"});
}

TEST_CASE("doctor: strict rp_filter with an anchor NIC, is a warning") {
  const auto set = [](std::uint32_t rp_filter, bool src_valid_mark) {
    return [=](Examination& facts) {
      core::Link& link =
          *std::ranges::find(network(facts).links, support::eth0, &core::Link::ifindex);
      link.rp_filter = rp_filter;
      link.src_valid_mark = src_valid_mark;
    };
  };
  check_finding(set(1, false), {"rp-filter", Verdict::warning, "NodePorts of the public address"},
                {}, Topology::anchor_nic);
  check_finding(set(1, true), {"rp-filter", Verdict::ok, "src_valid_mark"}, {},
                Topology::anchor_nic);
  check_finding(set(2, false), {"rp-filter", Verdict::ok, "not strict"}, {}, Topology::anchor_nic);
  check_finding(set(1, false), {"rp-filter", Verdict::ok, "share a NIC"});
}

TEST_CASE("doctor: a rule of others that looks at our bit of the mark") {
  const auto add = [](core::Mark mark) {
    return [=](Examination& facts) {
      network(facts).rules.insert(network(facts).rules.begin() + 1,
                                  {.priority = 9, .mark = mark, .table = 2004, .protocol = 3});
    };
  };
  check_finding(add({0x1000, 0xf000}),
                {"mark", Verdict::warning, "are used by rule 9 (fwmark 0x1000/0xf000)"});
  check_finding(add({0x1, 0xffffffff}), {"mark", Verdict::warning, "rule 9 (fwmark 0x1)"});
  check_finding(add({0x200, 0xf00}), {"mark", Verdict::ok});
  check_finding([](Examination& facts) { network(facts) = support::marked(network(facts)); },
                {"mark", Verdict::ok});  // ours
}

TEST_CASE("doctor: a rule of nf_tables that sets or tests our bits is named; other bits are not") {
  const auto add = [](core::MarkUse use) {
    use.table = "calico";
    use.chain = "raw";
    return [=](Examination& facts) { facts.host.mark_uses = std::vector{use}; };
  };
  check_finding(add({.sets = 0x51000}),
                {"mark", Verdict::warning, "nft table calico chain raw (sets 0x51000)"});
  check_finding(add({.tests = 0x2000}), {"mark", Verdict::warning, "(tests 0x2000)"});
  check_finding(add({.sets = 0xffff0fff, .tests = 0x4000}), {"mark", Verdict::ok});
  check_finding(
      [](Examination& facts) {
        facts.host.mark_uses =
            core::Unavailable{core::Error(Exit::no_permission, "cannot list the rules")};
      },
      {"mark", Verdict::unknown, "cannot list the rules"});
}

TEST_CASE("doctor: routes of others in our tables") {
  const auto add = [](const char* destination, std::uint32_t table, std::uint8_t protocol) {
    return [=](Examination& facts) {
      network(facts).routes.push_back({.destination = support::prefix(destination),
                                       .via = {support::private_gateway, support::eth1},
                                       .metric = 7,
                                       .table = table,
                                       .protocol = protocol});
    };
  };
  check_finding(add("10.244.7.0/24", 17310, 80),
                {"our-tables", Verdict::problem, "table 17310: it has a route to 10.244.7.0/24",
                 Exit::config});
  check_finding(
      add("0.0.0.0/0", 17311, 80),
      {"our-tables", Verdict::problem, "table 17311: it has a route to 0.0.0.0/0", Exit::config});
  check_finding(add("0.0.0.0/0", 17312, 16), {"our-tables", Verdict::ok});  // remembered as it was
  check_finding(add("10.244.7.0/24", 17313, 80), {"our-tables", Verdict::ok});
}

TEST_CASE("doctor: --route none with destinations of an earlier run, is a warning") {
  const auto left = [](core::RouteMode route) {
    return [=](Examination& facts) {
      facts.asked.route = route;
      network(facts).destinations = {
          {{.table = core::destination_table, .type = core::unreachable_type},
           {support::prefix("192.0.2.0/24")}}};
    };
  };
  check_finding(left(core::RouteMode::none),
                {"destinations", Verdict::warning, "192.0.2.0/24, 1 of them unreachable"},
                {"net-admin", "default-route", "networkd", "rp-filter", "mark", "our-tables",
                 "other-rules", "udp-services"});
  check_finding(left(core::RouteMode::set_default), {"destinations", Verdict::ok});
}

TEST_CASE("doctor: a rule of others that leads to another default") {
  const auto add = [](std::uint32_t table, bool default_there) {
    return [=](Examination& facts) {
      network(facts).rules.insert(
          network(facts).rules.begin() + 1,
          {.priority = 5270,
           .source = default_there ? std::optional(support::prefix("10.244.0.0/16")) : std::nullopt,
           .table = table,
           .protocol = 3});
      if (default_there) {
        network(facts).routes.push_back(
            {.via = {{}, support::eth1}, .table = table, .protocol = 3});
      }
    };
  };
  check_finding(add(52, true), {"other-rules", Verdict::note,
                                "rule 5270 leads to a default in table 52 (Tailscale)"});
  check_finding(add(2005, true), {"other-rules", Verdict::note, "in table 2005"});
  check_finding(add(2004, false), {"other-rules", Verdict::ok});
  check_finding(add(core::main_table, false),
                {"other-rules", Verdict::problem, "follow rule 5270 to table 254", Exit::config});
  const auto jump = [](Examination& facts) {
    network(facts).leaves_from[0].table = core::main_table;
  };
  check_finding(jump, {"other-rules", Verdict::problem, "go past it to table 254", Exit::config});
}

// --- networkd's configuration --------------------------------------------------------------------

TEST_CASE("networkd: the last file that says something wins, in its own section only") {
  const auto read = [](const std::vector<std::string>& texts) {
    const Networkd settings = core::parse_networkd(texts);
    return std::pair(settings.manages_routes, settings.manages_rules);
  };
  CHECK(read({}) == std::pair(true, true));
  CHECK(read({"[Network]\n#ManageForeignRoutes=no\n;ManageForeignRoutes=no\n"}) ==
        std::pair(true, true));
  CHECK(read({"[Network]\nManageForeignRoutes=no\n"}) == std::pair(false, true));
  CHECK(read({"[Network]\r\n ManageForeignRoutingPolicyRules = off \r\n"}) ==
        std::pair(true, false));
  CHECK(read({"[DHCPv4]\nManageForeignRoutes=no\n"}) == std::pair(true, true));
  CHECK(read({"ManageForeignRoutes=no"}) == std::pair(true, true));
  CHECK(read({"[Network]\nManageForeignRoutes=False", "[Network]\nManageForeignRoutes=YES"}) ==
        std::pair(true, true));
  CHECK(
      read({"[Network]\nManageForeignRoutes=0\nManageForeignRoutes=perhaps\nManageForeignRoutes\n",
            "\n\n[Network"}) == std::pair(false, true));
}

TEST_CASE("networkd: a file in a stronger folder hides its namesakes") {
  const std::vector<core::NetworkdFolder> folders = {
      {.path = "/etc/systemd/networkd.conf", .drop_ins = {"20-b.conf", "readme"}},
      {.path = "/run/systemd/networkd.conf", .has_main = true, .drop_ins = {"10-a.conf"}},
      {.path = "/usr/lib/systemd/networkd.conf",
       .has_main = true,
       .drop_ins = {"10-a.conf", "30-c.conf"}}};
  CHECK(core::networkd_paths(folders) ==
        std::vector<std::string>{"/run/systemd/networkd.conf",
                                 "/run/systemd/networkd.conf.d/10-a.conf",
                                 "/etc/systemd/networkd.conf.d/20-b.conf",
                                 "/usr/lib/systemd/networkd.conf.d/30-c.conf"});
  CHECK(core::networkd_paths({}).empty());
}

TEST_CASE("doctor: whether networkd keeps the addresses of a NIC, by that NIC's files") {
  CHECK(core::parse_network_file("ADMIN_STATE=configured\n"
                                 "NETWORK_FILE=/run/systemd/network/10-netplan-eth0.network\n") ==
        "10-netplan-eth0.network");
  CHECK(core::parse_network_file("NETWORK_FILE=eth0.network") == "eth0.network");
  CHECK(core::parse_network_file("ADMIN_STATE=unmanaged\n").empty());
  const auto keeps = [](std::vector<std::string> files) { return core::keeps_addresses(files); };
  CHECK(keeps({"[Network]\nDHCP=yes\n", "[Network]\nKeepConfiguration = static\n"}));
  CHECK(keeps({"[Network]\nKeepConfiguration=yes\n"}));
  CHECK_FALSE(keeps({"[Network]\nKeepConfiguration=static\nKeepConfiguration=dhcp-on-stop\n"}));
  CHECK_FALSE(keeps({"[Match]\nKeepConfiguration=static\n"}));
  CHECK_FALSE(keeps({}));
}
