// SPDX-License-Identifier: Apache-2.0
// Other programs that change routes.
#include "core/doctor/networkd.hpp"
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
      {"routing-agent", "rp-filter", "public-interface", "anchor-device"});
}

TEST_CASE("doctor: with --route none the routes are others' matter") {
  Examination facts = unit::healthy_facts(Topology::routing_agent);
  facts.asked.route = core::RouteMode::none;
  facts.host.networkd.presence = Networkd::Presence::running;
  facts.host.reverse_path = core::ReversePath{{"all", 1}};
  const auto checks = unit::by_name(core::diagnose(facts));
  for (const char* name : {"default-route", "networkd", "rp-filter", "net-admin"}) {
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
      {"networkd", Verdict::unknown, "not to be seen"});
}

TEST_CASE("doctor: strict rp_filter with an anchor NIC, is a warning") {
  const auto set = [](core::ReversePath settings) {
    return [=](Examination& facts) { facts.host.reverse_path = settings; };
  };
  const auto check = [&](const core::ReversePath& settings, Verdict verdict) {
    check_finding(set(settings), {"rp-filter", verdict}, {}, Topology::anchor_nic);
  };
  check({{"all", 1}, {"eth0", 0}}, Verdict::warning);
  check({{"all", 0}, {"eth0", 1}}, Verdict::warning);
  check({{"all", 1}, {"eth0", 2}}, Verdict::ok);  // the higher counts, and 2 is the looser
  check({{"all", 2}, {"eth0", 1}}, Verdict::ok);
  check({{"all", 0}, {"eth0", 0}, {"ens7np0", 1}}, Verdict::ok);
  check_finding(set({{"all", 1}, {"eth0", 1}}), {"rp-filter", Verdict::ok, "share a NIC"});
  check_finding([](Examination& facts) { facts.host.reverse_path.reset(); },
                {"rp-filter", Verdict::unknown}, {}, Topology::anchor_nic);
}

// --- networkd's configuration --------------------------------------------------------------------

TEST_CASE("networkd: the last file that says something wins, in its own section only") {
  const auto read = [](const std::vector<std::string>& texts) {
    std::vector<core::NetworkdFile> files;
    for (const std::string& text : texts) {
      files.push_back({"/etc/systemd/networkd.conf", text});
    }
    const Networkd settings = core::read_networkd(files);
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
      {.path = "/etc/systemd", .drop_ins = {"20-b.conf", "readme"}},
      {.path = "/run/systemd", .has_main = true, .drop_ins = {"10-a.conf"}},
      {.path = "/usr/lib/systemd", .has_main = true, .drop_ins = {"10-a.conf", "30-c.conf"}}};
  CHECK(core::networkd_paths(folders) ==
        std::vector<std::string>{"/run/systemd/networkd.conf",
                                 "/run/systemd/networkd.conf.d/10-a.conf",
                                 "/etc/systemd/networkd.conf.d/20-b.conf",
                                 "/usr/lib/systemd/networkd.conf.d/30-c.conf"});
  CHECK(core::networkd_paths({}).empty());
}
