// SPDX-License-Identifier: Apache-2.0
// No output, file or argument of the program contains a token, however a run ends.
#include "secretive.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>

using support::Child;
using support::Json;

namespace {

// A careless server that repeats the request in its answer.
Json echo(const std::string& server, int status, const std::string& token) {
  const Json body = {{"id", "echo"}, {"message", "refused: Authorization: Bearer " + token}};
  return {{"server", server},
          {"kind", "status"},
          {"status", status},
          {"body", body.dump()},
          {"count", -1}};
}

// The /proc folders of processes with this word in their command line.
std::vector<std::filesystem::path> processes_with(const std::string& word) {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    if (content_of(entry.path() / "cmdline").find(word) != std::string::npos) {
      found.push_back(entry.path());
    }
  }
  return found;
}

void await_request(const support::World& world, const std::string& server) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (world.journal(server).empty()) {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
  }
}

}  // namespace

TEST_CASE("secrets: successful run, in no output, log, result or file") {
  const Secretive secretive;
  for (const std::string output : {"text", "json"}) {
    for (const std::string log : {"text", "json"}) {
      const std::vector<std::string> loud = {"-v", "-o", output, "--log-format", log};
      const auto run = [&](const std::string& command) {
        auto words = loud;
        words.push_back(command);
        return secretive.run(words);
      };
      CHECK(run("reconcile") == 0);
      CHECK(run("reconcile") == 0);
      CHECK(run("status") == 0);
      CHECK(run("doctor") == 0);
      CHECK(run("release") == 0);
    }
  }
  CHECK(secretive.bare({"pool", "-v", "--floating-ips", "198.51.100.1"}) == 0);
  // Nor in what other programs keep of it.
  Secretive::check_silent(secretive.node.world.sim("GET", "/world").dump());
  Secretive::check_silent(secretive.node.world.sim("GET", "/journal").dump());
}

TEST_CASE("secrets: server refuses and repeats the request, in no output") {
  const Secretive secretive;
  const auto& world = secretive.node.world;
  for (const int status : {200, 401, 403, 404, 422, 429, 500}) {
    for (const std::string server : {"digitalocean", "kubernetes"}) {
      CAPTURE(server);
      CAPTURE(status);
      CHECK(secretive.run({"release", "-q"}) == 0);
      world.fault(echo(server, status,
                       server == "kubernetes" ? secretive.kube_token : secretive.api_token));
      CHECK(secretive.run({"-v", "--timeout", "2s", "-o", "json"}) != 0);
      CHECK(secretive.run({"doctor", "-v", "-o", "json"}) != 0);
      world.sim("DELETE", "/faults");
    }
  }
  Secretive::check_silent(world.sim("GET", "/world").dump());
}

TEST_CASE("secrets: connection or answer breaks, in no output") {
  const Secretive secretive;
  const auto& world = secretive.node.world;
  for (const std::string kind : {"reset", "cut-json", "garbage", "truncate", "hang"}) {
    CAPTURE(kind);
    CHECK(secretive.run({"release", "--log-format", "json"}) == 0);
    world.fault({{"server", "digitalocean"}, {"kind", kind}, {"count", -1}});
    CHECK(secretive.run({"-v", "--timeout", "2s"}) != 0);
    CHECK(secretive.run({"doctor", "-v", "--timeout", "2s"}) != 0);
    world.sim("DELETE", "/faults");
  }
  const std::string stranger = secretive.secrets / "stranger.pem";
  const support::Run made =
      support::run({{"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj",
                     "/CN=stranger", "-keyout", "/dev/null", "-out", stranger}});
  REQUIRE(made.exit == 0);
  CHECK(secretive.run({"-v", "--timeout", "30s"}, {{"SSL_CERT_FILE", stranger}}) == 69);
  CHECK(secretive.run({"-v", "--timeout", "30s"}, {{"DO_EGRESS_IP_KUBE_CA_FILE", stranger}}) == 15);
}

TEST_CASE("secrets: process and guard, show nothing to others") {
  const Secretive secretive;
  const auto& world = secretive.node.world;
  world.fault({{"server", "whatismyip"}, {"kind", "hang"}, {"skip", 1}, {"count", -1}});
  Child child(secretive.command(Secretive::usual({"-v", "--verify-url", "https://192.0.2.1/"})));
  auto processes = processes_with("--verify-url");
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (processes.size() < 2) {  // the program and the guard of its switch
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    processes = processes_with("--verify-url");
  }
  for (const auto& process : processes) {
    Secretive::check_silent(content_of(process / "cmdline"));
    Secretive::check_silent(content_of(process / "environ"));
  }
  child.signal(SIGTERM);
  const support::Run run = child.wait();
  secretive.check_silent(run);
  CHECK(run.exit == 143);
}

TEST_CASE("secrets: token in the environment, in nothing that is written") {
  const Secretive secretive;
  for (const char* name : {"DIGITALOCEAN_ACCESS_TOKEN", "DIGITALOCEAN_TOKEN", "DO_TOKEN"}) {
    const support::Variables variables = {{"DO_EGRESS_IP_TOKEN_FILE", ""},
                                          {name, " '" + secretive.api_token + "'\r\n"}};
    CHECK(secretive.run({"-v"}, variables) == 0);
    CHECK(secretive.run({"release", "-v"}, variables) == 0);
    secretive.node.world.fault(echo("digitalocean", 401, secretive.api_token));
    CHECK(secretive.run({"-v", "-o", "json"}, variables) == 77);
    secretive.node.world.sim("DELETE", "/faults");
  }
}

TEST_CASE("secrets: no core file, and only root may look into the process") {
  const std::vector<std::string> nobody = {"setpriv", "--reuid=65534", "--clear-groups"};
  auto probe = nobody;
  probe.emplace_back("true");
  if (support::run({probe, {{"PATH", std::getenv("PATH")}}}).exit != 0) {
    MESSAGE("skipped: there is one user here only");
    return;
  }
  const Secretive secretive;
  const auto& world = secretive.node.world;
  world.fault({{"server", "metadata"}, {"kind", "hang"}, {"count", -1}});
  auto command = secretive.command(Secretive::usual({"--kubernetes", "off", "--dry-run"}));
  const std::filesystem::path copy = "/run/do-egress-ip";
  std::filesystem::copy_file(support::program(), copy);
  *std::ranges::find(command.words, support::program()) = copy;
  command.words.insert(std::ranges::find(command.words, copy.string()), nobody.begin(),
                       nobody.end());
  const Child child(command);
  await_request(world, "metadata");

  const auto processes = processes_with(copy);

  REQUIRE(processes.size() == 1);
  struct stat facts = {};
  REQUIRE(stat((processes[0] / "environ").c_str(), &facts) == 0);
  CHECK(facts.st_uid == 0);
}
