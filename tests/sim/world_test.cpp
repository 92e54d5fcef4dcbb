// SPDX-License-Identifier: Apache-2.0
// If the simulated cloud accepts what the real one refuses, the tests on it prove nothing.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "world.hpp"

#include "call.hpp"

#include <doctest/doctest.h>

using sim::Call;
using sim::DropletId;
using sim::Json;
using sim::World;

namespace {

const std::string one = "198.51.100.1";
const std::string two = "198.51.100.2";

sim::Interface nic(const std::string& ip, const std::string& gateway) {
  return {ip, "255.255.0.0", gateway, "02:00:00:00:00:01"};
}

// Two droplets and two free addresses; everything is immediate unless a test changes that.
World small_world() {
  World world;
  for (const DropletId id : {1, 2}) {
    sim::Droplet& droplet = world.droplets[id];
    droplet.id = id;
    droplet.public_interface = nic("203.0.113." + std::to_string(9 + id), "203.0.113.1");
    droplet.anchor = nic("10.17.0." + std::to_string(4 + id), "10.17.0.1");
  }
  world.addresses[one].ip = one;
  world.addresses[two].ip = two;
  world.tokens["all"].scopes = {"reserved_ip:read", "reserved_ip:update", "droplet:read"};
  world.tokens["blind"].scopes = {"reserved_ip:read", "reserved_ip:update"};
  return world;
}

sim::Reply ask(World& world, const std::string& method, const std::string& path,
               const std::string& token = "all", const Json& body = {}) {
  Call call;
  call.server = "digitalocean";
  call.method = method;
  call.path = path;
  call.bearer = token;
  call.content_type = "application/json";
  call.body = body.is_null() ? "" : body.dump();
  return sim::digitalocean(world, call, 0);
}

}  // namespace

TEST_CASE("world: assignment of a held address, moves it without an error") {
  World world = small_world();
  REQUIRE(world.assign(one, 1, 0).status == 201);
  CHECK(world.assign(one, 2, 0).status == 201);
  CHECK(world.addresses[one].droplet == 2);
  CHECK(world.thefts.empty());  // no droplet had read it
}

TEST_CASE("world: address taken from a droplet that read it, is a theft") {
  World world = small_world();
  REQUIRE(world.assign(one, 1, 0).status == 201);
  world.prove(one, 1);
  REQUIRE(world.assign(one, 2, 0).status == 201);
  CHECK(world.thefts.size() == 1);
}

TEST_CASE("world: action pending, the address is locked without a holder, the droplet busy") {
  World world = small_world();
  world.settings.action_latency_ms = 1000;
  REQUIRE(world.assign(one, 1, 0).status == 201);
  CHECK(world.addresses[one].locked);
  CHECK_FALSE(world.addresses[one].droplet.has_value());
  CHECK(world.assign(one, 2, 10).message == "The floating IP already has a pending event.");
  CHECK(world.assign(two, 1, 10).message == "Droplet already has a pending event.");
  world.advance(1000);
  CHECK_FALSE(world.addresses[one].locked);
  CHECK(world.addresses[one].droplet == 1);
}

TEST_CASE("world: action without an effect, keeps the droplet busy until it ends") {
  World world = small_world();
  world.event_faults.push_back({.kind = "lost-assign"});
  REQUIRE(world.assign(one, 1, 0).status == 201);
  CHECK(world.assign(two, 1, 10).message == "Droplet already has a pending event.");
  world.end_event_faults();
  CHECK(world.assign(two, 1, 20).status == 201);
}

TEST_CASE("world: faults end before a planned theft, the address stays") {
  World world = small_world();
  world.event_faults.push_back({.kind = "steal", .to = 2, .after_ms = 500});
  REQUIRE(world.assign(one, 1, 0).status == 201);
  world.end_event_faults();
  world.advance(1000);
  CHECK(world.addresses[one].droplet == 1);
}

TEST_CASE("world: droplet with an address, is refused any other and the same again") {
  World world = small_world();
  REQUIRE(world.assign(one, 1, 0).status == 201);
  CHECK(world.assign(two, 1, 0).status == 422);
  CHECK(world.assign(one, 1, 0).status == 422);
}

TEST_CASE("world: other region, no anchor or no droplet, is refused") {
  World world = small_world();
  world.addresses[two].region = "fra1";
  CHECK(world.assign(two, 1, 0).status == 422);
  world.droplets[1].anchor.reset();
  CHECK(world.assign(one, 1, 0).status == 422);
  CHECK(world.assign(one, 9, 0).status == 422);
  CHECK_FALSE(world.addresses[one].droplet.has_value());
}

