// SPDX-License-Identifier: Apache-2.0
#include "app/run/account.hpp"

#include "app/run/reconcile.hpp"
#include "support/print.hpp"
#include "support/rig.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>

using core::Exit;
using support::json_reply;
using support::Rig;
using Lines = std::vector<std::string>;

// Accounts with more than one page: what a claim reads, and what it finds.

namespace {

const std::string first_page = "GET /v2/reserved_ips?per_page=200&page=1";
const std::string second_page = "GET /v2/reserved_ips?per_page=200&page=2";
const std::string droplet = "GET /v2/droplets/758604990";

std::string shown(core::Ipv4 address, const std::string& region, const std::string& holder) {
  return R"({"ip":")" + address.to_string() + R"(","region":{"slug":")" + region +
         R"("},"locked":false,"droplet":)" + holder + "}";
}

// The first page has nothing of the pool; the droplet is read with its networks.
struct Large : Rig {
  Large() {
    script(first_page, R"({"reserved_ips":[)" + shown(support::not_in_pool, "nyc3", "null") +
                           R"(],"links":{"pages":{"next":"https://other.test/2"}}})");
    holds(std::nullopt);
  }
  void script(const std::string& call, const std::string& body, long status = 200) {
    http.script("GET " + support::api_url + call.substr(4), {json_reply(body, status)});
  }
  void holds(std::optional<core::Ipv4> address) {
    std::string v4 = R"({"type":"public","ip_address":"203.0.113.10"})";
    if (address) {
      v4 += R"(,{"type":"public","ip_address":")" + address->to_string() + "\"}";
    }
    script(droplet, R"({"droplet":{"networks":{"v4":[{"type":"private","ip_address":"10.0.0.1"},)" +
                        v4 + "]}}}");
  }
  void second_page_has_all() {
    std::string entries;
    for (const auto& [address, entry] : cloud.addresses) {
      const std::string holder =
          entry.holder ? R"({"id":)" + std::to_string(*entry.holder) + "}" : "null";
      entries += (entries.empty() ? "" : ",") + shown(address, entry.region, holder);
    }
    script(second_page, R"({"reserved_ips":[)" + entries + R"(],"links":{}})");
  }
  void others_hold(std::initializer_list<core::Ipv4> addresses) {
    for (const core::Ipv4 address : addresses) {
      cloud.addresses[address].holder = support::other_droplet;
    }
  }
  Lines calls() const { return support::api_calls(http); }
};

}  // namespace

TEST_CASE("account: large account, reads the first page, the droplet and the candidate only") {
  Large rig;
  rig.invocation.config.lock = core::Lock::lease;
  CHECK(rig.run().floating_ip == support::first_choice);
  CHECK(rig.calls() == Lines{first_page, droplet, "GET 198.51.100.8", "POST 198.51.100.8/actions",
                             "GET 198.51.100.8"});
}

TEST_CASE("account: pool larger than a page, reads no listing") {
  Large rig;
  rig.invocation.config.lock = core::Lock::lease;
  for (std::uint8_t number = 0; number < 200; ++number) {
    const core::Ipv4 address{{192, 0, 2, number}};
    rig.invocation.config.pool.push_back(address);
    rig.cloud.addresses[address] = {};
  }
  CHECK(rig.run().ending.exit == Exit::ok);
  CHECK(rig.calls().size() == 4);
  CHECK(rig.calls()[0] == droplet);
}

TEST_CASE("account: candidates held by others, are skipped without a POST") {
  Large rig;
  rig.others_hold({support::first_choice, support::second_choice});
  CHECK(rig.run().floating_ip == support::third_choice);
  CHECK(rig.cloud.thefts.empty());
  CHECK(std::ranges::count(rig.calls(), second_page) == 0);
}

TEST_CASE("account: three lost candidates, reads the whole account") {
  Large rig;
  rig.others_hold({support::first_choice, support::second_choice, support::third_choice});
  rig.second_page_has_all();
  CHECK(rig.run().ending.exit == Exit::pool_exhausted);
  CHECK(std::ranges::count(rig.calls(), second_page) == 1);
  CHECK(rig.cloud.thefts.empty());
}

