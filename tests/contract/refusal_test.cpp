// SPDX-License-Identifier: Apache-2.0
// Shows that the validator refuses what is wrong, so that its silence means something.
#include "contract/proxy.hpp"

using support::Json;

namespace {

const std::string token = "Authorization: Bearer dop_v1_lab";
const std::string address = "/v2/reserved_ips/198.51.100.1";

Proxied::Answer post(const Proxied& api, const Json& body) {
  return api.ask({"--header", token, "--header", "Content-Type: application/json", "--data",
                  body.dump(), address + "/actions"});
}

Proxied::Answer get(const Proxied& api, const std::string& path) {
  return api.ask({"--header", token, path});
}

void check_refused(const Proxied::Answer& answer, int status, const std::string& kind) {
  CHECK(answer.status == status);
  CHECK_MESSAGE(answer.body.find("stoplight.io/prism/errors#" + kind) != std::string::npos,
                answer.body);
}

}  // namespace

TEST_CASE("contract: wrong request, is refused before the API") {
  const Proxied api;
  const std::string wrong = "UNPROCESSABLE_ENTITY";
  check_refused(post(api, {{"type", "steal"}, {"droplet_id", 1}}), 422, wrong);
  check_refused(post(api, {{"type", "assign"}}), 422, wrong);
  check_refused(post(api, {{"type", "assign"}, {"droplet_id", "one"}}), 422, wrong);
  check_refused(get(api, "/v2/reserved_ips?per_page=201"), 422, wrong);
  check_refused(get(api, "/v2/reserved_ips?page=0"), 422, wrong);
  check_refused(get(api, "/v2/reserved_ips/first"), 422, wrong);
  check_refused(get(api, "/v2/account"), 404, "NO_PATH_MATCHED_ERROR");
  check_refused(api.ask({address}), 401, "UNAUTHORIZED");

  CHECK(api.complaints().size() == 8);
  CHECK(api.calls().empty());
  CHECK(get(api, address).status == 200);
  CHECK(api.complaints().size() == 8);
}

TEST_CASE("contract: wrong answer to any call, is refused") {
  const Proxied api;
  const auto check = [&](const std::string& path, int status, const Json& body) {
    CAPTURE(path);
    CAPTURE(status);
    api.node.world.fault({{"server", "digitalocean"},
                          {"kind", "status"},
                          {"status", status},
                          {"body", body.dump()}});
    const bool action = path.ends_with("/actions");
    check_refused(action ? post(api, {{"type", "unassign"}}) : get(api, path), 500, "VIOLATIONS");
  };
  const Json wrong = {{"id", "seven"}};
  check(address, 200, {{"reserved_ip", {{"ip", 7}}}});
  check(address, 200, {{"reserved_ip", {{"droplet", wrong}}}});
  check("/v2/reserved_ips", 200, {{"reserved_ips", {{{"locked", 7}}}}, {"meta", {{"total", 1}}}});
  check("/v2/reserved_ips", 200, {{"reserved_ips", Json::array()}});
  check("/v2/droplets/1", 200, {{"droplet", wrong}});
  check("/v2/droplets", 200, {{"droplets", {wrong}}, {"meta", {{"total", 1}}}});
  check(address + "/actions/1", 200, {{"action", wrong}});
  check(address + "/actions", 201, {{"action", wrong}});
  for (const std::string path : {"/v2/reserved_ips", "/v2/droplets/1", "/actions"}) {
    for (const int status : {401, 403, 429, 500}) {
      check(path == "/actions" ? address + path : path, status, {{"message", "no id"}});
    }
  }
  check(address, 404, {{"message", "no id"}});
  check(address + "/actions/1", 404, {{"message", "no id"}});
  check(address + "/actions", 422, {{"message", "no id"}});
  check("/v2/droplets", 403, {{"message", "no id"}});
}

TEST_CASE("contract: answer that is not JSON, is refused and the program notices") {
  const Proxied api;
  api.node.world.fault({{"server", "digitalocean"}, {"kind", "garbage"}, {"count", -1}});
  check_refused(get(api, address), 500, "VIOLATIONS");
  CHECK(api.complaints().size() == 1);
  api.run(69, {}, {"--timeout", "5s"});
  CHECK(api.complaints().size() > 1);
}

TEST_CASE("contract: undeclared status, is reported") {
  const Proxied api;
  api.node.world.fault({{"server", "digitalocean"},
                        {"kind", "status"},
                        {"status", 418},
                        {"body", R"({"id": "teapot", "message": "short and stout"})"}});
  CHECK(get(api, address).status == 418);
  CHECK(api.complaints().size() == 1);
}
