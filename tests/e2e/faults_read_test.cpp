// SPDX-License-Identifier: Apache-2.0
// DigitalOcean's API and the metadata service in all the ways in which they can fail to tell.
#include "node.hpp"

#include <chrono>

using support::Json;

namespace {

// The replies to requests to a server.
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

// The fault passes, and one run does the job in spite of it.
void check_overcome(const Json& fault) {
  CAPTURE(fault.dump());
  const Node node;
  node.world.fault(fault);
  node.run(0);
  node.check_egress();
  CHECK(node.posted().size() == 1);
}

// Nothing can be known: nothing is asked for, and nothing is changed.
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

TEST_CASE("faults: DigitalOcean fails to answer, twice") {
  check_overcome(status(api, 500, 2));
  check_overcome(status(api, 408, 1));
  check_overcome(status(api, 425, 1));
  check_overcome(status(api, 522, 2, Json::object(), challenge));
  check_overcome(status(api, 502, 2, Json::object(), bad_gateway));
  check_overcome(reply(api, "reset", 2));
  check_overcome(reply(api, "truncate", 2));
}

TEST_CASE("faults: DigitalOcean never answers usably") {
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

TEST_CASE("faults: a proxy or a CDN answers in place of DigitalOcean: 69, and no scope is blamed") {
  for (const int code : {200, 401, 403, 404, 503}) {
    const Json result = check_fails(69, status(api, code, -1, Json::object(), challenge));
    const std::string error = result.at("error").dump();
    CHECK(error.find("a proxy or a CDN") != std::string::npos);
    CHECK(error.find("scope") == std::string::npos);
  }
}

TEST_CASE("faults: an odd entry that is not of the pool decides nothing") {
  const Node node;
  node.world.sim("PUT", "/addresses/192.0.2.77", {{"odd", {{"region", nullptr}, {"locked", 7}}}});
  node.world.sim("PUT", "/addresses/192.0.2.78", {{"odd", {{"ip", nullptr}}}});
  node.run(0);
  node.check_egress();
}

TEST_CASE("faults: an odd entry of the pool is unknown, and never taken for free") {
  const Node node("198.51.100.1-2");
  node.world.sim("PUT", "/addresses/198.51.100.1", {{"odd", {{"locked", "no"}}}});
  node.run(0);
  CHECK(node.posted() == std::vector<std::string>{"198.51.100.2"});
}

TEST_CASE("faults: where every entry of the pool is odd, nothing is claimed") {
  const Node node("198.51.100.1");
  node.world.sim("PUT", "/addresses/198.51.100.1", {{"odd", {{"locked", "no"}}}});
  node.run(70);
  node.check_says_false();
  CHECK(node.posted().empty());
}

TEST_CASE("faults: the clock is an hour behind, and a rate limit ends in two seconds") {
  const Node node;
  node.world.settings({{"clock_offset_ms", 3'600'000}});
  node.world.fault(status(api, 429, 1, {{"ratelimit-reset", in_an_hour(2)}}));
  CHECK(node.run(0).at("elapsed_seconds") < 60);
  node.check_egress();
}

TEST_CASE("faults: DigitalOcean does not answer in time") {
  for (const std::string kind : {"hang", "drip"}) {
    const Json result = check_fails(69, reply(api, kind), {"--timeout", "2s"});
    CHECK(result.at("elapsed_seconds") < 5);
  }
}

TEST_CASE("faults: DigitalOcean refuses the token") {
  const Json unknown = check_fails(77, status(api, 401));
  CHECK(unknown.at("error").at("hint").dump().find("wrong or expired") != std::string::npos);
  CHECK(unknown.at("requests").at(api) == 1);  // asking again would not help
  check_fails(77, status(api, 403));
}

TEST_CASE("faults: a burst of requests has reached the rate limit") {
  check_overcome(status(api, 429, 1, {{"retry-after", "1"}}));
}

TEST_CASE("faults: the rate limit lasts longer than the run may") {
  for (const Json& headers : {Json{{"ratelimit-reset", in_an_hour()}}, {{"retry-after", "3600"}}}) {
    const Json result = check_fails(75, status(api, 429, -1, headers));
    CHECK(result.at("elapsed_seconds") < 5);
    CHECK(result.at("requests").at(api) == 1);
  }
}

TEST_CASE("faults: the real limit of all nodes with one token") {
  const Node node;
  node.world.settings({{"enforce_limits", true}, {"limit_minute", 2}});

  node.run(75, {"--timeout", "20s"});  // a minute's window is full

  node.check_says_false();
}

TEST_CASE("faults: an address of the pool cannot be read by its name") {
  const Node node("198.51.100.1");
  node.world.sim("PUT", "/addresses/198.51.100.1", {{"byoip", true}});
  Json fault = status(api, 404);
  fault["path"] = "/v2/reserved_ips/.*";
  node.world.fault(fault);

  node.run(78);

  node.check_says_false();
}

TEST_CASE("faults: the metadata service fails to answer, twice") {
  check_overcome(status("metadata", 500, 2));
  check_overcome(reply("metadata", "reset", 2));
  check_overcome(reply("metadata", "truncate", 2));
}

TEST_CASE("faults: the metadata service never answers usably") {
  check_fails(69, status("metadata", 404));  // not a droplet, or no metadata
  check_fails(69, status("metadata", 500));
  check_fails(70, reply("metadata", "cut-json"));
  check_fails(69, reply("metadata", "garbage"));
  check_fails(70, reply("metadata", "huge"));
  check_fails(69, reply("metadata", "hang"), {"--timeout", "2s"});
  check_fails(69, reply("metadata", "drip"), {"--timeout", "2s"});
}

TEST_CASE("faults: the metadata service cannot be reached, and what is in force stays") {
  const Node node;
  node.run(0);
  const std::string before = node.world.snapshot(node.droplet);
  node.world.lab({"cut", node.droplet.name, "metadata"});

  const Json result = node.run(69, {"--timeout", "2s"});

  CHECK(result.at("requests").at(api) == 0);
  CHECK(node.world.snapshot(node.droplet) == before);
  node.check_egress();
}

TEST_CASE("faults: the metadata service fails while an assignment is waited for") {
  const Node node;
  node.world.settings({{"action_latency_ms", 500}});
  Json fault = reply("metadata", "garbage");
  fault["skip"] = 1;
  node.world.fault(fault);
  node.run(0);
  node.check_egress();
}

TEST_CASE("faults: metadata in the looser shapes that have been seen") {
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
