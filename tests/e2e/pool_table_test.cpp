// SPDX-License-Identifier: Apache-2.0
#include "node.hpp"

#include <algorithm>
#include <iterator>

using support::Json;

// `do-egress-ip pool`: lists the holders. It needs a token but no droplet.

namespace {

const std::vector<std::string> all = {"198.51.100.1", "198.51.100.2", "198.51.100.3",
                                      "198.51.100.4", "198.51.100.5", "198.51.100.6"};
const std::string listed =
    "198.51.100.1,198.51.100.2,198.51.100.3,198.51.100.4,198.51.100.5,198.51.100.6";

support::Run pool(const Node& node, const std::vector<std::string>& more = {},
                  const support::Variables& changes = {}) {
  std::vector<std::string> words = {"pool", "--floating-ips", listed};
  words.insert(words.end(), more.begin(), more.end());
  return support::run(node.world.tool(node.droplet, words, changes));
}

Json entry(const Json& table, const std::string& address) {
  const Json& pool = table.at("pool");
  const auto found = std::ranges::find_if(
      pool, [&](const Json& candidate) { return candidate.at("address") == address; });
  REQUIRE(found != pool.end());
  return *found;
}

}  // namespace

TEST_CASE("pool: table, shows each address with its holder and the number of free ones") {
  const Node node("198.51.100.1-6");
  const std::string ours = node.run(0).at("floating_ip");
  const auto put = [&](const std::string& address, const Json& changes) {
    node.world.sim("PUT", "/addresses/" + address, changes);
  };
  std::vector<std::string> rest;
  std::ranges::copy_if(all, std::back_inserter(rest),
                       [&](const std::string& address) { return address != ours; });
  put(rest[0], {{"locked", true}});
  put(rest[1], {{"region", "fra1"}});
  put(rest[2], {{"byoip", true}});
  node.world.sim("DELETE", "/addresses/" + rest[3]);

  const auto run = pool(node, {"-o", "json"});

  INFO(run.out, run.err);
  CHECK(run.exit == 0);
  const Json table = Json::parse(run.out);
  CHECK(table.at("command") == "pool");
  CHECK(table.at("free") == 3);
  CHECK(entry(table, ours).at("state") == "held");
  CHECK(entry(table, ours).at("droplet").at("name") == "node-1");
  CHECK(entry(table, ours).at("node") == "node-1");
  CHECK(entry(table, rest[0]).at("state") == "locked");
  CHECK(entry(table, rest[1]).at("region") == "fra1");
  CHECK(entry(table, rest[2]).at("listed") == false);
  CHECK(entry(table, rest[3]).at("state") == "missing");
  CHECK(entry(table, rest[4]).at("state") == "free");

  const auto text = pool(node);
  CHECK(text.exit == 0);
  CHECK(text.out.find("STATE    DROPLET ") != std::string::npos);
  CHECK(text.out.find(" node-1  node-1\n") != std::string::npos);
  CHECK(text.out.find("not in this account") != std::string::npos);
  CHECK(text.out.ends_with("3 of 6 free\n"));
}

TEST_CASE("pool: token without droplet:read, is not mistaken for a free pool") {
  const Node node;
  CHECK(pool(node).exit == 0);
  CHECK(node.world.requests("metadata") == 0);
  node.world.sim("PUT", "/tokens/blind", {{"scopes", {"reserved_ip:read", "reserved_ip:update"}}});
  const auto run =
      pool(node, {}, {{"DO_EGRESS_IP_TOKEN_FILE", ""}, {"DIGITALOCEAN_ACCESS_TOKEN", "blind"}});
  INFO(run.out, run.err);
  CHECK(run.exit == 77);
  CHECK(support::hints(run).at(0).find("droplet:read") != std::string::npos);
  CHECK(run.out.ends_with("6 of 6 unknown\n"));
  CHECK(run.out.find("free") == std::string::npos);
}

TEST_CASE("pool: no token or no list, shows unknown addresses") {
  const Node node;
  const auto check_unknown = [&](int exit, const support::Variables& changes) {
    const auto run = pool(node, {"-o", "json"}, changes);
    INFO(run.out, run.err);
    CHECK(run.exit == exit);
    const Json table = Json::parse(run.out);
    CHECK(table.at("unknown") == 6);
    CHECK(table.at("free") == 0);
    for (const Json& entry : table.at("pool")) {
      CHECK(entry.at("state") == "unknown");
    }
  };
  check_unknown(78, {{"DO_EGRESS_IP_TOKEN_FILE", ""}});
  node.world.fault({{"server", "digitalocean"},
                    {"kind", "status"},
                    {"status", 403},
                    {"count", -1},
                    {"body", "<html>"}});
  check_unknown(69, {});
}

TEST_CASE("pool: malformed entry, is shown as unknown") {
  const Node node;
  node.world.sim("PUT", "/addresses/198.51.100.3", {{"odd", {{"region", 7}}}});
  const auto run = pool(node, {"-o", "json"});
  CHECK(run.exit == 0);
  CHECK(entry(Json::parse(run.out), "198.51.100.3").at("state") == "unknown");
}

TEST_CASE("pool: no Kubernetes, asks no Node; one that does not answer is an error") {
  const Node node;
  node.world.forget_requests();
  CHECK(pool(node, {"--kubernetes", "off"}).exit == 0);
  CHECK(node.world.requests("kubernetes") == 0);
  node.world.fault({{"server", "kubernetes"}, {"kind", "status"}, {"status", 401}, {"count", -1}});
  CHECK(pool(node).exit == 77);
}
