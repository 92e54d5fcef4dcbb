// SPDX-License-Identifier: Apache-2.0
// The main job with real packets: the internet sees the droplet's own address before, and the
// reserved IP after. Everything that worked before still works.
#include "support/session.hpp"
#include "support/world.hpp"

#include <doctest/doctest.h>

using support::Droplet;
using support::EchoService;
using support::Run;
using support::Session;
using support::World;

namespace {

void check_main_job(const std::string& topology) {
  World world;
  world.pool("198.51.100.1-4");
  const Droplet node = world.droplet("node-1", topology);
  REQUIRE(world.seen_from(node.name) == node.public_address);
  REQUIRE(world.seen_from(node.pod()) == node.public_address);
  const EchoService service(node);
  const Session before(node.public_address);
  REQUIRE(before.answers());

  const Run run = world.reconcile(node);

  INFO(run.out, run.err);
  CHECK(run.exit == 0);
  const auto held = world.held_by(node);
  REQUIRE(held.size() == 1);
  CHECK(world.seen_from(node.name) == held[0]);
  CHECK(world.seen_from(node.pod()) == held[0]);
  CHECK(before.answers());
  CHECK(Session(node.public_address).answers());
  CHECK(Session(held[0]).answers());  // also inbound connections to the reserved IP
  CHECK(world.seen_from(node.name, node.public_address) == node.public_address);
  CHECK(world.lab({"exec", node.name, "curl", "-s", "--max-time", "3",
                   "http://169.254.169.254/metadata/v1/id"}) == std::to_string(node.id));
  CHECK(world.label(node) == "true");
  CHECK(world.label(node, support::address_label) == held[0]);

  const std::string settled = world.snapshot(node);
  world.forget_requests();
  const Run again = world.reconcile(node);

  CHECK(again.exit == 0);
  CHECK(again.out == "unchanged: node-1: egress IP " + held[0] + "\n");
  CHECK(again.err.empty());
  CHECK(world.requests("metadata") == 1);
  CHECK(world.requests("kubernetes") == 1);
  CHECK(world.requests("digitalocean") == 0);
  CHECK(world.snapshot(node) == settled);
}

}  // namespace

TEST_CASE("egress: classic, the anchor on the public NIC") {
  check_main_job("classic");
}

TEST_CASE("egress: anchor-nic, the anchor on its own NIC with rp_filter") {
  check_main_job("anchor-nic");
}

TEST_CASE("egress: dhcp-metric, a default with a metric and a source") {
  check_main_job("dhcp-metric");
}

TEST_CASE("egress: steady run, does not read the token") {
  World world;
  world.pool("198.51.100.1-2");
  const Droplet node = world.droplet();
  REQUIRE(world.reconcile(node).exit == 0);

  const Run run = world.reconcile(node, {}, {{"DO_EGRESS_IP_TOKEN_FILE", "/nonexistent"}});

  CHECK(run.exit == 0);
  CHECK(run.out.starts_with("unchanged:"));
}

TEST_CASE("egress: no Kubernetes, everything else works") {
  World world;
  world.pool("198.51.100.1-2");
  const Droplet node = world.droplet();

  const Run run = world.reconcile(node, {"--kubernetes", "off"});

  CHECK(run.exit == 0);
  CHECK(world.requests("kubernetes") == 0);
  CHECK(world.seen_from(node.name) == world.held_by(node).at(0));
}

TEST_CASE("egress: name does not match, sends no request") {
  World world;
  world.pool("198.51.100.1-2");
  const Droplet node = world.droplet();
  world.forget_requests();

  const Run run = world.reconcile(node, {"--match-string", "other"},
                                  {{"HOSTNAME_FLOATING_IP_MATCH_STRING", "x"}});

  CHECK(run.exit == 64);  // given twice on one command line
  const auto once =
      support::run(world.tool(node, {"--match-string", "other", "--floating-ips", "198.51.100.1"}));
  CHECK(once.exit == 0);
  CHECK(once.out == "skipped: the name \"node-1\" does not contain \"other\"\n");
  CHECK(world.sim("GET", "/journal").at("requests").empty());
}
