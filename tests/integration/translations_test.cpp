// SPDX-License-Identifier: Apache-2.0
// What others' rules of nf_tables do to packets of pods, as nft(8) and iptables(8) write them.
#include "integration/private_network.hpp"
#include "io/kernel.hpp"
#include "support/builders.hpp"
#include "support/print.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>

using core::Translation;
using Translations = std::vector<Translation>;
using support::ip;
using support::prefix;

namespace {

constexpr auto masquerade = Translation::Kind::masquerade;
constexpr auto snat = Translation::Kind::snat;
constexpr auto notrack = Translation::Kind::notrack;

bool run(const std::string& command) {
  return std::system((command + " >/dev/null 2>&1").c_str()) == 0;  // NOLINT: a test's own words
}

Translations read() {
  return io::open_kernel()->read_pod_facts({ip("10.17.0.1"), 2}).translations;
}

// The rules of one chain of nft(8).
Translations of_nft(const std::string& hook, const std::vector<std::string>& rules) {
  integration::renew_private_network();
  REQUIRE(run("nft 'add table ip others; add chain ip others pods { type " + hook + "; }'"));
  for (const std::string& rule : rules) {
    CAPTURE(rule);
    REQUIRE(run("nft 'add rule ip others pods " + rule + "'"));
  }
  return read();
}

Translations of_nat(const std::vector<std::string>& rules) {
  return of_nft("nat hook postrouting priority srcnat", rules);
}

}  // namespace

TEST_CASE("translations: rules of nft, read with source, device and address") {
  CHECK(of_nat({"masquerade"}) == Translations{{.kind = masquerade}});
  CHECK(
      of_nat(
          {"ip saddr 10.244.1.0/24 ip daddr != 10.0.0.0/8 oifname \"eth*\" counter masquerade"}) ==
      Translations{{.kind = masquerade, .source = prefix("10.244.1.0/24"), .out_device = "eth+"}});
  CHECK(of_nat({"ip saddr 10.244.0.0/16 oifname \"eth0\" snat to 203.0.113.10"}) ==
        Translations{{.kind = snat,
                      .source = prefix("10.244.0.0/16"),
                      .out_device = "eth0",
                      .address = ip("203.0.113.10")}});
  CHECK(of_nft("filter hook prerouting priority raw", {"ip saddr 10.244.1.0/24 notrack"}) ==
        Translations{{.kind = notrack, .source = prefix("10.244.1.0/24")}});
}

TEST_CASE("translations: rules of nft for other packets, left out") {
  CHECK(of_nat({"ip daddr 10.0.0.0/8 masquerade", "tcp dport 80 masquerade",
                "meta mark and 0x4000 == 0x4000 masquerade", "meta mark 0x7 masquerade",
                "ip saddr 10.244.1.0/24 accept"})
            .empty());
}

TEST_CASE("translations: kube-proxy's chain, which unmarked packets leave before it masquerades") {
  CHECK(of_nat({"meta mark and 0x4000 == 0 return", "masquerade fully-random"}).empty());
  CHECK(of_nat({"meta mark and 0x4000 == 0x4000 return", "masquerade"}).size() == 1);
  CHECK(of_nat({"meta mark and 0x4000 != 0 return", "masquerade"}).size() == 1);
  CHECK(of_nat({"ip daddr 224.0.0.0/4 return", "masquerade"}).size() == 1);
  CHECK(of_nat({"return", "masquerade"}).empty());
}

TEST_CASE("translations: rules of iptables on top of nf_tables, read as those of nft") {
  if (!run("command -v iptables-nft")) {
    MESSAGE("iptables-nft is not installed");
    return;
  }
  integration::renew_private_network();
  const std::string add = "iptables-nft -w -t nat -A POSTROUTING ";
  REQUIRE(run(add + "-m mark ! --mark 0x4000/0x4000 -s 10.244.1.0/24 ! -d 10.0.0.0/8 -m comment "
                    "--comment pods -j MASQUERADE"));
  REQUIRE(run(add + "-m mark --mark 0x4000/0x4000 -j MASQUERADE"));
  REQUIRE(run(add + "-s 10.244.0.0/16 -o eth0 -j SNAT --to-source 203.0.113.10"));
  REQUIRE(run("iptables-nft -w -t raw -A PREROUTING -s 10.244.1.0/24 -j CT --notrack"));
  const Translations found = read();
  const auto has = [&](const Translation& wanted) {
    return std::ranges::find(found, wanted) != found.end();
  };
  CHECK(found.size() == 3);
  CHECK(has({.kind = masquerade, .source = prefix("10.244.1.0/24")}));
  CHECK(has({.kind = snat,
             .source = prefix("10.244.0.0/16"),
             .out_device = "eth0",
             .address = ip("203.0.113.10")}));
  CHECK(has({.kind = notrack, .source = prefix("10.244.1.0/24")}));
}
