// SPDX-License-Identifier: Apache-2.0
// The output of a run: the result on stdout as text and JSON, messages on stderr, the exit code,
// the termination log. None of it contains a secret.
#include "node.hpp"
#include "unit/temporary_folder.hpp"

#include <fstream>
#include <set>
#include <sstream>

using support::Json;
using support::Run;
using support::Variables;

namespace {

const std::set<std::string> actions = {"acquire-lease", "release-lease",  "assign",
                                       "set-route",     "remove-route",   "add-rule",
                                       "label-node",    "remove-rule",    "replace-default",
                                       "set-marking",   "remove-marking", "confirm-default"};

std::set<std::string> keys(const Json& object) {
  std::set<std::string> names;
  for (const auto& [key, value] : object.items()) {
    names.insert(key);
  }
  return names;
}

// The document has all fields of the contract with their types.
void check_schema(const Json& result) {
  INFO(result.dump());
  CHECK(keys(result) == std::set<std::string>{"schema", "command", "version", "node", "result",
                                              "exit", "droplet", "floating_ip", "route", "labels",
                                              "destinations", "pods", "steps", "error", "requests",
                                              "gate_taint", "lease", "retry_after_seconds",
                                              "elapsed_seconds"});
  CHECK(result.at("schema") == 1);
  CHECK(result.at("command") == "reconcile");
  CHECK(result.at("version").is_string());
  CHECK(keys(result.at("exit")) == std::set<std::string>{"code", "name", "retry"});
  CHECK(result.at("exit").at("retry").is_boolean());
  for (const Json& step : result.at("steps")) {
    CHECK(keys(step) == std::set<std::string>{"action", "target", "reason", "result", "detail"});
    CHECK(actions.contains(step.at("action").get<std::string>()));
    CHECK_FALSE(step.at("target").get<std::string>().empty());
    CHECK_FALSE(step.at("reason").get<std::string>().empty());
  }
  CHECK(result.at("elapsed_seconds").get<double>() >= 0);
}

void check_counted(const Node& node, const Json& result) {
  for (const auto& [server, count] : result.at("requests").items()) {
    CAPTURE(server);
    CHECK(count == node.world.requests(server));
  }
}

std::string content(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// stdout of the program is what `shell` redirects.
Run run_in_shell(const Node& node, const std::string& shell,
                 const std::vector<std::string>& arguments) {
  support::Command command = node.world.tool(node.droplet);
  const std::vector<std::string> words = {"sh", "-c", shell, "sh"};
  command.words.insert(command.words.begin(), words.begin(), words.end());
  command.words.insert(command.words.end(), arguments.begin(), arguments.end());
  return support::run(command);
}

}  // namespace

TEST_CASE("result: JSON of a first, steady, failed and skipped run, fits the schema") {
  const Node node;
  const Json first = node.run(0);
  check_schema(first);
  check_counted(node, first);
  const std::string address = node.world.held_by(node.droplet).at(0);
  CHECK(first.at("node") == "node-1");
  CHECK(first.at("result") == "changed");
  CHECK(first.at("exit") == Json{{"code", 0}, {"name", "ok"}, {"retry", false}});
  CHECK(first.at("droplet") == Json{{"id", node.droplet.id}, {"region", "nyc3"}});
  CHECK(first.at("floating_ip") == address);
  CHECK(first.at("route") == Json{{"gateway", "10.17.0.1"},
                                  {"device", node.droplet.anchor_nic},
                                  {"source", node.droplet.anchor}});
  CHECK(first.at("steps").size() == 17);
  CHECK(first.at("steps")[0].at("action") == "acquire-lease");
  CHECK(first.at("steps")[1].at("action") == "assign");
  CHECK(first.at("steps")[16].at("action") == "label-node");
  for (const Json& step : first.at("steps")) {
    CHECK(step.at("result") == "done");
  }

  node.world.forget_requests();
  const Json steady = node.run(0);
  check_schema(steady);
  check_counted(node, steady);
  CHECK(steady.at("result") == "unchanged");
  CHECK(steady.at("steps").empty());
  CHECK(steady.at("floating_ip") == address);

  node.world.forget_requests();
  node.world.fault({{"server", "metadata"}, {"kind", "status"}, {"status", 404}});
  const Json failed = node.run(69);
  check_schema(failed);
  CHECK(failed.at("requests").at("metadata") == 1);
  CHECK(failed.at("droplet").is_null());
  CHECK(failed.at("floating_ip").is_null());
  CHECK(keys(failed.at("error")) == std::set<std::string>{"message", "hint"});
  CHECK(failed.at("exit") == Json{{"code", 69}, {"name", "unavailable"}, {"retry", true}});

  const Json skipped = node.run(0, {}, {{"NODE_NAME", "other"}});
  check_schema(skipped);
  CHECK(skipped.at("result") == "skipped");
}

TEST_CASE("result: text, has one aligned line per step, and one for the end") {
  const Node node;
  const Run run = node.world.reconcile(node.droplet);
  const std::string address = node.world.held_by(node.droplet).at(0);
  const auto lines = support::lines_with(run.out, "");
  REQUIRE(lines.size() == 19);
  CHECK(lines[0] == "lease            " + address);
  CHECK(lines[1].starts_with("reserved IP      " + address + " to droplet "));
  CHECK(lines[14] ==
        "default route    10.17.0.1 dev eth0 src 10.17.0.5   (was 203.0.113.1 dev eth0)");
  CHECK(lines[15] == "confirmed        10.17.0.1 dev eth0 src 10.17.0.5");
  CHECK(lines[17].starts_with("pods             anchor: "));
  CHECK(lines[18] == "changed: node-1: egress IP " + address);
  for (const std::string& line : lines) {
    CHECK_MESSAGE(line.size() <= 100, line);
  }
  CHECK(run.err.empty());
}

TEST_CASE("result: failed run, is named once on stdout, explained on stderr") {
  const Node node;
  node.world.fault({{"server", "metadata"}, {"kind", "status"}, {"status", 404}});
  const Run failed = node.world.reconcile(node.droplet);
  CHECK(failed.out == "failed: unavailable (69)\n");
  CHECK(support::errors(failed).size() == 1);
  CHECK(support::hints(failed).size() == 1);
  CHECK(support::lines_with(failed.err, "").size() == 2);
}

TEST_CASE("result: --log-format json, writes one document per line, none on stdout") {
  const Node node;
  node.world.fault({{"server", "digitalocean"}, {"kind", "status"}, {"status", 401}});
  const Run run = node.world.reconcile(node.droplet, {"--log-format", "json", "-v"});
  CHECK(run.exit == 77);
  std::multiset<std::string> levels;
  for (const std::string& line : support::lines_with(run.err, "")) {
    const Json message = Json::parse(line);
    CHECK(keys(message) == std::set<std::string>{"level", "message"});
    levels.insert(message.at("level").get<std::string>());
  }
  CHECK(levels.count("error") == 1);
  CHECK(levels.count("hint") == 1);
  CHECK(levels.count("debug") >= 3);
  CHECK(run.out.find("\"level\"") == std::string::npos);
}

TEST_CASE("result: -v logs every request without secrets, -q only errors") {
  const unit::TemporaryFolder folder;
  const Node node;
  const std::string log = folder.path("termination-log");
  std::string told;
  const auto run = [&](int exit, const std::vector<std::string>& more) {
    Run done = node.world.reconcile(node.droplet, more);
    INFO(done.out, done.err);
    CHECK(done.exit == exit);
    told += done.out + done.err + content(log);
    return done;
  };

  const Run loud = run(0, {"-v", "--termination-log", log});
  int requests = 0;
  for (const std::string server : {"digitalocean", "metadata", "kubernetes"}) {
    requests += node.world.requests(server);
  }
  const int connections = 3;  // one for the proof, two for the confirmation
  const std::size_t decisions = support::lines_with(loud.err, "do-egress-ip: debug: claim ").size();
  CHECK(decisions > 0);
  CHECK(support::lines_with(loud.err, "do-egress-ip: debug: ").size() ==
        static_cast<std::size_t>(requests + connections) + decisions);
  CHECK(run(0, {"-q"}).err.empty());
  node.world.sim("DELETE", "/nodes/node-1");
  CHECK(support::lines_with(run(15, {"-q"}).err, "").size() == 2);
  for (const std::string server : {"digitalocean", "kubernetes"}) {  // they repeat what they got
    node.world.fault({{"server", server},
                      {"kind", "status"},
                      {"status", 401},
                      {"count", -1},
                      {"body", {{"message", "no such token"}}}});
  }
  node.world.sim("POST", "/unassign/" + node.world.held_by(node.droplet).at(0));
  run(77, {"-v", "-o", "json", "--termination-log", log});

  for (const std::string secret : {"dop_v1", "kube-lab", "Bearer", "uthorization:"}) {
    CAPTURE(secret);
    CHECK(told.find(secret) == std::string::npos);
  }
}

TEST_CASE("result: termination log, gets the result as one line after any run") {
  const unit::TemporaryFolder folder;
  const std::string log = folder.path("termination-log");
  const Node node;
  const Json result = node.run(0, {"--termination-log", log});
  CHECK(support::lines_with(content(log), "").size() == 1);
  CHECK(Json::parse(content(log)) == result);

  node.world.fault({{"server", "metadata"}, {"kind", "status"}, {"status", 404}});
  const Json failed = node.run(69, {}, {{"DO_EGRESS_IP_TERMINATION_LOG", log}});
  CHECK(support::lines_with(content(log), "").size() == 1);
  CHECK(Json::parse(content(log)) == failed);
}

TEST_CASE("result: --detailed-exitcode, tells changed, unchanged and not matched apart") {
  const Node node;
  const std::vector<std::string> detailed = {"--detailed-exitcode"};
  CHECK(node.world.reconcile(node.droplet, {"--detailed-exitcode", "--dry-run"}).exit == 2);
  CHECK(node.world.reconcile(node.droplet, detailed).exit == 2);
  CHECK(node.world.reconcile(node.droplet, detailed).exit == 0);
  CHECK(node.world.reconcile(node.droplet, {"--detailed-exitcode", "--dry-run"}).exit == 0);
  CHECK(node.world.reconcile(node.droplet, detailed, {{"NODE_NAME", "other"}}).exit == 3);
  node.world.fault({{"server", "metadata"}, {"kind", "status"}, {"status", 404}});
  CHECK(node.world.reconcile(node.droplet, detailed).exit == 69);
}

TEST_CASE("result: --ok-codes, exits 0 and the result shows the real code") {
  const Node node("198.51.100.1");
  node.world.sim("PUT", "/droplets/1", {{"name", "other"}});
  node.world.sim("POST", "/assign/198.51.100.1", {{"droplet", 1}});
  CHECK(node.world.reconcile(node.droplet, {"--ok-codes", "75"}).exit == 10);
  const Run run = node.world.reconcile(node.droplet, {"--ok-codes", "10,75", "-o", "json"});
  CHECK(run.exit == 0);
  CHECK(Json::parse(run.out).at("exit").at("code") == 10);
  CHECK(support::errors(run).size() == 1);
}

TEST_CASE("result: full or closed stdout, the run goes on and ends with 71") {
  const Node node;
  for (const auto& [shell, why] : {std::pair{"exec \"$@\" >/dev/full", "No space left on device"},
                                   std::pair{"exec \"$@\" >&-", "Bad file descriptor"}}) {
    CAPTURE(std::string(shell));
    for (const std::string format : {"text", "json"}) {
      const Run lost = run_in_shell(node, shell, {"-o", format});
      INFO(lost.err);
      CHECK(lost.exit == 71);
      REQUIRE(support::errors(lost).size() == 1);
      CHECK(support::errors(lost)[0].ends_with(std::string("cannot write stdout: ") + why));
      node.check_egress();
    }
    CHECK(run_in_shell(node, shell, {"status"}).exit == 71);
    CHECK(run_in_shell(node, shell, {"--help"}).exit == 71);
    CHECK(run_in_shell(node, shell, {"--timeout", "5"}).exit == 64);
  }
}

TEST_CASE("result: reader of stdout that is gone, the run goes on") {
  const Node node;
  const unit::TemporaryFolder folder;
  const std::string closed = folder.path("closed");
  const std::string shell = "mkfifo " + closed + "; { read -r word <" + closed +
                            "; \"$@\"; echo \"exit $?\" >&2; } | { exec <&-; echo go >" + closed +
                            "; }";
  const Run run = run_in_shell(node, shell, {});
  INFO(run.err);
  CHECK(run.err.ends_with("cannot write stdout: Broken pipe\nexit 71\n"));
  node.check_egress();
}
