// SPDX-License-Identifier: Apache-2.0
// The metrics of a run: each number matches what happened, and the file is complete at any moment.
#include "node.hpp"
#include "unit/temporary_folder.hpp"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>

using support::Child;
using support::Json;

namespace {

using Metrics = std::map<std::string, std::string>;  // without the common prefix

struct Measured {
  unit::TemporaryFolder folder = {};
  std::string file = folder.path("egress.prom");
  Node node;

  explicit Measured(const std::string& pool = "198.51.100.1-4") : node(pool) {}

  Json run(int exit, std::vector<std::string> more = {},
           const support::Variables& changes = {}) const {
    more.insert(more.end(), {"--metrics-file", file});
    return node.run(exit, more, changes);
  }

  Metrics read() const {
    Metrics metrics;
    std::ifstream lines(file);
    const std::string prefix = "do_egress_ip_";
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with(prefix)) {
        const auto space = line.rfind(' ');
        metrics[line.substr(prefix.size(), space - prefix.size())] = line.substr(space + 1);
      }
    }
    return metrics;
  }

  // The number of files in the folder.
  void check_files(int wanted) const {
    const std::filesystem::directory_iterator files(folder.path(""));
    CHECK(std::distance(begin(files), end(files)) == wanted);
  }

  std::string address_info() const {
    return "address_info{node=\"node-1\",address=\"" + node.world.held_by(node.droplet).at(0) +
           "\"}";
  }
};

int sum_of_requests(const Metrics& metrics, const std::string& server) {
  int sum = 0;
  for (const auto& [sample, value] : metrics) {
    if (sample.starts_with("requests_total{server=\"" + server + "\"")) {
      sum += std::stoi(value);
    }
  }
  return sum;
}

}  // namespace

TEST_CASE("metrics: first claim, steady run, failure and loss, are counted") {
  const Measured measured;
  const Node& node = measured.node;
  measured.run(0);
  Metrics metrics = measured.read();
  CHECK(metrics["egress_wanted"] == "1");
  CHECK(metrics["egress_active"] == "1");
  CHECK(metrics[measured.address_info()] == "1");
  CHECK(metrics["last_run_result{result=\"changed\"}"] == "1");
  CHECK(metrics["last_run_exit_code"] == "0");
  CHECK(std::stod(metrics["last_run_duration_seconds"]) > 0);
  CHECK(metrics["last_success_timestamp_seconds"] == metrics["last_run_timestamp_seconds"]);
  CHECK(metrics["claims_total{result=\"won\"}"] == "1");
  CHECK(metrics["requests_total{server=\"digitalocean\",status=\"201\"}"] == "1");
  measured.check_files(1);

  measured.run(0);
  metrics = measured.read();
  CHECK(metrics["runs_total{result=\"changed\",code=\"0\"}"] == "1");
  CHECK(metrics["runs_total{result=\"unchanged\",code=\"0\"}"] == "1");
  CHECK(metrics["claims_total{result=\"won\"}"] == "1");
  const std::string success = metrics["last_success_timestamp_seconds"];

  node.world.fault({{"server", "metadata"}, {"kind", "status"}, {"status", 404}});
  measured.run(69);
  metrics = measured.read();
  CHECK(metrics["last_run_exit_code"] == "69");
  CHECK(metrics["last_success_timestamp_seconds"] == success);
  CHECK(metrics["egress_active"] == "0");
  CHECK(metrics[measured.address_info()] == "1");  // nothing says that it is gone
  CHECK(metrics["requests_total{server=\"metadata\",status=\"404\"}"] == "1");
  CHECK(metrics["losses_total"] == "0");

  node.world.sim("POST", "/unassign/" + node.world.held_by(node.droplet).at(0));
  measured.run(0);
  metrics = measured.read();
  CHECK(metrics["losses_total"] == "1");
  CHECK(metrics["claims_total{result=\"won\"}"] == "2");
  CHECK(metrics["egress_active"] == "1");
  CHECK(metrics["rollbacks_total"] == "0");
  for (const std::string server : {"digitalocean", "metadata", "kubernetes"}) {
    CAPTURE(server);
    // The requests that the failed run gave up may have arrived.
    const int sent = sum_of_requests(metrics, server);
    const std::string none = metrics["requests_total{server=\"" + server + "\",status=\"none\"}"];
    CHECK(node.world.requests(server) <= sent);
    CHECK(node.world.requests(server) >= sent - (none.empty() ? 0 : std::stoi(none)));
  }
  measured.check_files(1);
}

