// SPDX-License-Identifier: Apache-2.0
// Each trap has its own finding, and changes no other.
#include "core/doctor/checks.hpp"
#include "unit/doctor_facts.hpp"

#include <doctest/doctest.h>
#include <fmt/ranges.h>

using core::Check;
using core::Error;
using core::Examination;
using core::Exit;
using core::Verdict;
using support::Topology;
using unit::check_finding;
using unit::healthy_facts;
using Names = std::vector<std::string>;

namespace {

Names names_of(const std::vector<Check>& checks) {
  Names names;
  for (const Check& check : checks) {
    names.emplace_back(check.name);
  }
  return names;
}

core::Droplet& droplet(Examination& facts) {
  return std::get<core::Droplet>(facts.droplet);
}

core::Network& network(Examination& facts) {
  return std::get<core::Network>(facts.host.network);
}

Check named(std::string_view name, Check check) {
  check.name = name;
  return check;
}

core::Unavailable unavailable(Exit exit = Exit::unavailable) {
  return {Error(exit, "no answer")};
}

}  // namespace

// Frozen, because scripts select by them. New ones are only added.
TEST_CASE("doctor: the checks have their names, in their order, always all of them") {
  const Names frozen = {
      "node-name",    "droplet",       "public-interface", "anchor",         "anchor-device",
      "net-admin",    "routing-agent", "default-route",    "networkd",       "rp-filter",
      "digitalocean", "token",         "token-scopes",     "token-team",     "pool-account",
      "pool-region",  "pool-size",     "held-address",     "kubernetes",     "rbac",
      "node",         "provider-id",   "node-label",       "pod-masquerade", "clock",
      "smtp",         "mark",          "our-tables",       "other-rules",    "udp-services",
      "destinations"};
  CHECK(names_of(core::diagnose(healthy_facts())) == frozen);
  CHECK(names_of(core::diagnose({})) == frozen);
  Examination without_kubernetes = healthy_facts();
  without_kubernetes.cluster = {};
  CHECK(names_of(core::diagnose(without_kubernetes)) == frozen);
}

TEST_CASE("doctor: where all is well nothing is wrong, and mail is a note") {
  for (const Topology topology : {Topology::classic, Topology::anchor_nic, Topology::dhcp_metric}) {
    CAPTURE(std::string(support::name_of(topology)));
    for (const Check& check : core::diagnose(healthy_facts(topology))) {
      CAPTURE(std::string(check.name));
      CAPTURE(check.found);
      CHECK(check.verdict == (check.name == "smtp" ? Verdict::note : Verdict::ok));
      CHECK_FALSE(check.found.empty());
      CHECK(check.remedy.empty() == (check.name != "smtp"));
    }
  }
}

TEST_CASE("doctor: nothing known is nothing wrong") {
  const auto checks = core::diagnose({});
  CHECK(core::conclude(checks).exit == Exit::ok);
  for (const Check& check : checks) {
    CAPTURE(std::string(check.name));
    CHECK(check.verdict != Verdict::problem);
  }
}

TEST_CASE("doctor: without Kubernetes its checks are left out, and the rest is as it was") {
  const Names of_the_cluster = {"kubernetes", "rbac", "node", "provider-id", "node-label"};
  Examination facts = healthy_facts();
  facts.cluster = {};
  for (const Check& check : core::diagnose(facts)) {
    CAPTURE(std::string(check.name));
    const bool about_it = std::ranges::find(of_the_cluster, check.name) != of_the_cluster.end();
    const bool left_out = check.verdict == Verdict::skipped;
    CHECK((left_out || check.verdict == Verdict::ok || check.name == "smtp"));
    CHECK((!left_out || about_it));
  }
}

// --- the host ------------------------------------------------------------------------------------

TEST_CASE("doctor: a name that does not match") {
  check_finding([](Examination& facts) { facts.match.pattern = "other"; },
                {"node-name", Verdict::note, "does not match"});
}

TEST_CASE("doctor: not a droplet, told by who made the machine") {
  const Names with = {"public-interface", "anchor",      "anchor-device", "rp-filter",
                      "token-team",       "pool-region", "pool-size",     "held-address",
                      "provider-id",      "node-label"};
  const auto spoil = [](const std::optional<std::string>& vendor, Exit exit) {
    return [=](Examination& facts) {
      facts.droplet = unavailable(exit);
      facts.host.vendor = vendor;
    };
  };
  check_finding(
      spoil("QEMU", Exit::unavailable),
      {"droplet", Verdict::problem, "not a droplet but a machine of \"QEMU\"", Exit::config}, with);
  check_finding(spoil("DigitalOcean", Exit::unavailable),
                {"droplet", Verdict::problem, "no answer", Exit::unavailable}, with);
  check_finding(spoil(std::nullopt, Exit::unavailable),
                {"droplet", Verdict::problem, "no answer", Exit::unavailable}, with);
  check_finding(spoil("QEMU", Exit::software),
                {"droplet", Verdict::problem, "no answer", Exit::software}, with);
}

TEST_CASE("doctor: no public interface") {
  check_finding(
      [](Examination& facts) {
        droplet(facts).public_interface.reset();
        droplet(facts).anchor.reset();
      },
      {"public-interface", Verdict::problem, "no public interface", Exit::config},
      {"anchor", "anchor-device", "rp-filter"});
}

