// SPDX-License-Identifier: Apache-2.0
#include "contract/proxy.hpp"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace {

const std::string url = "http://127.0.0.1:4010";

std::string log_text() {
  std::ifstream file("/run/lab/prism.log");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Waits until the log contains the word, and returns it.
std::string log_with(const std::string& word) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  std::string text = log_text();
  while (text.find(word) == std::string::npos) {
    if (std::chrono::steady_clock::now() > deadline) {
      throw std::runtime_error("the validator does not say \"" + word + "\": " + text);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    text = log_text();
  }
  return text;
}

support::Command proxy_for(const support::Droplet& droplet) {
  support::Command command{{PROXY, droplet.name}};
  for (const char* name : {"PATH", "NODE_PATH"}) {
    const char* value = std::getenv(name);
    command.environment[name] = value == nullptr ? "" : value;
  }
  return command;
}

}  // namespace

Proxied::Proxied() {
  prism_.emplace(proxy_for(node.droplet));
  log_with("Prism is listening");
}

void Proxied::run(int exit, const std::string& command, const std::vector<std::string>& more,
                  const support::Variables& changes) const {
  std::vector<std::string> words = {command.empty() ? "reconcile" : command, "-o", "json"};
  words.insert(words.end(), more.begin(), more.end());
  support::Variables variables = {
      {"DIGITALOCEAN_API_URL", url},
      {"DO_EGRESS_IP_MATCH_STRING", "node"},
      {"DO_EGRESS_IP_FLOATING_IPS", "198.51.100.1,198.51.100.2,198.51.100.3,198.51.100.4"}};
  for (const auto& [name, value] : changes) {
    variables[name] = value;
  }
  const support::Run run = support::run(node.world.tool(node.droplet, words, variables));
  CHECK_MESSAGE(run.exit == exit, run.err);
}

Proxied::Answer Proxied::ask(const std::vector<std::string>& curl) const {
  std::vector<std::string> command = {"exec",     node.droplet.name, "curl",
                                      "--silent", "--write-out",     "\n%{http_code}"};
  command.insert(command.end(), curl.begin(), curl.end());
  command.back() = url + command.back();
  const std::string text = node.world.lab(command);
  const auto end = text.rfind('\n');
  return {.status = std::stoi(text.substr(end + 1)), .body = text.substr(0, end)};
}

std::vector<std::string> Proxied::complaints() const {
  // The log may lag: a request that is certainly refused marks its end.
  const std::string mark = "/mark/" + std::to_string(++marks_);
  ask({mark});
  std::istringstream log(log_with(mark + " ✖"));
  std::vector<std::string> found;
  for (std::string line; std::getline(log, line);) {
    const bool complaint = line.find("Violation: ") != std::string::npos ||
                           line.find("terminated with error") != std::string::npos;
    if (complaint && line.find("/mark/") == std::string::npos) {
      found.push_back(line);
    }
  }
  return found;
}

std::set<std::string> Proxied::calls() const {
  std::set<std::string> found;
  for (const support::Json& request : node.world.journal("digitalocean")) {
    std::string path = request.at("path");
    path =
        std::regex_replace(path, std::regex("reserved_ips/[0-9.]+"), "reserved_ips/{reserved_ip}");
    path = std::regex_replace(path, std::regex("actions/[0-9]+"), "actions/{action_id}");
    path = std::regex_replace(path, std::regex("droplets/[0-9]+"), "droplets/{droplet_id}");
    std::string method = request.at("method");
    std::ranges::transform(method, method.begin(), [](unsigned char c) { return std::tolower(c); });
    found.insert(method + " " + path + " " + std::to_string(request.at("status").get<int>()));
  }
  return found;
}
