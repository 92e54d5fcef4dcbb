// SPDX-License-Identifier: Apache-2.0
#include "cloud/metadata.hpp"

#include "support/builders.hpp"
#include "support/print.hpp"

#include <nlohmann/json.hpp>

using core::Exit;
using nlohmann::json;

namespace {

// The reply on a droplet with an address (facts, section 3).
json healthy() {
  return json::parse(R"({
    "droplet_id": 758604990, "hostname": "pool-egress-8b870", "region": "nyc3",
    "user_data": "#cloud-config", "vendor_data": "x", "public_keys": ["ssh-rsa AAAA"],
    "interfaces": {
      "public": [{
        "ipv4": {"ip_address": "203.0.113.10", "netmask": "255.255.240.0", "gateway": "203.0.113.1"},
        "ipv6": {"ip_address": "2604::1", "cidr": 64, "gateway": "2604::"},
        "anchor_ipv4": {"ip_address": "10.17.0.5", "netmask": "255.255.0.0", "gateway": "10.17.0.1"},
        "mac": "04:01:2A:0F:2A:01", "type": "public"}],
      "private": [{"ipv4": {"ip_address": "10.132.0.2", "gateway": "10.132.0.1"}, "type": "private"}]},
    "floating_ip": {"ipv4": {"active": true, "ip_address": "198.51.100.8"}},
    "reserved_ip": {"ipv4": {"active": true, "ip_address": "198.51.100.8"}, "ipv6": {"active": false}},
    "dns": {"nameservers": ["67.207.67.2"]}, "features": {"dhcp_enabled": false}, "tags": ["k8s"]})");
}

core::Droplet read(const json& body) {
  return cloud::decode_metadata({.status = 200, .body = body.dump()});
}

std::string failure(const std::string& body, Exit exit = Exit::software, long status = 200) {
  const auto error = core::catch_error_except_signals(
      [&] { cloud::decode_metadata({.status = status, .body = body}); });
  REQUIRE(error.has_value());
  CHECK(error->exit() == exit);
  return error->what();
}

}  // namespace

TEST_CASE("metadata: read, sends one request without a token") {
  const auto request = cloud::metadata_request("http://169.254.169.254");
  CHECK(request.server == io::Server::metadata);
  CHECK(request.method == "GET");
  CHECK(request.url == "http://169.254.169.254/metadata/v1.json");
  CHECK(request.headers.empty());
  CHECK_FALSE(request.source.has_value());
}

TEST_CASE("metadata: reply, has the droplet, both interfaces and its address") {
  const auto droplet = read(healthy());
  CHECK(droplet.id == support::our_droplet);
  CHECK(droplet.region == "nyc3");
  REQUIRE(droplet.public_interface.has_value());
  CHECK(droplet.public_interface->address == support::public_address);
  CHECK(droplet.public_interface->gateway == support::public_gateway);
  CHECK(droplet.public_interface->mac == "04:01:2a:0f:2a:01");
  REQUIRE(droplet.anchor.has_value());
  CHECK(droplet.anchor->address == support::anchor_address);
  CHECK(droplet.anchor->gateway == support::anchor_gateway);
  CHECK(droplet.anchor->mac.empty());
  CHECK(droplet.floating_ip == support::first_choice);
}

