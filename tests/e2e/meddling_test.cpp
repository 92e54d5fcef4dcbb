// SPDX-License-Identifier: Apache-2.0
// Other programs change addresses during a claim. No POST ever takes an address that another
// droplet holds.
#include "node.hpp"

#include <chrono>
#include <functional>
#include <set>

using support::Child;
using support::Droplet;
using support::Json;

namespace {

// Something happens right after the run has read that its first choice is free; the answer takes
// two seconds.
Json run_while(const Node& node, int exit, const std::function<void(const std::string&)>& happens) {
  node.world.fault({{"server", "digitalocean"},
                    {"path", "/v2/reserved_ips/[0-9.]+"},
                    {"kind", "delay"},
                    {"delay_ms", 2000}});
  Child child(node.command());
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  std::string choice;
  while (choice.empty()) {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    for (const Json& request : node.world.journal("digitalocean", "GET")) {
      const std::string path = request.at("path");
      choice = path.starts_with("/v2/reserved_ips/") ? path.substr(path.rfind('/') + 1) : choice;
    }
  }
  happens(choice);
  return Node::result_of(child.wait(), exit);
}

}  // namespace

TEST_CASE("meddling: address leaves the account before the claim, the next one is claimed") {
  const Node node;
  std::string gone;
  run_while(node, 0, [&](const std::string& choice) {
    node.world.sim("DELETE", "/addresses/" + choice);
    gone = choice;
  });
  node.check_egress();
  CHECK(node.posted().size() == 2);
  CHECK(node.posted().at(0) == gone);
}

TEST_CASE("meddling: droplet gets the very same address meanwhile, keeps it") {
  const Node node;
  run_while(node, 0, [&](const std::string& choice) {
    node.world.sim("POST", "/assign/" + choice, {{"droplet", node.droplet.id}});
  });
  node.check_egress();
  CHECK(node.posted() == node.world.held_by(node.droplet));
}

TEST_CASE("meddling: droplet gets another pool address meanwhile, keeps that one") {
  const Node node;
  std::string given;
  run_while(node, 0, [&](const std::string& choice) {
    given = choice == "198.51.100.1" ? "198.51.100.2" : "198.51.100.1";
    node.world.sim("POST", "/assign/" + given, {{"droplet", node.droplet.id}});
  });
  node.check_egress();
  node.check_leaves_by(given);
  CHECK(node.posted().size() == 1);
}

TEST_CASE("meddling: droplet gets a foreign address meanwhile, leaves it alone") {
  const Node node;
  const std::string given = "198.51.100.77";
  node.world.sim("POST", "/addresses", {{"addresses", {given}}});
  run_while(node, 12, [&](const std::string&) {
    node.world.sim("POST", "/assign/" + given, {{"droplet", node.droplet.id}});
  });
  CHECK(node.world.held_by(node.droplet) == std::vector{given});
  CHECK(node.world.seen_from(node.droplet.name) == node.droplet.public_address);
  CHECK(node.world.label(node.droplet) == "false");
}

TEST_CASE("meddling: address stolen after the assignment, the next one is claimed") {
  for (const int after : {0, 500}) {
    CAPTURE(after);
    Node node;
    const Droplet thief = node.world.droplet("thief");
    node.world.fault({{"kind", "steal"}, {"to", thief.id}, {"after_ms", after}});

    node.run(0, {"--lock", "none"});  // then it settles before it is believed

    node.check_egress();
    const auto posted = node.posted();
    REQUIRE(posted.size() == 2);
    CHECK(node.world.held_by(thief) == std::vector{posted[0]});
    CHECK(node.world.held_by(node.droplet) == std::vector{posted[1]});
    CHECK(node.world.thefts() == 0);
  }
}

TEST_CASE("meddling: every address stolen after its assignment, ends with claim-lost") {
  Node node;
  const Droplet thief = node.world.droplet("thief");
  node.world.fault({{"kind", "steal"}, {"to", thief.id}, {"count", -1}});

  node.run(11);

  node.check_says_false();
  const auto posted = node.posted();
  CHECK(posted.size() == 4);
  CHECK(std::set(posted.begin(), posted.end()).size() == 4);  // each once
  CHECK(node.world.held_by(thief).size() == 4);
}

TEST_CASE("meddling: address unassigned after the assignment, is claimed again") {
  const Node node;
  node.world.fault({{"kind", "unassign"}, {"after_ms", 500}});

  node.run(75, {"--timeout", "4s", "--lock", "none"});

  node.check_untouched();
}