TEST_CASE("account: expired Lease whose Node still uses the address, is skipped without a read") {
  Large rig;
  rig.invocation.config.lock = core::Lock::lease;
  rig.cloud.leases[support::first_choice] = {.holder = "node-2",
                                             .owner_uid = "uid-2",
                                             .renewed = rig.clock.wall() - std::chrono::hours{1},
                                             .duration = std::chrono::seconds{60}};
  const auto node_says = [&](const std::string& enabled, const std::string& address) {
    const nlohmann::json labels = {{"do-outbound-floating-ip-enabled", enabled},
                                   {"do-outbound-floating-ip", address}};
    return json_reply(
        nlohmann::json{{"metadata", {{"uid", "uid-2"}, {"labels", labels}}}, {"spec", {}}}.dump());
  };
  const std::string node = "GET " + support::kubernetes_url + "/api/v1/nodes/node-2";
  SUBCASE("the Node is labelled with it") {
    rig.http.script(node, {node_says("true", "198.51.100.8")});
    const auto outcome = rig.run();
    CHECK(outcome.floating_ip == support::second_choice);
    CHECK(outcome.steps[0].detail == "it is the egress IP of Node node-2");
    CHECK(std::ranges::count(rig.calls(), "GET 198.51.100.8") == 0);
    return;
  }
  SUBCASE("the Node is not labelled") {
    rig.http.script(node, {node_says("false", "198.51.100.8")});
  }
  SUBCASE("the Node is labelled with another address") {
    rig.http.script(node, {node_says("true", "198.51.100.7")});
  }
  SUBCASE("the Node cannot be read, so the address decides") {
    rig.http.script(node, {json_reply("{}", 403)});
  }
  CHECK(rig.run().floating_ip == support::first_choice);
}

TEST_CASE("account: address in another region or none at all, ends with config") {
  Large rig;
  for (auto& [address, entry] : rig.cloud.addresses) {
    entry.region = "ams3";
  }
  rig.second_page_has_all();
  CHECK(rig.run().ending.exit == Exit::config);
  CHECK(std::ranges::none_of(rig.calls(),
                             [](const std::string& call) { return call.starts_with("POST"); }));
}

TEST_CASE("account: metadata lags, the API shows what the droplet holds") {
  Large rig;
  rig.cloud.metadata_lags = true;
  SUBCASE("an address of the pool") {
    rig.cloud.addresses[support::third_choice].holder = support::our_droplet;
    rig.holds(support::third_choice);
    CHECK(rig.run().floating_ip == support::third_choice);
    CHECK(rig.calls() == Lines{first_page, droplet, "GET 198.51.100.7"});
  }
  SUBCASE("a foreign address, which is left alone") {
    rig.cloud.addresses[support::not_in_pool].holder = support::our_droplet;
    rig.holds(support::not_in_pool);
    CHECK(rig.run().ending.exit == Exit::foreign_ip);
    CHECK(rig.calls() == Lines{first_page, droplet, "GET 198.51.100.99"});
  }
}

TEST_CASE("account: token does not see the droplet, claims nothing") {
  Large rig;
  rig.script(droplet, "{}", 403);
  CHECK(rig.run().ending.exit == Exit::no_permission);
  CHECK(rig.calls() == Lines{first_page, droplet});
}

TEST_CASE("account: nothing to claim, reads the whole account") {
  Large rig;
  rig.second_page_has_all();
  SUBCASE("a dry run") {
    rig.invocation.writes = app::Writes::none;
    CHECK(rig.run().ending.exit == Exit::ok);
  }
  SUBCASE("a release") {
    rig.invocation.command = app::Command::release;
    rig.cloud.metadata_lags = true;
    app::release(rig.system, rig.invocation);
  }
  CHECK(std::ranges::count(rig.calls(), second_page) == 1);
}
