// SPDX-License-Identifier: Apache-2.0
// Which address of the account is claimed at what cost, and which never is.
#include "node.hpp"

#include <doctest/doctest.h>

#include <set>

using support::Json;
using support::World;

namespace {

const std::string token = "/tokens/dop_v1_lab";

// Other droplets hold the addresses 198.51.100.first to last, one each.
void hand_out(const World& world, int first, int last) {
  for (int number = first; number <= last; ++number) {
    const int other = 758605000 + number;
    const std::string name = "other-" + std::to_string(number);
    world.sim("PUT", "/droplets/" + std::to_string(other), {{"name", name}});
    world.sim("POST", "/assign/198.51.100." + std::to_string(number), {{"droplet", other}});
  }
}

// The run ends with that exit and sends no POST.
void check_refused(const Node& node, int exit, const std::string& message) {
  const Json result = node.run(exit);
  const std::string told = result.at("error").dump();
  INFO(told);
  CHECK(told.find(message) != std::string::npos);
  CHECK(node.posted().empty());
  node.check_says_false();
}

}  // namespace

TEST_CASE("pool: free address on the second page, is found") {
  const Node node("198.51.100.1-25");
  node.world.settings({{"page_max", 20}});
  hand_out(node.world, 1, 24);  // sorted as text, .25 is the 18th and .8 the 24th
  node.world.sim("POST", "/unassign/198.51.100.8");
  node.world.sim("PUT", "/addresses/198.51.100.25", {{"droplet", 758605008}});

  node.run(0);

  node.check_leaves_by("198.51.100.8");
  const auto reads = node.world.journal("digitalocean", "GET");
  REQUIRE(reads.size() >= 2);
  CHECK(reads[0].at("query").at("page") == "1");
  CHECK(reads[1].at("path") == "/v2/droplets/" + std::to_string(node.droplet.id));
}

TEST_CASE("pool: 450 addresses on three pages with ours at the end, no other is changed") {
  const Node node("198.51.100.99");
  Json others = Json::array();
  for (int number = 0; number < 449; ++number) {
    others.push_back("198.51." + std::to_string(number / 250) + "." + std::to_string(number % 250));
  }
  node.world.sim("POST", "/addresses", {{"addresses", others}});

  node.run(0);

  node.check_leaves_by("198.51.100.99");
  // One page, the droplet, the address, the POST and its proof; one more without a Lease.
  CHECK(node.world.requests("digitalocean") <= 6);
  CHECK(node.world.sim("GET", "/journal").at("assignments").size() == 1);
}

TEST_CASE("pool: BYOIP address in no list, is read by itself") {
  const Node node("198.51.100.1-2");
  hand_out(node.world, 1, 1);
  node.world.sim("PUT", "/addresses/198.51.100.2", {{"byoip", true}});
  for (const int latency : {0, 700}) {
    CAPTURE(latency);
    node.world.settings({{"action_latency_ms", latency}});

    node.run(0);

    node.check_leaves_by("198.51.100.2");
    node.world.sim("POST", "/unassign/198.51.100.2");
  }
}

TEST_CASE("pool: address not in the account, is skipped") {
  const Node node("198.51.100.1");

  node.run(0, {"--floating-ips", "198.51.100.2"});

  node.check_leaves_by("198.51.100.1");
}

TEST_CASE("pool: address in another region only, ends with config") {
  const Node node("198.51.100.1-2");
  for (const std::string address : {"198.51.100.1", "198.51.100.2"}) {
    node.world.sim("PUT", "/addresses/" + address, {{"region", "fra1"}});
  }
  check_refused(node, 78, "none of the pool is in region nyc3");
}

TEST_CASE("pool: all free addresses locked, ends with try-again") {
  const Node node("198.51.100.1-2");
  hand_out(node.world, 1, 1);
  node.world.sim("PUT", "/addresses/198.51.100.2", {{"locked", true}});
  check_refused(node, 75, "locked by a pending action");
}

