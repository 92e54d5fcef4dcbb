// SPDX-License-Identifier: Apache-2.0
// After a release the droplet is as before the first reconcile, to the byte.
#include "node.hpp"

using support::Json;

namespace {

Json release(const Node& node, int exit, const std::vector<std::string>& more = {},
             const support::Variables& changes = {}) {
  std::vector<std::string> words = {"release"};
  words.insert(words.end(), more.begin(), more.end());
  return Node::result_of(support::run(node.command(words, changes)), exit);
}

void check_nobodys(const Node& node, const std::string& address) {
  CHECK(node.world.holder(address).is_null());
  CHECK(node.world.sim("GET", "/world").at("leases").empty());
}

}  // namespace

TEST_CASE("release: every topology, links, addresses, routes, rules and nf_tables are as before") {
  for (const std::string topology : {"classic", "anchor-nic", "dhcp-metric", "two-defaults",
                                     "two-defaults-vpc", "routing-agent"}) {
    CAPTURE(topology);
    const Node node("198.51.100.1-4", topology);
    const std::string before = node.world.snapshot(node.droplet);
    const std::string address = node.run(0).at("floating_ip");
    CHECK(node.world.snapshot(node.droplet) != before);

    const Json released = release(node, 0);

    CHECK(released.at("command") == "release");
    CHECK(released.at("result") == "changed");
    CHECK(node.world.snapshot(node.droplet) == before);
    CHECK(node.world.label(node.droplet) == "false");
    CHECK(node.world.label(node.droplet, support::address_label).empty());
    check_nobodys(node, address);

    CHECK(release(node, 0).at("result") == "unchanged");
    CHECK(node.world.snapshot(node.droplet) == before);
  }
}

TEST_CASE("release: after repairs and a reboot, is as before and can reconcile again") {
  const Node node;
  const std::string before = node.world.snapshot(node.droplet);
  node.run(0);
  node.world.lab({"flush", node.droplet.name});
  node.run(0);
  release(node, 0);
  CHECK(node.world.seen_from(node.droplet.name) == node.droplet.public_address);
  node.world.lab({"boot", node.droplet.name});
  CHECK(node.world.snapshot(node.droplet) == before);
  node.run(0);
  node.check_egress();
  release(node, 0);
  CHECK(node.world.snapshot(node.droplet) == before);
}

TEST_CASE("release: foreign routes, rules and nf_tables, stay") {
  const Node node;
  const auto add = [&](const std::string& words) { node.world.ip(node.droplet, words); };
  add("route add 192.0.2.128/25 via 203.0.113.1 proto 42");
  add("route add default via 203.0.113.1 table 135");
  add("rule add priority 15135 from 203.0.113.10 lookup 135");
  add("rule add priority 17400 from 10.99.0.0/16 lookup main protocol 99");
  node.world.lab({"exec", node.droplet.name, "nft",
                  "add table inet do-egress-ip; add chain inet do-egress-ip forwarded; "
                  "add table ip mine; add chain ip mine in { type filter hook prerouting priority "
                  "-140; }; add rule ip mine in ip saddr 192.0.2.9 meta mark set 0x1000"});
  const std::string before = node.world.snapshot(node.droplet);
  node.run(0);
  release(node, 0);
  CHECK(node.world.snapshot(node.droplet) == before);
}

TEST_CASE("release: --keep-ip, keeps the address and needs no token") {
  const Node node;
  const std::string before = node.world.snapshot(node.droplet);
  const std::string address = node.run(0).at("floating_ip");
  const Json released =
      release(node, 0, {"--keep-ip"}, {{"DO_EGRESS_IP_TOKEN_FILE", "/nonexistent"}});
  CHECK(released.at("requests").at("digitalocean") == 0);
  CHECK(node.world.held_by(node.droplet) == std::vector{address});
  CHECK(node.world.snapshot(node.droplet) == before);
  CHECK(node.world.label(node.droplet) == "false");
}

TEST_CASE("release: address outside the pool, is not unassigned") {
  const Node node;
  const std::string given = "198.51.100.77";
  node.world.sim("POST", "/addresses", {{"addresses", {given}}});
  node.world.sim("POST", "/assign/" + given, {{"droplet", node.droplet.id}});
  node.run(0, {"--allow-foreign-ip"});
  release(node, 0);
  CHECK(node.world.held_by(node.droplet) == std::vector{given});
}

TEST_CASE("release: gate taint, is set again") {
  const Node node;
  const std::vector<std::string> gate = {"--gate-taint", "example.com/egress:NoSchedule"};
  const auto taints = [&] {
    return node.world.sim("GET", "/world").at("nodes").at(node.droplet.name).at("taints");
  };
  node.run(0, gate);
  CHECK(taints().empty());
  release(node, 0, gate);
  REQUIRE(taints().size() == 1);
  CHECK(taints()[0].at("key") == "example.com/egress");
}

TEST_CASE("release: --only-matching leaves a node alone whose name does not match") {
  const Node node;
  const std::string address = node.run(0).at("floating_ip");
  const auto release_if = [&](const std::string& match) {
    const std::vector<std::string> words = {"release",      "--only-matching", "--match-string",
                                            match,          "--floating-ips",  address,
                                            "--output=json"};
    return Node::result_of(support::run(node.world.tool(node.droplet, words)), 0);
  };
  CHECK(release_if("other").at("result") == "skipped");
  node.check_egress();
  CHECK(release_if("node").at("result") == "changed");
  CHECK(node.world.held_by(node.droplet).empty());
}

TEST_CASE("release: dry run, shows the steps and writes nothing") {
  const Node node;
  const std::string address = node.run(0).at("floating_ip");
  const std::string before = node.world.snapshot(node.droplet);
  const Json planned = release(node, 0, {"--dry-run"});
  CHECK(planned.at("result") == "planned");
  CHECK(node.world.snapshot(node.droplet) == before);
  CHECK(node.world.holder(address) == node.droplet.id);
  const Json done = release(node, 0);
  REQUIRE(done.at("steps").size() == planned.at("steps").size());
  for (std::size_t index = 0; index < done.at("steps").size(); ++index) {
    CHECK(done.at("steps")[index].at("target") == planned.at("steps")[index].at("target"));
  }
}

TEST_CASE("release: no DigitalOcean, the droplet is as before and the ending names the rest") {
  const Node node;
  const std::string before = node.world.snapshot(node.droplet);
  const std::string address = node.run(0).at("floating_ip");
  node.world.fault(
      {{"server", "digitalocean"}, {"kind", "status"}, {"status", 401}, {"count", -1}});
  const Json failed = release(node, 77);
  CHECK(failed.at("error").at("message").get<std::string>().starts_with(
      "cannot release everything: "));
  CHECK(node.world.snapshot(node.droplet) == before);
  CHECK(node.world.label(node.droplet) == "false");
  node.world.sim("DELETE", "/faults");
  release(node, 0);
  check_nobodys(node, address);
}
