// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "node.hpp"

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>

inline std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// A word that no other test uses: process numbers start again in each world.
inline std::filesystem::path own_folder() {
  std::string name = std::filesystem::temp_directory_path() / "secrets-XXXXXX";
  REQUIRE(mkdtemp(name.data()) != nullptr);
  std::filesystem::permissions(name, std::filesystem::perms{0755});
  return name;
}

// A node whose tokens contain the word SECRET. Nothing that its runs print, log or write may
// contain that word.
struct Secretive {
  const std::string api_token = "dop_v1_SECRET0123456789abcdef";
  const std::string kube_token = "eyJhbGciSECRET.eyJpc3MiSECRET.c2lnSECRET-_";
  Node node;
  std::filesystem::path secrets = own_folder();
  std::filesystem::path written = secrets / "written";

  Secretive() {
    std::filesystem::create_directories(written);
    put("token", api_token + "\n");
    put("kube-token", kube_token + "\n");
    node.world.sim("PUT", "/tokens/" + api_token,
                   {{"scopes", {"reserved_ip:read", "reserved_ip:update", "droplet:read"}}});
    node.world.sim("PUT", "/kube-tokens/" + kube_token, support::Json::object());
  }
  Secretive(const Secretive&) = delete;
  Secretive& operator=(const Secretive&) = delete;
  ~Secretive() { std::filesystem::remove_all(secrets); }

  // A file beside the tokens; its path.
  std::string put(const std::string& name, const std::string& text) const {
    std::ofstream(secrets / name, std::ios::binary) << text;
    return secrets / name;
  }

  // The program with exactly these arguments.
  support::Command command(const std::vector<std::string>& words,
                           const support::Variables& changes = {}) const {
    support::Variables variables = {{"DO_EGRESS_IP_TOKEN_FILE", secrets / "token"},
                                    {"DO_EGRESS_IP_KUBE_TOKEN_FILE", secrets / "kube-token"},
                                    {"DO_EGRESS_IP_TERMINATION_LOG", written / "word"},
                                    {"DO_EGRESS_IP_METRICS_FILE", written / "metrics.prom"}};
    for (const auto& [name, value] : changes) {
      variables[name] = value;
    }
    return node.world.tool(node.droplet, words, variables);
  }

  static void check_silent(const std::string& text) {
    CHECK_MESSAGE(text.find("SECRET") == std::string::npos, text);
  }

  void check_silent(const support::Run& run) const {
    check_silent(run.out);
    check_silent(run.err);
    for (const auto& entry : std::filesystem::directory_iterator(written)) {
      check_silent(content_of(entry.path()));
    }
  }

  // One run with exactly these arguments; its exit.
  int bare(const std::vector<std::string>& words, const support::Variables& changes = {}) const {
    const support::Run run = support::run(command(words, changes));
    check_silent(run);
    return run.exit;
  }

  // One run for this node and pool, with more arguments.
  static std::vector<std::string> usual(const std::vector<std::string>& more) {
    std::vector<std::string> words = {"--match-string", "node", "--floating-ips",
                                      "198.51.100.1,198.51.100.2"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  int run(const std::vector<std::string>& more, const support::Variables& changes = {}) const {
    return bare(usual(more), changes);
  }
};
