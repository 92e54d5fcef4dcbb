// SPDX-License-Identifier: Apache-2.0
// All failures of DigitalOcean's API and the metadata service.
#include "node.hpp"

#include <chrono>

using support::Json;

namespace {

// The replies of a server.
Json reply(const std::string& server, const std::string& kind, int count = -1) {
  return {{"server", server}, {"kind", kind}, {"count", count}};
}

Json status(const std::string& server, int status, int count = -1,
            const Json& headers = Json::object(), const Json& body = "") {
  Json fault = reply(server, "status", count);
  fault.update({{"status", status}, {"headers", headers}, {"body", body}});
  return fault;
}

const std::string api = "digitalocean";
const std::string bad_gateway = "<html><body>502 Bad Gateway</body></html>";

// The fault ends, and one run succeeds in spite of it.
void check_overcome(const Json& fault) {
  CAPTURE(fault.dump());
  const Node node;
  node.world.fault(fault);
  node.run(0);
  node.check_egress();
  CHECK(node.posted().size() == 1);
}

// Without facts nothing is claimed or changed.
Json check_fails(int exit, const Json& fault, const std::vector<std::string>& more = {}) {
  CAPTURE(fault.dump());
  const Node node;
  const std::string before = node.world.snapshot(node.droplet);
  node.world.fault(fault);
  Json result = node.run(exit, more);
  node.check_untouched();
  CHECK(node.posted().empty());
  CHECK(node.world.snapshot(node.droplet) == before);
  return result;
}

std::string in_an_hour(int more = 0) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(now).count() + 3600 +
                        more);
}

const std::string challenge = "<!DOCTYPE html><html><title>Just a moment...</title></html>";

}  // namespace

TEST_CASE("faults: DigitalOcean fails twice, the run succeeds") {
  check_overcome(status(api, 500, 2));
  check_overcome(status(api, 408, 1));
  check_overcome(status(api, 425, 1));
  check_overcome(status(api, 522, 2, Json::object(), challenge));
  check_overcome(status(api, 502, 2, Json::object(), bad_gateway));
  check_overcome(reply(api, "reset", 2));
  check_overcome(reply(api, "truncate", 2));
}

TEST_CASE("faults: DigitalOcean always fails, the run ends without a change") {
  const Json result = check_fails(69, status(api, 502, -1, Json::object(), bad_gateway));
  CHECK(result.at("requests").at(api) == 5);
  check_fails(69, reply(api, "reset"));
  check_fails(69, reply(api, "truncate"));
  check_fails(70, reply(api, "cut-json"));
  check_fails(69, reply(api, "garbage"));
  check_fails(70, reply(api, "huge"));
  check_fails(69, status(api, 522));
  check_fails(69, status(api, 408));
  check_fails(69, status(api, 418, -1, Json::object(), {{"id", "teapot"}, {"message", "no"}}));
}

TEST_CASE("faults: proxy or CDN answers for DigitalOcean, exit 69 without blaming a scope") {
  for (const int code : {200, 401, 403, 404, 503}) {
    const Json result = check_fails(69, status(api, code, -1, Json::object(), challenge));
    const std::string error = result.at("error").dump();
    CHECK(error.find("a proxy or a CDN") != std::string::npos);
    CHECK(error.find("scope") == std::string::npos);
  }
}

TEST_CASE("faults: malformed entry outside the pool, decides nothing") {
  const Node node;
  node.world.sim("PUT", "/addresses/192.0.2.77", {{"odd", {{"region", nullptr}, {"locked", 7}}}});
  node.world.sim("PUT", "/addresses/192.0.2.78", {{"odd", {{"ip", nullptr}}}});
  node.run(0);
  node.check_egress();
}

TEST_CASE("faults: malformed entry of the pool, is unknown and never claimed") {
  const Node node("198.51.100.1-2");
  node.world.sim("PUT", "/addresses/198.51.100.1", {{"odd", {{"locked", "no"}}}});
  node.run(0);
  CHECK(node.posted() == std::vector<std::string>{"198.51.100.2"});
}

TEST_CASE("faults: all pool entries malformed, nothing is claimed") {
  const Node node("198.51.100.1");
  node.world.sim("PUT", "/addresses/198.51.100.1", {{"odd", {{"locked", "no"}}}});
  node.run(70);
  node.check_says_false();
  CHECK(node.posted().empty());
}

