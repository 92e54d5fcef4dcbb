// SPDX-License-Identifier: Apache-2.0
// Which address of the account is taken, at what cost, and what is never taken.
#include "support/world.hpp"

#include <doctest/doctest.h>

#include <set>

using support::Droplet;
using support::Json;
using support::Run;
using support::World;

namespace {

const std::string token = "/tokens/dop_v1_lab";

struct Node {
  World world = {};
  Droplet droplet = {};

  explicit Node(const std::string& pool = "198.51.100.1-4",
                const std::string& topology = "classic") {
    world.pool(pool);
    droplet = world.droplet("node-1", topology);
  }

  // Droplets elsewhere, one for each of these addresses.
  void hand_out(const std::string& network, int first, int last) {
    for (int number = first; number <= last; ++number) {
      const std::string other = std::to_string(758605000 + number);
      world.sim("PUT", "/droplets/" + other, {{"name", "other-" + other}});
      world.sim("POST", "/assign/" + network + std::to_string(number),
                {{"droplet", 758605000 + number}});
    }
  }

  void check_leaves_by(const std::string& address) const {
    CHECK(world.held_by(droplet) == std::vector{address});
    CHECK(world.seen_from(droplet.name) == address);
    CHECK(world.label(droplet) == "true");
    CHECK(world.label(droplet, support::address_label) == address);
  }

  // Ends so, with a message and a hint; no address is taken, and the Node says so.
  void check_refused(int exit, const std::string& message) const {
    const Run run = world.reconcile(droplet);
    INFO(run.out, run.err);
    CHECK(run.exit == exit);
    CHECK(support::errors(run).size() == 1);
    CHECK(support::hints(run).size() == 1);
    CHECK(run.err.find(message) != std::string::npos);
    CHECK(world.requests("digitalocean", "POST") == 0);
    check_leaves_by_public_address();
  }

  void check_leaves_by_public_address() const {
    CHECK(world.held_by(droplet).empty());
    CHECK(world.seen_from(droplet.name) == droplet.public_address);
    CHECK(world.label(droplet) == "false");
    CHECK(world.label(droplet, support::address_label).empty());
  }
};

}  // namespace

TEST_CASE("pool: the free address is on the second page of two") {
  Node node("198.51.100.1-25");
  node.world.settings({{"page_max", 20}});
  node.hand_out("198.51.100.", 1, 24);  // as text, .25 is the 18th and .8 the 24th
  node.world.sim("POST", "/unassign/198.51.100.8");
  node.world.sim("PUT", "/addresses/198.51.100.25", {{"droplet", 758605008}});

  CHECK(node.world.reconcile(node.droplet).exit == 0);

  node.check_leaves_by("198.51.100.8");
  const auto reads = node.world.journal("digitalocean", "GET");
  REQUIRE(reads.size() >= 2);
  CHECK(reads[0].at("query").at("page") == "1");
  CHECK(reads[1].at("query").at("page") == "2");
}

TEST_CASE(
    "pool: 450 addresses on three pages, ours is the last, and none of the others is touched") {
  Node node("198.51.100.99");
  Json others = Json::array();
  for (int number = 0; number < 449; ++number) {
    others.push_back("198.51." + std::to_string(number / 250) + "." + std::to_string(number % 250));
  }
  node.world.sim("POST", "/addresses", {{"addresses", others}});

  CHECK(node.world.reconcile(node.droplet).exit == 0);

  node.check_leaves_by("198.51.100.99");
  CHECK(node.world.requests("digitalocean") <= 8);  // two pages more than the first claim's six
  CHECK(node.world.sim("GET", "/journal").at("assignments").size() == 1);
}

TEST_CASE("pool: a BYOIP address, which no listing has and whose action can never be read") {
  Node node("198.51.100.1-2");
  node.hand_out("198.51.100.", 1, 1);
  node.world.sim("PUT", "/addresses/198.51.100.2", {{"byoip", true}});
  for (const int latency : {0, 700}) {
    CAPTURE(latency);
    node.world.settings({{"action_latency_ms", latency}});

    CHECK(node.world.reconcile(node.droplet).exit == 0);

    node.check_leaves_by("198.51.100.2");
    node.world.sim("POST", "/unassign/198.51.100.2");
  }
}

TEST_CASE("pool: an address that the account lacks is passed over") {
  const Node node("198.51.100.1");
  const Run run = node.world.reconcile(node.droplet, {"--floating-ips", "198.51.100.2"});

  CHECK(run.exit == 0);
  node.check_leaves_by("198.51.100.1");
}

TEST_CASE("pool: an address in another region only") {
  Node node("198.51.100.1-2");
  for (const std::string address : {"198.51.100.1", "198.51.100.2"}) {
    node.world.sim("PUT", "/addresses/" + address, {{"region", "fra1"}});
  }
  node.check_refused(78, "no address of the pool is in region nyc3");
}