TEST_CASE("metrics: no free address, is shown despite --ok-codes") {
  const Measured measured("198.51.100.1");
  measured.run(0);
  const std::string address_info = measured.address_info();
  measured.node.world.sim("PUT", "/droplets/1", {{"name", "other"}});
  measured.node.world.sim("POST", "/assign/198.51.100.1", {{"droplet", 1}});
  const auto run =
      support::run(measured.node.command({"--ok-codes", "10", "--metrics-file", measured.file}));
  CHECK(run.exit == 0);
  Metrics metrics = measured.read();
  CHECK(metrics["last_run_exit_code"] == "10");
  CHECK(metrics["egress_active"] == "0");
  CHECK(metrics["losses_total"] == "1");
  CHECK_FALSE(metrics.contains(address_info));
}

TEST_CASE("metrics: undone switch and release, are counted") {
  const Measured measured;
  measured.node.world.fault({{"server", "whatismyip"},
                             {"kind", "status"},
                             {"status", 200},
                             {"body", "192.0.2.99\n"},
                             {"count", -1}});
  measured.run(13, {"--verify-url", "https://192.0.2.1/"});
  Metrics metrics = measured.read();
  CHECK(metrics["rollbacks_total"] == "1");
  CHECK(metrics["egress_active"] == "0");
  CHECK(metrics[measured.address_info()] == "1");
  CHECK(metrics["last_success_timestamp_seconds"] == "0");
  CHECK(sum_of_requests(metrics, "verify") >= 1);

  measured.run(0);
  const auto run =
      support::run(measured.node.world.tool(measured.node.droplet,
                                            {"release", "--match-string", "node", "--floating-ips",
                                             "198.51.100.1,198.51.100.2,"
                                             "198.51.100.3,198.51.100.4"},
                                            {{"DO_EGRESS_IP_METRICS_FILE", measured.file}}));
  INFO(run.out, run.err);
  CHECK(run.exit == 0);
  metrics = measured.read();
  CHECK(metrics["egress_wanted"] == "0");
  CHECK(metrics["losses_total"] == "0");
  CHECK(metrics["rollbacks_total"] == "1");
  CHECK(metrics["runs_total{result=\"changed\",code=\"0\"}"] == "2");
}

TEST_CASE("metrics: name does not match, is written without a request") {
  const Measured measured;
  measured.run(0, {}, {{"NODE_NAME", "other"}});
  Metrics metrics = measured.read();
  CHECK(metrics["egress_wanted"] == "0");
  CHECK(metrics["runs_total{result=\"skipped\",code=\"0\"}"] == "1");
  CHECK(metrics["last_run_exit_code"] == "0");
  CHECK(measured.node.world.requests("metadata") == 0);
}

TEST_CASE("metrics: dry run and status, write no file") {
  const Measured measured;
  measured.run(0, {"--dry-run"});
  measured.check_files(0);
  for (const std::string command : {"status", "pool"}) {
    support::run(measured.node.world.tool(measured.node.droplet, {command},
                                          {{"DO_EGRESS_IP_MATCH_STRING", "node"},
                                           {"DO_EGRESS_IP_FLOATING_IPS", "198.51.100.1"},
                                           {"DO_EGRESS_IP_METRICS_FILE", measured.file}}));
    measured.check_files(0);
  }
}

TEST_CASE("metrics: unwritable file, is a warning only") {
  const Measured measured;
  std::filesystem::create_directory(measured.file);
  const auto run = support::run(measured.node.command({"--metrics-file", measured.file}));
  CHECK(run.exit == 0);
  CHECK(support::lines_with(run.err, "").size() == 1);
  CHECK(support::lines_with(run.err, "do-egress-ip: warning: --metrics-file: ").size() == 1);
  measured.node.check_egress();
  measured.check_files(1);
}

TEST_CASE("metrics: killed run, leaves the previous file intact") {
  const Measured measured;
  measured.run(0);
  const Metrics before = measured.read();
  measured.node.world.fault({{"server", "metadata"}, {"kind", "hang"}});
  measured.node.world.forget_requests();
  Child child(measured.node.command({"--metrics-file", measured.file}));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (measured.node.world.requests("metadata") == 0) {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
  }
  child.signal(SIGKILL);
  REQUIRE(child.wait().exit == 128 + SIGKILL);
  CHECK(measured.read() == before);
  measured.check_files(1);

  measured.folder.write("egress.prom.tmp", "half of someth");  // one that was killed while writing
  measured.node.world.sim("DELETE", "/faults");
  measured.run(0);
  CHECK(measured.read()["runs_total{result=\"unchanged\",code=\"0\"}"] == "1");
  measured.check_files(1);
}