TEST_CASE("metadata: droplet id, may be a number or a string") {
  auto body = healthy();
  body["droplet_id"] = "22532410";
  CHECK(read(body).id == 22532410);
  body["droplet_id"] = 4'294'967'297;
  CHECK(read(body).id == 4'294'967'297);
  for (const json& wrong : {json("x"), json(""), json("12a"), json("99999999999999999999")}) {
    body["droplet_id"] = wrong;
    CHECK(failure(body.dump()).ends_with("is not a droplet id"));
  }
}

TEST_CASE("metadata: fields that are not used, may have any type") {
  auto body = healthy();
  body["tags"] = nullptr;
  body["public_keys"] = "ssh-rsa AAAA";
  body["interfaces"].erase("private");
  body.erase("dns");
  body["something_new"] = {1, 2, 3};
  CHECK(read(body).floating_ip == support::first_choice);
}

TEST_CASE("metadata: inactive address, counts as none") {
  auto body = healthy();
  const json inactive = {{"ipv4", {{"active", false}}}};
  SUBCASE("without an address") {
    body["reserved_ip"] = body["floating_ip"] = inactive;
  }
  SUBCASE("with a former address") {
    body["reserved_ip"]["ipv4"]["active"] = body["floating_ip"]["ipv4"]["active"] = false;
  }
  SUBCASE("without the key") {
    body.erase("reserved_ip");
    body.erase("floating_ip");
  }
  SUBCASE("with null") {
    body["reserved_ip"] = nullptr;
    body["floating_ip"] = {{"ipv4", nullptr}};
  }
  SUBCASE("in another shape") {
    body["reserved_ip"] = "none";
    body["floating_ip"] = {{"ipv4", "none"}};
  }
  CHECK_FALSE(read(body).floating_ip.has_value());
}

TEST_CASE("metadata: either key, shows the address") {
  auto body = healthy();
  SUBCASE("older images lack reserved_ip") {
    body.erase("reserved_ip");
  }
  SUBCASE("reserved_ip lags") {
    body["reserved_ip"]["ipv4"] = {{"active", false}};
  }
  SUBCASE("floating_ip is missing") {
    body.erase("floating_ip");
  }
  CHECK(read(body).floating_ip == support::first_choice);
}

TEST_CASE("metadata: droplet, may lack the anchor, the public interface or both") {
  auto body = healthy();
  body["interfaces"]["public"][0].erase("anchor_ipv4");
  CHECK_FALSE(read(body).anchor.has_value());
  CHECK(read(body).public_interface.has_value());
  body["interfaces"]["public"][0].erase("ipv4");
  CHECK_FALSE(read(body).public_interface.has_value());
  for (const json& none : {json::array(), json(nullptr)}) {
    body["interfaces"]["public"] = none;
    CHECK_FALSE(read(body).anchor.has_value());
  }
  body["interfaces"].erase("public");
  CHECK_FALSE(read(body).public_interface.has_value());
}

TEST_CASE("metadata: missing or wrong field, is named") {
  auto body = healthy();
  std::string expected;
  SUBCASE("droplet_id") {
    body.erase("droplet_id");
    expected = "key 'droplet_id' not found";
  }
  SUBCASE("region") {
    body["region"] = 7;
    expected = "(/region) type must be string, but is number";
  }
  SUBCASE("gateway") {
    body["interfaces"]["public"][0]["anchor_ipv4"].erase("gateway");
    expected = "(/interfaces/public/0/anchor_ipv4) key 'gateway' not found";
  }
  SUBCASE("address") {
    body["interfaces"]["public"][0]["ipv4"]["ip_address"] = "203.0.113";
    expected = "\"203.0.113\" is not an IPv4 address";
  }
  SUBCASE("active without an address") {
    body["reserved_ip"]["ipv4"].erase("ip_address");
    expected = "(/reserved_ip/ipv4) key 'ip_address' not found";
  }
  SUBCASE("public as an object") {
    body["interfaces"]["public"] = {{"ipv4", 1}};
    expected = "(/interfaces/public) cannot use at() with object";
  }
  CHECK(failure(body.dump()) == "unexpected reply: " + expected);
}

TEST_CASE("metadata: every truncation of a reply, is reported as an error") {
  const std::string whole = healthy().dump();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK(failure(whole.substr(0, size)).starts_with("unexpected reply: "));
  }
}

TEST_CASE("metadata: another server's reply, is reported as an error") {
  for (const std::string body :
       {"<html><body>502 Bad Gateway</body></html>", "null", "[]", "7", "\"x\"", "{}",
        R"({"droplet_id":{}})", R"({"droplet_id":1,"region":"nyc3","interfaces":[]})",
        R"({"droplet_id":1,"region":"nyc3","interfaces":{"public":["x"]},"floating_ip":0})"}) {
    CAPTURE(body);
    const auto error = core::catch_error_except_signals(
        [&] { cloud::decode_metadata({.status = 200, .body = body}); });
    const Exit expected = body[0] == '<' ? Exit::unavailable : Exit::software;
    CHECK((!error || error->exit() == expected));
  }
}

TEST_CASE("metadata: any other status, means no droplet or a proxy") {
  for (const long status : {301L, 401L, 403L, 404L, 500L, 503L}) {
    CHECK(failure("no", Exit::unavailable, status) ==
          fmt::format("the metadata service answered {}", status));
    CHECK(failure("<html>", Exit::unavailable, status) ==
          fmt::format("the metadata service answered {} with HTML, not JSON", status));
  }
}