TEST_CASE("pool: all free addresses are locked") {
  Node node("198.51.100.1-2");
  node.hand_out("198.51.100.", 1, 1);
  node.world.sim("PUT", "/addresses/198.51.100.2", {{"locked", true}});
  node.check_refused(75, "locked by a pending action");
}

TEST_CASE("pool: none is free, and free ones that are not in the pool stay free") {
  Node node("198.51.100.1-3");
  node.hand_out("198.51.100.", 1, 3);
  node.world.sim("POST", "/addresses", {{"addresses", {"198.51.100.77", "198.51.100.78"}}});
  node.world.sim(
      "PUT", "/nodes/node-1",
      {{"labels", {{support::enabled_label, "true"}, {support::address_label, "198.51.100.1"}}}});
  node.check_refused(10, "no free address");
}

TEST_CASE("pool: the address is taken away and no other is free") {
  Node node("198.51.100.1");
  REQUIRE(node.world.reconcile(node.droplet).exit == 0);
  node.hand_out("198.51.100.", 1, 1);
  node.world.forget_requests();
  node.check_refused(10, "no free address");
}

TEST_CASE("pool: a foreign address on the droplet is left alone, and accepted only when asked") {
  Node node;
  const std::string foreign = "198.51.100.77";
  node.world.sim("POST", "/addresses", {{"addresses", {foreign}}});
  node.world.sim("POST", "/assign/" + foreign, {{"droplet", node.droplet.id}});
  node.world.forget_requests();
  const std::string before = node.world.snapshot(node.droplet);

  const Run refused = node.world.reconcile(node.droplet);

  CHECK(refused.exit == 12);
  CHECK(refused.err.find(foreign + ", which is not in the pool") != std::string::npos);
  CHECK(support::hints(refused).size() == 1);
  CHECK(node.world.held_by(node.droplet) == std::vector{foreign});
  CHECK(node.world.snapshot(node.droplet) == before);
  CHECK(node.world.label(node.droplet) == "false");
  CHECK(node.world.requests("digitalocean") == 0);

  CHECK(node.world.reconcile(node.droplet, {"--allow-foreign-ip"}).exit == 0);
  node.check_leaves_by(foreign);
  CHECK(node.world.requests("digitalocean") == 0);
}

TEST_CASE("pool: a token that does not see droplets takes nothing, whatever it is shown") {
  for (const std::string shows : {"null", "absent"}) {
    CAPTURE(shows);
    Node node;
    node.hand_out("198.51.100.", 1, 4);  // all are held, and look free
    node.world.sim("PUT", token, {{"scopes", {"reserved_ip:read", "reserved_ip:update"}}});
    node.world.settings({{"no_droplet_scope_shows", shows}});
    node.check_refused(77, "hint: give the token the scope droplet:read");
  }
}

TEST_CASE("pool: a token that may not read addresses") {
  const Node node;
  node.world.sim("PUT", token, {{"scopes", {"reserved_ip:update", "droplet:read"}}});
  node.check_refused(77, "the token lacks the scope reserved_ip:read");
}

TEST_CASE("pool: a token that may not assign") {
  const Node node;
  node.world.sim("PUT", token, {{"scopes", {"reserved_ip:read", "droplet:read"}}});

  const Run run = node.world.reconcile(node.droplet);

  CHECK(run.exit == 77);
  CHECK(support::errors(run).size() == 1);
  CHECK(run.err.find("the token lacks the scope reserved_ip:update") != std::string::npos);
  CHECK(node.world.requests("digitalocean", "POST") == 1);
  node.check_leaves_by_public_address();
}

TEST_CASE("pool: what the first claim costs") {
  for (const std::string topology : {"classic", "anchor-nic"}) {
    for (const bool all_free : {false, true}) {
      CAPTURE(topology);
      CAPTURE(all_free);
      Node node("198.51.100.1-4", topology);
      if (!all_free) {
        node.hand_out("198.51.100.", 1, 1);
      }

      CHECK(node.world.reconcile(node.droplet).exit == 0);

      CHECK(node.world.requests("digitalocean") == (all_free ? 6 : 5));
      CHECK(node.world.requests("digitalocean", "POST") == 1);
      CHECK(node.world.requests("metadata") <= 2);
      CHECK(node.world.requests("kubernetes") <= 5);
      for (const std::string server : {"digitalocean", "metadata", "kubernetes"}) {
        CAPTURE(server);
        std::set<std::int64_t> connections;
        for (const Json& request : node.world.journal(server)) {
          connections.insert(request.at("connection").get<std::int64_t>());
        }
        CHECK(connections.size() == 1);
      }
    }
  }
}