TEST_CASE("world: metadata, follows after its lag in both directions") {
  World world = small_world();
  world.settings.metadata_lag_ms = 500;
  world.set_holder(one, 1, 1000, "control");
  CHECK(world.metadata_address(world.droplets[1], 1499).empty());
  CHECK(world.metadata_address(world.droplets[1], 1500) == one);
  world.set_holder(one, std::nullopt, 2000, "control");
  CHECK(world.metadata_address(world.droplets[1], 2499) == one);
  CHECK(world.metadata_address(world.droplets[1], 2500).empty());
}

TEST_CASE("world: both rate limits, are sliding windows") {
  World world = small_world();
  world.settings.enforce_limits = true;
  world.settings.limit_minute = 2;
  world.settings.limit_hour = 3;
  sim::Token& token = world.tokens["all"];
  using enum World::Budget::Verdict;
  CHECK(world.count(token, 0).verdict == fine);
  CHECK(world.count(token, 1000).verdict == fine);
  CHECK(world.count(token, 2000).verdict == burst);
  CHECK(world.count(token, 61'000).verdict == fine);
  CHECK(world.count(token, 130'000).verdict == hour);
  CHECK(world.count(token, 3'600'001).verdict == fine);
}

TEST_CASE("api: tokens with shared limits, are counted together") {
  World world = small_world();
  world.settings.enforce_limits = true;
  world.settings.limit_minute = 2;
  for (const DropletId id : {1, 2}) {
    sim::Token& token = world.tokens["of-" + std::to_string(id)];
    token.scopes = world.tokens["all"].scopes;
    token.droplet = id;
    token.limits_of = "all";
  }
  REQUIRE(world.assign(one, 1, 0).status == 201);
  CHECK(ask(world, "GET", "/v2/reserved_ips/" + one, "of-2").status == 200);
  CHECK_FALSE(world.addresses[one].proven);
  CHECK(ask(world, "GET", "/v2/reserved_ips/" + one, "of-1").status == 200);
  CHECK(world.addresses[one].proven);
  CHECK(ask(world, "GET", "/v2/reserved_ips/" + one, "all").status == 429);
}

TEST_CASE("world: address of a droplet, is shown whatever assigned it") {
  World world = small_world();
  world.settings.action_latency_ms = 10;
  REQUIRE(world.assign(one, 1, 0).status == 201);
  CHECK(world.held_by(1).empty());
  world.advance(10);
  CHECK(world.held_by(1) == std::set{one});
  world.set_holder(two, 1, 20, "control");
  CHECK(world.held_by(1) == std::set{one, two});
  world.set_holder(one, 2, 30, "fault");
  CHECK(world.held_by(1) == std::set{two});
  CHECK(world.held_by(2) == std::set{one});
  world.destroy(1, 40);
  CHECK(world.held_by(1).empty());
  CHECK_FALSE(world.addresses[two].droplet.has_value());
}

TEST_CASE("api: token without droplet:read, sees free addresses and no droplet") {
  World world = small_world();
  REQUIRE(world.assign(one, 1, 0).status == 201);
  const std::string path = "/v2/reserved_ips/" + one;
  CHECK(ask(world, "GET", path).body["reserved_ip"]["droplet"]["id"] == 1);
  CHECK(ask(world, "GET", path, "blind").body["reserved_ip"]["droplet"].is_null());
  world.settings.no_droplet_scope_shows = "absent";
  CHECK_FALSE(ask(world, "GET", path, "blind").body["reserved_ip"].contains("droplet"));
  CHECK(ask(world, "GET", "/v2/droplets/1", "blind").status == 403);
}

TEST_CASE("api: unknown token, missing scope, unknown address or bad body, is refused") {
  World world = small_world();
  world.tokens["reader"].scopes = {"reserved_ip:read"};
  const std::string actions = "/v2/reserved_ips/" + one + "/actions";
  const Json assign = {{"type", "assign"}, {"droplet_id", 1}};
  CHECK(ask(world, "GET", "/v2/reserved_ips", "none").status == 401);
  CHECK(ask(world, "POST", actions, "reader", assign).status == 403);
  CHECK(ask(world, "GET", "/v2/reserved_ips/192.0.2.1").status == 404);
  CHECK(ask(world, "POST", actions, "all", {{"type", "assign"}}).status == 422);
  CHECK(ask(world, "POST", actions, "all", assign).status == 201);
}

TEST_CASE("api: BYOIP address, is found by itself only, and its action never") {
  World world = small_world();
  world.addresses[two].byoip = true;
  CHECK(ask(world, "GET", "/v2/reserved_ips").body["meta"]["total"] == 1);
  CHECK(ask(world, "GET", "/v2/reserved_ips/" + two).status == 200);
  const auto result = world.assign(two, 1, 0);
  REQUIRE(result.action.has_value());
  const std::string action = "/actions/" + std::to_string(result.action->id);
  CHECK(ask(world, "GET", "/v2/reserved_ips/" + two + action).status == 404);
}
