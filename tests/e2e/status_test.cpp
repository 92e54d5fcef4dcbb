// SPDX-License-Identifier: Apache-2.0
#include "node.hpp"

using support::Json;

// The answers for probes and people: whether the node is as asked, and what differs. Nothing is
// written.

namespace {

support::Run status(const Node& node, const std::vector<std::string>& more = {},
                    const support::Variables& changes = {}) {
  support::Command command = node.world.tool(node.droplet, {}, changes);
  command.words.emplace_back("status");
  command.words.insert(command.words.end(), more.begin(), more.end());
  return support::run(command);
}

bool says(const support::Run& run, const std::string& text) {
  return run.out.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("status: freshly booted droplet, exits 2") {
  const Node node;
  const std::string before = node.world.snapshot(node.droplet);
  const auto run = status(node);
  INFO(run.out, run.err);
  CHECK(run.exit == 2);
  CHECK(run.err.empty());
  CHECK(says(run, "  reserved IP    none\n"));
  CHECK(says(run, "  labels         none\n"));
  CHECK(says(run, "\npending changes:\n"));
  CHECK(says(run, "  reserved IP      198.51.100."));
  CHECK(says(run, "  default route    10.17.0.1 dev "));
  CHECK(says(run, "  default route  public gateway 203.0.113.1 dev "));
  CHECK(run.out.starts_with("not ok: node-1: "));
  CHECK(says(run, " changes are pending\n"));
  CHECK(node.world.snapshot(node.droplet) == before);
  CHECK(node.world.journal("digitalocean", "POST").empty());
  CHECK(node.world.journal("kubernetes", "PATCH").empty());
}

TEST_CASE("status: everything right, sends one request to metadata and one to Kubernetes") {
  const Node node;
  const Json done = node.run(0);
  const std::string address = done.at("floating_ip");
  node.world.forget_requests();

  const auto run = status(node);

  INFO(run.out, run.err);
  CHECK(run.exit == 0);
  CHECK(says(run, "  reserved IP    " + address + "\n"));
  CHECK(says(run, "do-outbound-floating-ip-enabled=true"));
  CHECK(says(run, "  default route  anchor gateway 10.17.0.1 dev "));
  CHECK(run.out.starts_with("ok: node-1: egress IP " + address + "\n"));
  CHECK_FALSE(says(run, "pending"));
  CHECK(node.world.requests("metadata") == 1);
  CHECK(node.world.requests("kubernetes") == 1);
  CHECK(node.world.requests("digitalocean") == 0);
}

TEST_CASE("status: JSON, shows the facts") {
  const Node node;
  const std::string address = node.run(0).at("floating_ip");
  node.world.lab({"flush", node.droplet.name});
  const auto run = status(node, {"-o", "json"});
  CHECK(run.exit == 2);
  const Json result = Json::parse(run.out);
  CHECK(result.at("command") == "status");
  CHECK(result.at("exit").at("code") == 2);
  CHECK(result.at("result") == "planned");
  CHECK(result.at("floating_ip") == address);
  CHECK(result.at("labels").at("do-outbound-floating-ip") == address);
  CHECK(result.at("steps").size() >= 1);
}

TEST_CASE("status: --local, asks neither DigitalOcean nor Kubernetes") {
  const Node node;
  CHECK(status(node, {"--local"}).exit == 2);
  node.run(0);
  node.world.forget_requests();
  const auto run = status(node, {"--local"});
  INFO(run.out, run.err);
  CHECK(run.exit == 0);
  CHECK(node.world.requests("metadata") == 1);
  CHECK(node.world.requests("kubernetes") == 0);
  CHECK(node.world.requests("digitalocean") == 0);
}

TEST_CASE("status: unreadable fact, is not a difference") {
  const Node node;
  node.run(0);
  node.world.fault({{"server", "metadata"}, {"kind", "status"}, {"status", 500}, {"count", -1}});
  const auto run = status(node, {"--timeout", "1s"});
  INFO(run.out, run.err);
  CHECK(run.exit == 69);
}

TEST_CASE("status: name does not match, exits 0") {
  const Node node;
  const auto run = status(node, {"--node-name", "other"});
  CHECK(run.exit == 0);
  CHECK(run.out.starts_with("skipped: the name \"other\" does not contain \"node\"\n"));
}

TEST_CASE("status: --ok-codes, makes a difference acceptable for a probe") {
  const Node node;
  CHECK(status(node, {"--ok-codes", "2"}).exit == 0);
}

TEST_CASE("status: gate taint and Lease, are shown where something differs") {
  const Node node;
  const std::vector<std::string> gated = {"--gate-taint", "example.com/egress:NoSchedule"};
  const std::string address = node.run(0, gated).at("floating_ip");
  const auto steady = status(node, gated);
  INFO(steady.out, steady.err);
  CHECK(steady.exit == 0);
  CHECK(says(steady, "  gate taint     example.com/egress:NoSchedule is not on the Node\n"));
  CHECK_FALSE(says(steady, "  lease "));

  node.world.lab({"flush", node.droplet.name});
  const auto broken = status(node, gated);
  INFO(broken.out, broken.err);
  CHECK(broken.exit == 2);
  CHECK(says(broken, "  lease          " + address + " held by Node node-1, "));
  auto document = gated;
  document.insert(document.end(), {"-o", "json"});
  const Json result = Json::parse(status(node, document).out);
  CHECK(result.at("lease").at("address") == address);
  CHECK(result.at("lease").at("holder") == "node-1");
  CHECK(result.at("gate_taint").at("on_node") == false);
}

TEST_CASE("status: refused Lease, changes no exit code") {
  const Node node;
  node.run(0);
  node.world.lab({"flush", node.droplet.name});
  node.world.fault({{"server", "kubernetes"},
                    {"path", "/apis/coordination.*"},
                    {"kind", "status"},
                    {"status", 403},
                    {"count", -1}});
  const auto run = status(node);
  INFO(run.out, run.err);
  CHECK(run.exit == 2);
  CHECK(says(run, " unknown: cannot read the Lease "));
}