TEST_CASE("pool: none free, free addresses outside the pool stay free") {
  const Node node("198.51.100.1-3");
  hand_out(node.world, 1, 3);
  node.world.sim("POST", "/addresses", {{"addresses", {"198.51.100.77", "198.51.100.78"}}});
  node.world.sim(
      "PUT", "/nodes/node-1",
      {{"labels", {{support::enabled_label, "true"}, {support::address_label, "198.51.100.1"}}}});
  check_refused(node, 10, "of the pool in this region are held by other droplets");
}

TEST_CASE("pool: address lost and none free, returns to the public address") {
  const Node node("198.51.100.1");
  node.run(0);
  hand_out(node.world, 1, 1);
  node.world.forget_requests();
  check_refused(node, 10, "of the pool in this region are held by other droplets");
}

TEST_CASE("pool: foreign address, is left alone unless allowed") {
  const Node node;
  const std::string foreign = "198.51.100.77";
  node.world.sim("POST", "/addresses", {{"addresses", {foreign}}});
  node.world.sim("POST", "/assign/" + foreign, {{"droplet", node.droplet.id}});
  node.world.forget_requests();
  const std::string before = node.world.snapshot(node.droplet);

  const std::string message = node.run(12).at("error").at("message");

  CHECK(message.find(foreign + ": the droplet holds it, but it is not in the pool") !=
        std::string::npos);
  CHECK(node.world.held_by(node.droplet) == std::vector{foreign});
  CHECK(node.world.snapshot(node.droplet) == before);
  CHECK(node.world.label(node.droplet) == "false");
  CHECK(node.world.requests("digitalocean") == 0);

  node.run(0, {"--allow-foreign-ip"});
  node.check_egress();
  node.check_leaves_by(foreign);
  CHECK(node.world.requests("digitalocean") == 0);
}

TEST_CASE("pool: token without droplet:read, claims nothing") {
  for (const std::string shows : {"null", "absent"}) {
    CAPTURE(shows);
    const Node node;
    hand_out(node.world, 1, 4);  // all are held but look free
    node.world.sim("PUT", token, {{"scopes", {"reserved_ip:read", "reserved_ip:update"}}});
    node.world.settings({{"no_droplet_scope_shows", shows}});
    check_refused(node, 77, "give the token the scope droplet:read");
  }
}

TEST_CASE("pool: token without reserved_ip:read, ends with no-permission") {
  const Node node;
  node.world.sim("PUT", token, {{"scopes", {"reserved_ip:update", "droplet:read"}}});
  check_refused(node, 77, "give the token the scope reserved_ip:read");
}

TEST_CASE("pool: token without reserved_ip:update, ends with no-permission") {
  const Node node;
  node.world.sim("PUT", token, {{"scopes", {"reserved_ip:read", "droplet:read"}}});

  const std::string hint = node.run(77).at("error").at("hint");

  CHECK(hint.starts_with("give the token the scope reserved_ip:update"));
  CHECK(node.posted().size() == 1);
  node.check_says_false();
}

TEST_CASE("pool: first claim, needs the budgeted number of calls") {
  for (const std::string topology : {"classic", "anchor-nic"}) {
    for (const bool all_free : {false, true}) {
      CAPTURE(topology);
      CAPTURE(all_free);
      const Node node("198.51.100.1-4", topology);
      if (!all_free) {
        hand_out(node.world, 1, 1);
      }

      node.run(0);

      CHECK(node.world.requests("digitalocean") == (all_free ? 5 : 4));
      CHECK(node.world.requests("digitalocean", "POST") == 1);
      CHECK(node.world.requests("metadata") <= 2);
      CHECK(node.world.requests("kubernetes") <= 5);
      for (const std::string server : {"digitalocean", "metadata", "kubernetes"}) {
        CAPTURE(server);
        std::set<std::int64_t> connections;
        for (const Json& request : node.world.journal(server)) {
          connections.insert(request.at("connection").get<std::int64_t>());
        }
        // After the switch a new connection proves the path to Kubernetes.
        CHECK(connections.size() == (server == "kubernetes" ? 2 : 1));
      }
    }
  }
}
