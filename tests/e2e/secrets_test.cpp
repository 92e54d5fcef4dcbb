// SPDX-License-Identifier: Apache-2.0
// Nothing that the program writes, shows or hands on has a token in it, however a run ends.
#include "node.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

using support::Child;
using support::Json;

namespace {

const std::string api_token = "dop_v1_SECRET0123456789abcdef";
const std::string kube_token = "eyJSECRET.service.account";

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// A node whose tokens are known, in files, and a place for the termination message.
struct Secretive {
  Node node;
  std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("secrets-" + std::to_string(getpid()));

  Secretive() {
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "token") << api_token << "\n";
    std::ofstream(folder / "kube-token") << kube_token << "\n";
    node.world.sim("PUT", "/tokens/" + api_token,
                   {{"scopes", {"reserved_ip:read", "reserved_ip:update", "droplet:read"}}});
    node.world.sim("PUT", "/kube-tokens/" + kube_token, Json::object());
  }
  Secretive(const Secretive&) = delete;
  Secretive& operator=(const Secretive&) = delete;
  ~Secretive() { std::filesystem::remove_all(folder); }

  support::Command command(const std::vector<std::string>& more) const {
    return node.command(more, {{"DO_EGRESS_IP_TOKEN_FILE", folder / "token"},
                               {"DO_EGRESS_IP_KUBE_TOKEN_FILE", folder / "kube-token"},
                               {"DO_EGRESS_IP_TERMINATION_LOG", folder / "word"}});
  }

  void check_silent(const std::string& text) const {
    CHECK(text.find("SECRET") == std::string::npos);
  }

  int run(const std::vector<std::string>& more) const {
    const support::Run run = support::run(command(more));
    check_silent(run.out);
    check_silent(run.err);
    check_silent(content_of(folder / "word"));
    return run.exit;
  }
};

}  // namespace

TEST_CASE("secrets: in no output, log, result or termination message of any outcome") {
  const Secretive secretive;
  const auto& world = secretive.node.world;
  const std::vector<std::string> loud = {"-v", "--log-format", "json"};
  CHECK(secretive.run({"-v"}) == 0);
  CHECK(secretive.run({"status", "-v"}) == 0);
  CHECK(secretive.run({"release", "-v"}) == 0);
  // Servers that say back what they were sent, as careless ones do.
  for (const int status : {200, 401, 403, 404, 422, 429, 500}) {
    for (const std::string server : {"digitalocean", "kubernetes"}) {
      CAPTURE(server);
      CAPTURE(status);
      CHECK(secretive.run({"release", "-q"}) == 0);
      world.fault({{"server", server}, {"kind", "status"}, {"status", status}, {"count", -1}});
      CHECK(secretive.run({"-v", "--timeout", "2s"}) != 0);
      world.sim("DELETE", "/faults");
    }
  }
  for (const std::string kind : {"reset", "cut-json", "garbage"}) {
    CAPTURE(kind);
    CHECK(secretive.run({"release", "--log-format", "json"}) == 0);
    world.fault({{"server", "digitalocean"}, {"kind", kind}, {"count", -1}});
    CHECK(secretive.run({"-v", "--timeout", "2s"}) != 0);
    world.sim("DELETE", "/faults");
  }
  CHECK(secretive.run(loud) == 0);
}

TEST_CASE("secrets: not in what others see of the process, or of its guard") {
  const Secretive secretive;
  const auto& world = secretive.node.world;
  world.fault({{"server", "whatismyip"}, {"kind", "hang"}, {"count", -1}});
  Child child(secretive.command({"--verify-url", "https://192.0.2.1/"}));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (world.journal("whatismyip").empty()) {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
  }
  int processes = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const auto name = entry.path() / "cmdline";
    const std::string line = content_of(name);
    if (line.find("--verify-url") == std::string::npos) {
      continue;
    }
    ++processes;  // the program, and the guard of its switch
    secretive.check_silent(line);
    secretive.check_silent(content_of(entry.path() / "environ"));
  }
  CHECK(processes == 2);
}