TEST_CASE("faults: clock an hour behind, a rate limit of two seconds is waited out") {
  const Node node;
  node.world.settings({{"clock_offset_ms", 3'600'000}});
  node.world.fault(status(api, 429, 1, {{"ratelimit-reset", in_an_hour(2)}}));
  CHECK(node.run(0).at("elapsed_seconds") < 60);
  node.check_egress();
}

TEST_CASE("faults: DigitalOcean too slow, the run ends in time") {
  for (const std::string kind : {"hang", "drip"}) {
    const Json result = check_fails(69, reply(api, kind), {"--timeout", "10s"});
    CHECK(result.at("elapsed_seconds") < 60);
  }
}

TEST_CASE("faults: DigitalOcean refuses the token, exit 77") {
  const Json unknown = check_fails(77, status(api, 401));
  CHECK(unknown.at("error").at("hint").dump().find("wrong or expired") != std::string::npos);
  CHECK(unknown.at("requests").at(api) == 1);  // asking again would not help
  check_fails(77, status(api, 403));
}

TEST_CASE("faults: rate limit after a burst, is waited out") {
  check_overcome(status(api, 429, 1, {{"retry-after", "1"}}));
}

TEST_CASE("faults: rate limit beyond the deadline, ends at once") {
  for (const Json& headers : {Json{{"ratelimit-reset", in_an_hour()}}, {{"retry-after", "3600"}}}) {
    const Json result = check_fails(75, status(api, 429, -1, headers));
    CHECK(result.at("elapsed_seconds") < 60);
    CHECK(result.at("requests").at(api) == 1);
  }
}

TEST_CASE("faults: rate limit shared by all nodes, is waited out") {
  const Node node;
  node.world.settings({{"enforce_limits", true}, {"limit_minute", 2}});

  node.run(75, {"--timeout", "20s"});  // a minute's window is full

  node.check_says_false();
}

TEST_CASE("faults: pool address cannot be read by itself, the run ends without a change") {
  const Node node("198.51.100.1");
  node.world.sim("PUT", "/addresses/198.51.100.1", {{"byoip", true}});
  Json fault = status(api, 404);
  fault["path"] = "/v2/reserved_ips/.*";
  node.world.fault(fault);

  node.run(78);

  node.check_says_false();
}

TEST_CASE("faults: metadata fails twice, the run succeeds") {
  check_overcome(status("metadata", 500, 2));
  check_overcome(reply("metadata", "reset", 2));
  check_overcome(reply("metadata", "truncate", 2));
}

TEST_CASE("faults: metadata always fails, the run ends without a change") {
  check_fails(69, status("metadata", 404));  // not a droplet, or no metadata
  check_fails(69, status("metadata", 500));
  check_fails(70, reply("metadata", "cut-json"));
  check_fails(69, reply("metadata", "garbage"));
  check_fails(70, reply("metadata", "huge"));
  check_fails(69, reply("metadata", "hang"), {"--timeout", "10s"});
  check_fails(69, reply("metadata", "drip"), {"--timeout", "10s"});
}

TEST_CASE("faults: metadata unreachable, the current routes stay") {
  const Node node;
  node.run(0);
  const std::string before = node.world.snapshot(node.droplet);
  node.world.lab({"cut", node.droplet.name, "metadata"});

  const Json result = node.run(69, {"--timeout", "10s"});

  CHECK(result.at("requests").at(api) == 0);
  CHECK(node.world.snapshot(node.droplet) == before);
  node.check_egress();
}

TEST_CASE("faults: metadata fails during an assignment, the claim succeeds") {
  const Node node;
  node.world.settings({{"action_latency_ms", 500}});
  Json fault = reply("metadata", "garbage");
  fault["skip"] = 1;
  node.world.fault(fault);
  node.run(0);
  node.check_egress();
}

TEST_CASE("faults: metadata of looser types, is read") {
  for (const Json& shape : {Json{{"droplet_id_as_string", true}}, Json{{"tags_null", true}},
                            Json{{"reserved_ip_key", false}}}) {
    CAPTURE(shape.dump());
    const Node node;
    node.world.settings(shape);
    node.run(0);
    node.check_egress();
    CHECK(node.run(0).at("result") == "unchanged");
  }
}
