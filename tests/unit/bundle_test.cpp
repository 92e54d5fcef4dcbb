// SPDX-License-Identifier: Apache-2.0
#include "core/doctor/bundle.hpp"

#include "cloud/excerpt.hpp"
#include "core/doctor/kernel_text.hpp"
#include "unit/doctor_facts.hpp"

#include <doctest/doctest.h>

using core::Hidden;
using core::KernelObject;

namespace {

using Lines = std::vector<std::string>;

// What follows the introduction.
std::string rendered(const std::vector<core::Section>& sections,
                     const std::vector<Hidden>& hidden = {}) {
  const std::string text = core::render_bundle(sections, hidden);
  return text.substr(text.find("\n== "));
}

std::string rendered(const std::string& line, const std::vector<Hidden>& hidden = {}) {
  const std::string text = rendered({{"x", {line}}}, hidden);
  return text.substr(6, text.size() - 7);
}

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) {
    text += static_cast<char>(value);
  }
  return text;
}

std::string joined(const Lines& lines) {
  std::string text;
  for (const std::string& line : lines) {
    text += line + "\n";
  }
  return text;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("bundle: sections, are text with headings, and long ones are cut") {
  CHECK(rendered({{"one", {"a", "b"}}, {"two", {}}}) == "\n== one\na\nb\n\n== two\n(none)\n");
  const std::string text = rendered({{"long", Lines(501, "line")}});
  CHECK(text.ends_with("line\n(1 lines more)\n"));
}

TEST_CASE("bundle: secret of any form, is hidden within words as well") {
  CHECK(rendered("key=hunter2x", {{.text = "hunter2"}}) == "key=***x");
  CHECK(rendered("none", {{.text = ""}}) == "none");
  CHECK(rendered("token dop_v1_0123abcd") == "token dop_v1_***");
}

TEST_CASE("bundle: address, is hidden as a word and as bytes, and its neighbours stay") {
  std::vector<Hidden> hidden;
  core::hide_address(hidden, {{203, 0, 113, 1}}, "PUBLIC-IP");
  CHECK(rendered("203.0.113.1/20 203.0.113.10 1203.0.113.1", hidden) ==
        "PUBLIC-IP/20 203.0.113.10 1203.0.113.1");
  CHECK(rendered("9:08000500cb007101", hidden) == "9:08000500PUBLIC-IP");
}

TEST_CASE("bundle: identity, is the node's name, the pool and every public address") {
  core::Examination facts = unit::healthy_facts();
  const auto& network = std::get<core::Network>(facts.host.network);
  std::string text = facts.asked.node_name;
  for (const core::LinkAddress& held : network.addresses) {
    text += " " + held.address.to_string();
  }
  for (const core::Ipv4 address : facts.asked.pool) {
    text += " " + address.to_string();
  }
  const std::string shown = rendered(text, core::find_identity(facts));
  CHECK(shown.starts_with("NODE "));
  CHECK(has(shown, " PUBLIC-IP 10."));
  CHECK(!has(shown, "203.0.113."));
  CHECK(has(shown, " RESERVED-IP-1 RESERVED-IP-2"));
  // Without metadata the kernel's addresses are hidden all the same.
  facts.droplet = core::NotAsked{};
  CHECK(has(rendered(text, core::find_identity(facts)), " PUBLIC-IP 10."));
}

TEST_CASE("bundle: query of a URL, is hidden") {
  CHECK(core::without_query("https://seen.example/ip?key=1") == "https://seen.example/ip?***");
  CHECK(core::without_query("https://seen.example/ip") == "https://seen.example/ip");
  CHECK(core::without_query("^pool-(a|b)?$") == "^pool-(a|b)?$");
}

TEST_CASE("bundle: kernel's objects, have names, and unknown attributes their bytes") {
  core::KernelDump dump;
  dump.routes.push_back({.header = bytes({2, 8, 0, 0, 254, 173, 0, 1, 4, 0, 0, 0}),
                         .attributes = {{15, bytes({0x9e, 0x43, 0, 0})},
                                        {1, bytes({10, 0, 0, 0})},
                                        {5, bytes({10, 17, 0, 1})},
                                        {8, bytes({8, 0, 2, 0, 0x78, 5, 0, 0})},
                                        {77, bytes({1, 255})}}});
  CHECK(core::render_routes(dump) ==
        Lines{"dst_len 8 src_len 0 tos 0 protocol 173 scope 0 type 1 flags 4 table 17310 "
              "dst 10.0.0.0 via 10.17.0.1 metrics 0800020078050000 77:01ff"});
  dump.rules.push_back({.header = bytes({2, 0, 0, 0, 254, 0, 0, 1, 0, 0, 0, 0}),
                        .attributes = {{10, bytes({0, 0x10, 0, 0})}, {3, "eth0" + bytes({0})}}});
  CHECK(core::render_rules(dump) ==
        Lines{"dst_len 0 src_len 0 tos 0 action 1 flags 0 fwmark 0x1000 iif eth0"});
  // Shorter than expected: what is there is shown, as bytes.
  dump.addresses.push_back({.header = bytes({2, 20}), .attributes = {{1, bytes({1, 2, 3})}}});
  CHECK(core::render_addresses(dump) == Lines{"prefixlen 20 address 010203"});
  dump.links.push_back({.header = "", .attributes = {{3, "a\x01"}, {23, "counters"}, {4, ""}}});
  CHECK(core::render_links(dump) == Lines{" ifname a\\x01 mtu "});
}

TEST_CASE("bundle: metadata, shows what is known to be harmless") {
  const std::string text = joined(cloud::excerpt_metadata(
      R"({"droplet_id":7,"user_data":"SECRET","new":{"a":1},"tags":null,
          "interfaces":{"public":[{"ipv6":{"ip_address":"2001:db8::1"},"type":"public"}]}})"));
  CHECK(has(text, "\"droplet_id\": 7"));
  CHECK(has(text, "\"user_data\": \"hidden\""));
  CHECK(has(text, "\"new\": \"hidden\""));
  CHECK(has(text, "\"ipv6\": \"hidden\""));
  CHECK(has(text, "\"type\": \"public\""));
  CHECK(!has(text, "SECRET"));
}

TEST_CASE("bundle: Node and cilium-config, show keys of a list only") {
  const std::string node = joined(cloud::excerpt_node(
      R"({"metadata":{"labels":{"team":"SECRET","mine":"1","do-outbound-floating-ip":"198.51.100.7"},
          "annotations":{"kubectl.kubernetes.io/last-applied-configuration":"SECRET"}},
          "spec":{"podCIDR":"10.244.1.0/24"},"status":{"images":["SECRET"],
          "nodeInfo":{"kernelVersion":"6.1","machineID":"SECRET"},
          "addresses":[{"type":"ExternalIP","address":"2001:db8::1"},
                       {"type":"InternalIP","address":"10.1.2.3"}]}})",
      {"mine"}));
  CHECK(!has(node, "SECRET"));
  CHECK(!has(node, "2001:db8::1"));
  for (const char* part : {"\"mine\": \"1\"", "\"do-outbound-floating-ip\"", "10.244.1.0/24",
                           "\"kernelVersion\": \"6.1\"", "10.1.2.3"}) {
    CAPTURE(part);
    CHECK(has(node, part));
  }
  const std::string cilium =
      joined(cloud::excerpt_cilium(R"({"data":{"devices":"eth0","etcd-config":"SECRET"}})"));
  CHECK(has(cilium, "\"devices\": \"eth0\""));
  CHECK(!has(cilium, "SECRET"));
}

TEST_CASE("bundle: reply of another shape, has no lines") {
  for (const char* body :
       {"", "<html>", "[1]", "7", "null", R"({"metadata":7,"data":[],"status":1})"}) {
    CAPTURE(body);
    CHECK(!has(joined(cloud::excerpt_node(body, {})), "1"));
    CHECK(cloud::excerpt_cilium(body).empty());
    cloud::excerpt_metadata(body);
  }
}
