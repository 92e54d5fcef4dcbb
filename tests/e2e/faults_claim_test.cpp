// SPDX-License-Identifier: Apache-2.0
// Faults of the POST. There are never two addresses, a POST without a reading, or a dead default.
#include "node.hpp"

#include <chrono>

using support::Json;

namespace {

// A reply to one of the next POSTs.
Json post(const std::string& kind, int count = 1, const std::string& when = "before") {
  return {{"server", "digitalocean"},
          {"method", "POST"},
          {"kind", kind},
          {"count", count},
          {"when", when}};
}

Json answer(int status, const Json& body = "", int count = 1,
            const Json& headers = Json::object()) {
  Json fault = post("status", count);
  fault.update({{"status", status}, {"body", body}, {"headers", headers}});
  return fault;
}

Json unprocessable(const std::string& message, int count = 1) {
  return answer(422, {{"id", "unprocessable_entity"}, {"message", message}}, count);
}

std::string in_an_hour() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(now).count() + 3600);
}

// Each POST follows a reading after the POST before it.
void check_read_before_each_post(const Node& node) {
  bool read = false;
  for (const Json& request : node.world.journal("digitalocean")) {
    const std::string path = request.at("path");
    if (request.at("method") == "POST") {
      CHECK(read);
    }
    read = request.at("method") == "GET" && path.starts_with("/v2/reserved_ips/") &&
           path.find("/actions") == std::string::npos;
  }
}

// The fault ends, and one run succeeds in spite of it.
void check_overcome(const Json& fault, std::size_t posts) {
  CAPTURE(fault.dump());
  const Node node;
  node.world.fault(fault);

  node.run(0);

  node.check_egress();
  check_read_before_each_post(node);
  CHECK(node.posted().size() == posts);
  CHECK(node.world.sim("GET", "/journal").at("assignments").size() == 1);
}

// The fault stays: the run ends with that exit and takes nothing.
Json check_fails(int exit, const Json& fault, const std::vector<std::string>& more = {}) {
  CAPTURE(fault.dump());
  const Node node;
  node.world.fault(fault);

  Json result = node.run(exit, more);

  node.check_untouched();
  check_read_before_each_post(node);
  CHECK(result.at("floating_ip").is_null());
  return result;
}

double seconds(const Json& result) {
  return result.at("elapsed_seconds").get<double>();
}

}  // namespace

TEST_CASE("faults: POST fails once, the claim succeeds") {
  check_overcome(post("reset"), 2);
  check_overcome(post("reset", 1, "after"), 1);  // it took effect all the same
  check_overcome(post("truncate"), 1);
  check_overcome(post("cut-json"), 1);
  check_overcome(answer(500), 2);
  check_overcome(answer(408), 2);
  check_overcome(answer(522, "<html>Connection timed out</html>"), 2);
  check_overcome(answer(502, "<html><body>Bad Gateway</body></html>"), 2);
}

TEST_CASE("faults: POST always fails, the run ends without a change") {
  check_fails(69, post("reset", -1));
  check_fails(69, answer(502, "<html><body>Bad Gateway</body></html>", -1));
  check_fails(75, post("hang", -1), {"--timeout", "10s"});
  check_fails(69, post("garbage", -1));  // it says 200, but DigitalOcean did not
  check_fails(69, answer(403, "<html>challenge</html>", -1));
}

TEST_CASE("faults: POST refused because of the token, the run ends without a change") {
  check_fails(77, answer(401, {{"id", "unauthorized"}}));
  check_fails(77, answer(403, {{"id", "forbidden"}}));
}

TEST_CASE("faults: pending action on droplet or address ends, the claim succeeds") {
  check_overcome(unprocessable("Droplet already has a pending event.", 2), 3);
  check_overcome(unprocessable("The floating IP already has a pending event."), 2);
}

TEST_CASE("faults: pending action on the droplet does not end, the run ends at the deadline") {
  check_fails(75, unprocessable("Droplet already has a pending event.", -1), {"--timeout", "10s"});
}

TEST_CASE("faults: DigitalOcean refuses for good, the run ends with config") {
  for (const std::string message : {"The reserved IP and the Droplet must be in the same region.",
                                    "Droplet cannot be assigned a reserved IP."}) {
    const Json result = check_fails(78, unprocessable(message, -1));
    CHECK(result.at("error").at("message").dump().find(message) != std::string::npos);
  }
}

TEST_CASE("faults: POST rate-limited, the claim waits and succeeds") {
  const Json limited = {{"id", "too_many_requests"}, {"message", "API Rate limit exceeded."}};
  check_overcome(answer(429, limited, 1, {{"retry-after", "1"}}), 2);
  check_fails(75, answer(429, limited, -1, {{"retry-after", "0"}}), {"--timeout", "10s"});
  const Json far = answer(429, limited, 1, {{"ratelimit-reset", in_an_hour()}});
  CHECK(seconds(check_fails(75, far)) < 60);  // of the usual 300
}

TEST_CASE("faults: action errored, the claim repeats it") {
  check_overcome({{"kind", "errored-action"}}, 2);
  check_fails(75, {{"kind", "errored-action"}, {"count", -1}});
}

TEST_CASE("faults: action cannot be read, the address decides") {
  for (const int latency : {0, 700}) {
    CAPTURE(latency);
    const Node node;
    node.world.settings({{"action_latency_ms", latency}});
    node.world.fault({{"kind", "action-404"}});

    node.run(0);

    node.check_egress();
    CHECK(node.posted().size() == 1);
  }
}

TEST_CASE("faults: accepted POST without effect, is given up") {
  const Node node;
  for (const std::string kind : {"lost-assign", "action-404"}) {
    node.world.fault({{"kind", kind}});
  }

  node.run(75, {"--timeout", "10s"});

  node.check_untouched();
  CHECK(node.posted().size() == 1);
}

TEST_CASE("faults: assignment cannot be read, the run ends without a change") {
  const Node node;
  node.world.fault({{"server", "digitalocean"},
                    {"path", "/v2/reserved_ips/[0-9.]+"},
                    {"kind", "status"},
                    {"skip", 1},
                    {"count", -1}});

  node.run(69);

  CHECK(node.world.held_by(node.droplet) == node.posted());
  CHECK(node.world.seen_from(node.droplet.name) == node.droplet.public_address);
  CHECK(node.world.label(node.droplet) == "false");
  node.world.sim("DELETE", "/faults");
  node.run(0);
  node.check_egress();
  CHECK(node.posted().size() == 1);
}
