// SPDX-License-Identifier: Apache-2.0
// A dry run writes nothing, and shows each step of the next run.
#include "node.hpp"

#include <functional>
#include <map>

using support::Json;

namespace {

// All holders and all Nodes.
Json cloud(const Node& node) {
  return node.world.sim("GET", "/world");
}

std::vector<std::string> words(const Json& result) {
  std::vector<std::string> steps;
  for (const Json& step : result.at("steps")) {
    steps.push_back(step.at("action").get<std::string>() + " " +
                    step.at("target").get<std::string>() + ": " +
                    step.at("reason").get<std::string>());
  }
  return steps;
}

void check_wrote_nothing(const Node& node, const std::function<void()>& run) {
  const std::string before = node.world.snapshot(node.droplet);
  const Json held = cloud(node);
  node.world.forget_requests();
  run();
  CHECK(node.world.snapshot(node.droplet) == before);
  CHECK(cloud(node) == held);
  const Json journal = node.world.sim("GET", "/journal");
  for (const Json& request : journal.at("requests")) {
    // A review asks what the service account may do, and stores nothing.
    if (!request.at("path").get<std::string>().ends_with("/selfsubjectaccessreviews")) {
      CHECK(request.at("method") == "GET");
    }
  }
}

// Both runs end with `exit`, and the second performs the steps that the first showed.
void check_foretold(const Node& node, int exit, std::size_t steps) {
  Json planned;
  check_wrote_nothing(node, [&] { planned = node.run(exit, {"--dry-run"}); });
  for (const Json& step : planned.at("steps")) {
    CHECK(step.at("result") == "planned");
  }
  CHECK(planned.at("steps").size() == steps);
  if (exit == 0) {
    CHECK(planned.at("result") == "planned");
  }
  check_wrote_nothing(node, [&] { CHECK(words(node.run(exit, {"-n"})) == words(planned)); });

  const Json done = node.run(exit);

  CHECK(words(done) == words(planned));
  CHECK(done.at("floating_ip") == planned.at("floating_ip"));
}

}  // namespace

TEST_CASE("dry run: first claim, shows its steps") {
  for (const std::string topology : {"classic", "anchor-nic", "dhcp-metric", "routing-agent"}) {
    CAPTURE(topology);
    const Node node("198.51.100.1-4", topology);
    const std::map<std::string, std::size_t> steps = {
        {"classic", 17}, {"anchor-nic", 14}, {"dhcp-metric", 17}, {"routing-agent", 15}};
    check_foretold(node, 0, steps.at(topology));
    node.check_egress();
  }
}

TEST_CASE("dry run: routes lost, routes flushed or labels lost, shows their repair") {
  const Node node;
  node.run(0);
  node.world.lab({"boot", node.droplet.name});
  check_foretold(node, 0, 16);
  node.world.lab({"flush", node.droplet.name});
  check_foretold(node, 0, 15);  // networkd leaves nf_tables alone
  node.world.sim("PUT", "/nodes/node-1", {{"labels", {{"team", "payments"}}}});
  check_foretold(node, 0, 1);
  node.check_egress();
}

TEST_CASE("dry run: everything right, shows no step") {
  const Node node;
  node.run(0);
  check_wrote_nothing(node, [&] { CHECK(node.run(0, {"-n"}).at("result") == "unchanged"); });
}

TEST_CASE("dry run: no free address, ends like a run") {
  const Node node("198.51.100.1");
  node.world.sim("PUT", "/droplets/1", {{"name", "other"}});
  node.world.sim("POST", "/assign/198.51.100.1", {{"droplet", 1}});
  check_foretold(node, 10, 1);  // the label
  node.check_says_false();
}

TEST_CASE("dry run: address lost and none free, shows the way back") {
  const Node node("198.51.100.1");
  node.run(0);
  node.world.sim("PUT", "/droplets/1", {{"name", "other"}});
  node.world.sim("POST", "/assign/198.51.100.1", {{"droplet", 1}});
  check_foretold(node, 10, 2);  // the public default and the label
  node.check_says_false();
}

TEST_CASE("dry run: address lost and API unreachable, shows the way back") {
  const Node node;
  node.run(0);
  node.world.sim("POST", "/unassign/" + node.world.held_by(node.droplet).at(0));
  check_foretold(node, 0, 7);
  node.check_egress();
}

TEST_CASE("dry run: text, each step with its reason, and that nothing was written") {
  const Node node;
  const support::Run run = node.world.reconcile(node.droplet, {"--dry-run"});
  CHECK(run.exit == 0);
  const auto lines = support::lines_with(run.out, "");
  REQUIRE(lines.size() == 2 * 17 + 2);
  CHECK(lines[1].starts_with("                   "));  // the reason of the step above
  CHECK(lines[34].starts_with("pods "));
  CHECK(lines[35].starts_with("planned: node-1: egress IP would be "));
  CHECK(lines[35].ends_with("; nothing was written"));
}