TEST_CASE("doctor: no device holds the public address") {
  check_finding(
      [](Examination& facts) {
        std::erase_if(network(facts).addresses,
                      [](const auto& held) { return held.address == support::public_address; });
        droplet(facts).public_interface->mac = "04:01:2a:00:00:00";
      },
      {"public-interface", Verdict::problem, "no network device holds it", Exit::config},
      {"rp-filter"});
}

TEST_CASE("doctor: no anchor") {
  check_finding(
      [](Examination& facts) {
        droplet(facts).anchor.reset();
        facts.host.network = support::booted(Topology::classic);
      },
      {"anchor", Verdict::problem, "no anchor address", Exit::config},
      {"anchor-device", "rp-filter"});
}

TEST_CASE("doctor: the anchor is on no device, or on one that carries no traffic") {
  check_finding(
      [](Examination& facts) {
        std::erase_if(network(facts).addresses,
                      [](const auto& held) { return held.address == support::anchor_address; });
      },
      {"anchor-device", Verdict::problem, "no network device holds it", Exit::config},
      {"rp-filter"});
  check_finding(
      [](Examination& facts) {
        for (auto& held : network(facts).addresses) {
          held.ifindex = held.address == support::anchor_address ? 1 : held.ifindex;
        }
      },
      {"anchor-device", Verdict::problem, "is on lo, which carries no traffic", Exit::config},
      {"rp-filter"});
}

TEST_CASE("doctor: no right to change routes") {
  check_finding([](Examination& facts) { network(facts).may_change = false; },
                {"net-admin", Verdict::problem, "may not change routes", Exit::no_permission});
}

TEST_CASE("doctor: a UDP socket that serves every address") {
  check_finding(
      [](Examination& facts) {
        facts.host.udp_services = {53, 500};
      },
      {"udp-services", Verdict::note, "at the public address: port 53, 500"});
}

// As the kernel writes /proc/net/udp and udp6.
TEST_CASE("doctor: of UDP sockets, those that serve every address") {
  const std::string rest = " 07 00000000:00000000 00:00000000 00000000   101        0 ";
  const auto line = [&](const std::string& local, const std::string& remote, int inode) {
    return " 1065: " + local + " " + remote + rest + std::to_string(inode) +
           " 2 0000000000000000 0\n";
  };
  const std::string any6(32, '0');
  const std::string sockets =
      "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n" +
      line("00000000:01F4", "00000000:0000", 16741) +  // 500
      line(any6 + ":14E9", any6 + ":0000", 16742) +    // 5353
      line("3500007F:0035", "00000000:0000", 16743) +  // 127.0.0.53
      line("00000000:0044", "00000000:0000", 16744) +  // a DHCP client
      line("00000000:2118", "00000000:0000", 0) +      // VXLAN, of the kernel
      line("00000000:9C40", "00000000:0000", 16745) +  // 40000, a client
      line("00000000:01F5", "010200C0:0035", 16746) +  // connected
      "nonsense\n 1: 00000000 00000000:0000\n";
  using Ports = std::set<int>;
  CHECK(core::parse_udp_services(sockets, "32768\t60999\n") == Ports{500, 5353});
  CHECK(core::parse_udp_services(sockets, "") == Ports{500, 5353});
  CHECK(core::parse_udp_services(sockets, "5000 6000") == Ports{500, 40000});
  CHECK(core::parse_udp_services("", "") == Ports{});
}

// --- the ending ----------------------------------------------------------------------------------

TEST_CASE("doctor: ends with the problem that tells most, and counts them all") {
  const std::vector<Check> checks = {named("a", core::ok("fine")),
                                     named("b", core::problem(Exit::unavailable, "down", "wait")),
                                     named("c", core::problem(Exit::pool_exhausted, "few", "add")),
                                     named("d", core::warning("odd", "look"))};
  const core::Ending ending = core::conclude(checks);
  CHECK(ending.exit == Exit::pool_exhausted);
  CHECK(ending.message == "2 problems found; c: few");
  CHECK(ending.hint == "add");
  CHECK(core::conclude({checks[0], checks[3]}).exit == Exit::ok);
}

TEST_CASE("doctor: what only a person can mend tells more than what may pass") {
  const std::vector<Exit> order = {Exit::no_permission,  Exit::config,      Exit::foreign_ip,
                                   Exit::pool_exhausted, Exit::gate_failed, Exit::os_error,
                                   Exit::software,       Exit::unavailable, Exit::try_again};
  for (std::size_t place = 1; place < order.size(); ++place) {
    const std::vector<Check> checks = {core::problem(order[place], "b", "b"),
                                       core::problem(order[place - 1], "a", "a")};
    CHECK(core::conclude(checks).exit == order[place - 1]);
  }
}

TEST_CASE("doctor: a clock that is wrong, by more than a minute") {
  const auto ahead = [](int seconds) {
    return [=](Examination& facts) { facts.skew->ahead = std::chrono::seconds{seconds}; };
  };
  check_finding(ahead(61), {"clock", Verdict::warning, "61 s ahead of DigitalOcean's"});
  check_finding(ahead(-3600), {"clock", Verdict::warning, "3600 s behind DigitalOcean's"});
  check_finding(ahead(60), {"clock", Verdict::ok});
  check_finding(ahead(-60), {"clock", Verdict::ok});
  check_finding([](Examination& facts) { facts.skew.reset(); }, {"clock", Verdict::unknown});
}
