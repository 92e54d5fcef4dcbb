// SPDX-License-Identifier: Apache-2.0
// Compares every call of the program, and every answer of the simulated API, with DigitalOcean's
// description.
#include "contract/proxy.hpp"

#include <fstream>

using support::Json;

namespace {

using Calls = std::set<std::string>;

// All calls that passed in the tests so far.
Calls& passed() {
  static Calls calls;
  return calls;
}

// Checks that exactly these calls were made, and that the validator accepted them.
void check_as_described(const Proxied& api, const Calls& calls) {
  CHECK(api.complaints() == std::vector<std::string>{});
  CHECK(api.calls() == calls);
  passed().merge(Calls(calls));
}

}  // namespace

TEST_CASE("contract: claim to release, matches the description") {
  const Proxied api;
  const auto& world = api.node.world;
  // Two pages, an unlisted address, and one that the account does not have.
  world.settings({{"page_max", 1}, {"action_latency_ms", 300}});
  world.sim("PUT", "/addresses/198.51.100.4", {{"byoip", true}});
  world.sim("DELETE", "/addresses/198.51.100.3");
  world.fault({{"kind", "errored-action"}});

  api.run(0, "pool");
  api.run(0);
  api.node.check_egress();
  api.run(0);
  api.run(0, "status");
  api.run(0, "release");

  api.node.check_untouched();
  check_as_described(
      api, {"get /v2/droplets 200", "get /v2/droplets/{droplet_id} 200", "get /v2/reserved_ips 200",
            "get /v2/reserved_ips/{reserved_ip} 200", "get /v2/reserved_ips/{reserved_ip} 404",
            "get /v2/reserved_ips/{reserved_ip}/actions/{action_id} 200",
            "post /v2/reserved_ips/{reserved_ip}/actions 201"});
}

TEST_CASE("contract: unknown token or missing scope, matches the description") {
  const Proxied api;
  const auto grant = [&](const Json& scopes) {
    api.node.world.sim("PUT", "/tokens/dop_v1_lab", {{"scopes", scopes}});
  };

  api.run(77, {}, {}, {{"DO_EGRESS_IP_TOKEN_FILE", ""}, {"DIGITALOCEAN_TOKEN", "dop_v1_unknown"}});
  grant(Json::array());
  api.run(77);
  grant({"reserved_ip:read"});
  for (const std::string shown : {"null", "absent"}) {
    api.node.world.settings({{"no_droplet_scope_shows", shown}});
    api.run(77);
    api.run(77, "pool");
  }
  grant({"reserved_ip:read", "droplet:read"});
  api.run(77);

  check_as_described(api, {"get /v2/droplets 403", "get /v2/droplets/{droplet_id} 200",
                           "get /v2/droplets/{droplet_id} 403", "get /v2/reserved_ips 200",
                           "get /v2/reserved_ips 401", "get /v2/reserved_ips 403",
                           "get /v2/reserved_ips/{reserved_ip} 200",
                           "post /v2/reserved_ips/{reserved_ip}/actions 403"});
}

TEST_CASE("contract: transient errors, match the description") {
  const Proxied api;
  const auto& world = api.node.world;

  world.fault({{"server", "digitalocean"},
               {"kind", "status"},
               {"status", 500},
               {"body", R"({"id": "server_error", "message": "Unexpected server-side error"})"}});
  api.run(0, "pool");
  // Another program assigns an address to this droplet, slowly.
  world.settings({{"action_latency_ms", 600'000}});
  const std::string theirs = R"({"type": "assign", "droplet_id": )";
  api.ask({"--header", "Authorization: Bearer dop_v1_lab", "--json",
           theirs + std::to_string(api.node.droplet.id) + "}",
           "/v2/reserved_ips/198.51.100.1/actions"});
  api.run(75, {}, {"--timeout", "15s"});
  world.settings({{"limit_minute", 0}, {"enforce_limits", true}});
  api.run(75, "pool", {"--timeout", "10s"});

  check_as_described(api, {"get /v2/droplets 200", "get /v2/droplets/{droplet_id} 200",
                           "get /v2/reserved_ips 200", "get /v2/reserved_ips 429",
                           "get /v2/reserved_ips 500", "get /v2/reserved_ips/{reserved_ip} 200",
                           "post /v2/reserved_ips/{reserved_ip}/actions 201",
                           "post /v2/reserved_ips/{reserved_ip}/actions 422"});
}

TEST_CASE("contract: exceptions to the description, are all needed") {
  std::ifstream file(EXCEPTIONS);
  const Json exceptions = Json::parse(file);
  for (const Json& exception : exceptions) {
    CAPTURE(exception.at("name").get<std::string>());
    CHECK(passed().contains(exception.at("method").get<std::string>() + " " +
                            exception.at("path").get<std::string>() + " " +
                            exception.at("status").get<std::string>()));
  }
}
