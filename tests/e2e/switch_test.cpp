// SPDX-License-Identifier: Apache-2.0
// Commit-confirm on the real kernel: the run itself, or its guard after a kill, undoes a switch
// without a proof.
#include "node.hpp"

#include <chrono>
#include <csignal>
#include <functional>
#include <thread>

using support::Child;
using support::Json;

namespace {

using Time = std::chrono::steady_clock;

const std::vector<std::string> verify = {"--verify-url", "https://192.0.2.1/"};

void wait_until(const std::function<bool()>& holds) {
  const auto deadline = Time::now() + std::chrono::minutes(1);
  while (!holds()) {
    REQUIRE(Time::now() < deadline);
    std::this_thread::yield();
  }
}

// A run between the switch and its confirmation.
Child switched(const Node& node) {
  node.world.fault({{"server", "whatismyip"}, {"kind", "hang"}, {"skip", 1}, {"count", -1}});
  Child child(node.command(verify));
  wait_until([&] {
    return node.world.ip(node.droplet, "route show default proto 174").find("via") !=
           std::string::npos;
  });
  return child;
}

// Whether a run or its guard holds the lock of the droplet's network.
bool is_locked(const Node& node) {
  return node.world.lab({"exec", node.droplet.name, "nft", "list", "tables"})
             .find("do-egress-ip-lock") != std::string::npos;
}

void check_as_booted(const Node& node, const std::string& before) {
  node.world.sim("DELETE", "/faults");
  CHECK(node.world.snapshot(node.droplet) == before);
  CHECK(node.world.seen_from(node.droplet.name) == node.droplet.public_address);
  CHECK_FALSE(is_locked(node));
}

}  // namespace

TEST_CASE("switch: every topology, is proven by a service that sees the address") {
  for (const std::string topology :
       {"classic", "anchor-nic", "dhcp-metric", "two-defaults", "routing-agent"}) {
    CAPTURE(topology);
    const Node node("198.51.100.1-4", topology);
    const Json result = node.run(0, verify);
    CHECK(result.at("requests").at("verify") == 2);  // before the switch, and after it
    node.check_egress();
    CHECK_FALSE(is_locked(node));
    CHECK(node.run(0, verify).at("requests").at("verify") == 0);
  }
}

TEST_CASE("switch: service sees another address, undone to the byte, label false, exit 13") {
  for (const std::string topology : {"classic", "anchor-nic", "dhcp-metric", "two-defaults"}) {
    CAPTURE(topology);
    const Node node("198.51.100.1-4", topology);
    const std::string before = node.world.snapshot(node.droplet);
    node.world.fault({{"server", "whatismyip"},
                      {"kind", "status"},
                      {"status", 200},
                      {"body", "192.0.2.99\n"},
                      {"count", -1}});

    const Json result = node.run(13, verify);

    const std::string message = result.at("error").at("message");
    CHECK(message.find(" sees 192.0.2.99, not 198.51.100.") != std::string::npos);
    check_as_booted(node, before);
    CHECK(node.world.label(node.droplet) == "false");
    CHECK(node.world.held_by(node.droplet).size() == 1);

    node.run(0, verify);
    node.check_egress();
  }
}

TEST_CASE("switch: path dead after its proof, undone, exit 13") {
  const Node node;
  const std::string before = node.world.snapshot(node.droplet);
  node.world.fault({{"server", "whatismyip"}, {"kind", "reset"}, {"skip", 1}, {"count", -1}});
  node.run(13, verify);
  check_as_booted(node, before);
  CHECK(node.world.label(node.droplet) == "false");
}

TEST_CASE("switch: SIGTERM, SIGINT or SIGHUP before the confirmation, undone") {
  for (const auto& [signal, exit] :
       {std::pair{SIGTERM, 143}, std::pair{SIGINT, 130}, std::pair{SIGHUP, 143}}) {
    CAPTURE(signal);
    const Node node;
    const std::string before = node.world.snapshot(node.droplet);
    Child child = switched(node);
    CHECK(is_locked(node));
    child.signal(signal);
    Node::result_of(child.wait(), exit);
    check_as_booted(node, before);
    CHECK(node.world.label(node.droplet) != "true");
  }
}

TEST_CASE("switch: killed before the confirmation, the guard undoes it, the next run succeeds") {
  for (const std::string topology : {"classic", "anchor-nic"}) {
    CAPTURE(topology);
    const Node node("198.51.100.1-4", topology);
    const std::string before = node.world.snapshot(node.droplet);
    Child child = switched(node);
    CHECK(node.world.snapshot(node.droplet) != before);
    child.signal(SIGKILL);
    CHECK(child.wait().exit == 128 + SIGKILL);
    wait_until([&] { return !is_locked(node); });
    check_as_booted(node, before);

    node.run(0, verify);
    node.check_egress();
  }
}
