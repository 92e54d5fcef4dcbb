// SPDX-License-Identifier: Apache-2.0
// Lists of destinations: long ones, changed ones, and those that cannot work.
#include "window.hpp"

#include <algorithm>

using support::Json;

TEST_CASE("destinations: ten thousand are closed and opened, and only a difference is written") {
  Node node("198.51.100.1-2", "classic");
  const std::string before = node.world.snapshot(node.droplet);
  node.world.lab({"exec", node.droplet.name, "sh", "-c",
                  "i=0; while [ $i -lt 10000 ]; do echo 100.$((64 + i / 256)).$((i % 256)).0/24; "
                  "i=$((i + 1)); done >/run/destinations"});
  const std::vector<std::string> options = {"--route", "destinations", "--destinations-file",
                                            "/run/destinations"};
  node.run(0, options);
  const std::string shown = node.world.ip(node.droplet, "route show table 17313");
  CHECK(std::count(shown.begin(), shown.end(), '\n') + 1 == 10000);
  CHECK(shown.find("unreachable") == std::string::npos);
  CHECK(node.run(0, options).at("result") == "unchanged");
  node.world.ip(node.droplet, "route delete 100.70.3.0/24 table 17313");
  const Json repaired = node.run(0, options);
  CHECK(repaired.at("steps").at(0).at("target") == "100.70.3.0/24 unreachable");
  window::check_released(node, before);
}

TEST_CASE("destinations: a server of the program within one is refused, by address and by name") {
  const Node node("198.51.100.1-2", "classic");
  const std::string name = "https://api.digitalocean.com";
  const auto refused = [&](const std::string& network, const std::string& hint,
                           const support::Variables& changes) {
    CAPTURE(network);
    const support::Run run = node.world.reconcile(
        node.droplet, {"--route", "destinations", "--destination", network}, changes);
    CHECK(run.exit == 78);
    CHECK(run.err.find("add --direct " + hint) != std::string::npos);
    CHECK(node.world.held_by(node.droplet).empty());
  };
  refused("192.0.2.2", "192.0.2.2/32", {});
  refused("192.0.2.0/29", "192.0.2.2/32", {});
  refused("192.0.2.3", "192.0.2.3/32", {});
  refused("192.0.2.53", "192.0.2.53/32", {{"DIGITALOCEAN_API_URL", name}});
  refused("192.0.2.2", "192.0.2.2/32", {{"DIGITALOCEAN_API_URL", name}});
  // A droplet with an address meets the API only in the proof.
  node.world.sim("POST", "/assign/198.51.100.2", {{"droplet", node.droplet.id}});
  node.run(78, {"--route", "destinations", "--destination", "192.0.2.2"},
           {{"DIGITALOCEAN_API_URL", name}});
  const std::string closed = node.world.ip(node.droplet, "route show table 17313");
  CHECK(closed.starts_with("unreachable 192.0.2.2 "));
  node.world.sim("POST", "/unassign/198.51.100.2");
  const std::vector<std::string> direct = {"--route",       "destinations",
                                           "--destination", "192.0.2.0/24",
                                           "--direct",      "192.0.2.2,192.0.2.3,192.0.2.53"};
  const support::Run run =
      node.world.reconcile(node.droplet, direct, {{"DIGITALOCEAN_API_URL", name}});
  INFO(run.err);
  CHECK(run.exit == 0);
  CHECK(node.world.seen_from(node.droplet.name) == node.world.held_by(node.droplet).at(0));
}

TEST_CASE("destinations: networks of devices in one, are kept out with --direct as the hint says") {
  const Node node("198.51.100.1-2", "classic");
  std::vector<std::string> words = {"--route", "destinations", "--destination", "10.0.0.0/8"};
  const auto refused = node.run(78, words).at("error").at("hint").dump();
  CHECK(refused.find("keep that one out with --direct") != std::string::npos);
  words.insert(words.end(), {"--direct", "10.17.0.0/16,10.132.0.0/16,10.244.1.0/24,10.132.0.9"});
  node.run(0, words);
  CHECK(node.run(0, words).at("result") == "unchanged");
  CHECK(node.world.ip(node.droplet, "route get 10.132.0.9").find("dev eth1") != std::string::npos);
}

TEST_CASE("destinations: --route none keeps those of an earlier run, and says so until a release") {
  const Node node("198.51.100.1-2", "classic");
  const std::string before = node.world.snapshot(node.droplet);
  const auto run = [&](const std::vector<std::string>& words) {
    support::Run done = support::run(node.command(words));
    INFO(done.out, done.err);
    CHECK(done.exit == 0);
    return done.err;
  };
  const std::string how = "do-egress-ip release --keep-ip";
  const std::vector<std::string> none = {"--route", "none"};
  node.run(0, {"--route", "destinations", "--destination", "192.0.2.9"});
  node.world.sim("POST", "/unassign/" + node.world.held_by(node.droplet).at(0));
  for (const int other : {1, 2}) {
    node.world.sim("PUT", "/droplets/" + std::to_string(other), {{"name", "other"}});
    node.world.sim("POST", "/assign/198.51.100." + std::to_string(other), {{"droplet", other}});
  }
  node.run(10, {"--route", "destinations", "--destination", "192.0.2.9"});
  node.world.sim("POST", "/unassign/198.51.100.1");
  const std::string closed = node.world.ip(node.droplet, "route show table 17313");
  CHECK(closed.starts_with("unreachable 192.0.2.9 "));

  CHECK(run(none).find(how) != std::string::npos);
  CHECK(run(none).find("192.0.2.9/32, 1 of them unreachable") != std::string::npos);
  CHECK(node.world.ip(node.droplet, "route show table 17313") == closed);

  run({"release", "--keep-ip"});
  CHECK(node.world.snapshot(node.droplet) == before);
  CHECK(run(none).find(how) == std::string::npos);
}

TEST_CASE("destinations: a changed list is followed, a broken one changes nothing") {
  const Node node("198.51.100.1-2", "classic");
  const auto write = [&](const std::string& text) {
    node.world.lab({"exec", node.droplet.name, "sh", "-c", "printf '" + text + "' >/run/partners"});
  };
  const std::vector<std::string> options = {"--route", "destinations", "--destinations-file",
                                            "/run/partners"};
  const auto table = [&] { return node.world.ip(node.droplet, "route show table 17313"); };
  write("192.0.2.8/29\\r\\n# more\\n192.0.2.9,198.18.0.0/24");
  const Json first = node.run(0, options);
  CHECK(first.at("destinations") == Json{{"enforced", true},
                                         {"proven", 3},
                                         {"unconfirmed", 0},
                                         {"unreachable", 0},
                                         {"direct", 0}});
  const std::string before = table();
  for (const char* broken : {"", "# nobody\\n", "192.0.2.8/29 partner.example.com"}) {
    write(broken);
    node.run(78, options);
    CHECK(table() == before);
  }
  write("192.0.2.9\\n198.18.7.0/24\\n");
  const Json second = node.run(0, options);
  CHECK(second.at("destinations").at("proven") == 2);
  CHECK(table().find("192.0.2.8/29") == std::string::npos);
  CHECK(table().find("198.18.7.0/24 via 10.17.0.1") != std::string::npos);
  CHECK(node.run(0, options).at("result") == "unchanged");
}
