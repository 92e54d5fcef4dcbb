// SPDX-License-Identifier: Apache-2.0
// A signal during an assignment ends the run at once; the next run finishes the work.
#include "node.hpp"

#include <chrono>
#include <csignal>

using support::Child;
using support::Json;

namespace {

using Time = std::chrono::steady_clock;

void wait_for_post(const Node& node) {
  const auto deadline = Time::now() + std::chrono::minutes(1);
  while (node.posted().empty()) {
    REQUIRE(Time::now() < deadline);
  }
}

void check_ended_by(int signal, int exit, const std::string& name) {
  CAPTURE(name);
  const Node node;
  node.world.settings({{"action_latency_ms", 10'000}});
  Child child(node.command());
  wait_for_post(node);
  const auto sent = Time::now();
  child.signal(signal);

  const Json result = Node::result_of(child.wait(), exit);

  CHECK(Time::now() - sent < std::chrono::seconds(8));  // before the action ends
  CHECK(result.at("error").at("message").dump().find("ended by " + name) != std::string::npos);
  CHECK(node.world.seen_from(node.droplet.name) == node.droplet.public_address);
  CHECK(node.world.label(node.droplet) != "true");

  node.run(0);

  node.check_egress();
  CHECK(node.world.sim("GET", "/journal").at("assignments").size() == 1);
}

}  // namespace

TEST_CASE("signal: SIGTERM, SIGINT or SIGHUP during an assignment, ends the run cleanly") {
  check_ended_by(SIGTERM, 143, "SIGTERM");
  check_ended_by(SIGINT, 130, "SIGINT");
  check_ended_by(SIGHUP, 143, "SIGHUP");
}

TEST_CASE("signal: while DigitalOcean does not answer, ends the run") {
  const Node node;
  node.world.fault({{"server", "digitalocean"}, {"kind", "hang"}});
  Child child(node.command());
  const auto deadline = Time::now() + std::chrono::minutes(1);
  while (node.world.requests("digitalocean") == 0) {
    REQUIRE(Time::now() < deadline);
  }
  const auto sent = Time::now();
  child.signal(SIGTERM);

  Node::result_of(child.wait(), 143);

  CHECK(Time::now() - sent < std::chrono::seconds(30));
  node.check_untouched();
}
