// SPDX-License-Identifier: Apache-2.0
// Every call of the program, and every answer of the simulated API: as DigitalOcean describes them.
#include "contract/proxy.hpp"

#include <fstream>

using support::Json;

namespace {

using Calls = std::set<std::string>;

// What has passed in all tests so far.
Calls& passed() {
  static Calls calls;
  return calls;
}

// Nothing but these calls were made, and the validator has found nothing wrong with them.
void check_as_described(const Proxied& api, const Calls& calls) {
  CHECK(api.complaints() == std::vector<std::string>{});
  CHECK(api.calls() == calls);
  passed().merge(Calls(calls));
}

}  // namespace

TEST_CASE("contract: from the claim to the release") {
  const Proxied api;
  const auto& world = api.node.world;
  // Two pages; an address that is not listed, and one that the account does not have.
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

TEST_CASE("contract: a token that is not known, or may not do everything") {
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

TEST_CASE("contract: what passes by itself") {
  const Proxied api;
  const auto& world = api.node.world;

  world.fault({{"server", "digitalocean"},
               {"kind", "status"},
               {"status", 500},
               {"body", R"({"id": "server_error", "message": "Unexpected server-side error"})"}});
  api.run(0, "pool");
  // Somebody assigns another address to this droplet, and that takes its time.
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

TEST_CASE("contract: every exception to the description has been needed") {
  std::ifstream file(EXCEPTIONS);
  const Json exceptions = Json::parse(file);
  for (const Json& exception : exceptions) {
    CAPTURE(exception.at("name").get<std::string>());
    CHECK(passed().contains(exception.at("method").get<std::string>() + " " +
                            exception.at("path").get<std::string>() + " " +
                            exception.at("status").get<std::string>()));
  }
}
