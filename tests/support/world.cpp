// SPDX-License-Identifier: Apache-2.0
#include "support/world.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace support {
namespace {

const std::string files = "/run/lab/";

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

Variables lab_environment() {
  return {{"PATH", variable("PATH")}, {"DO_SIM", DO_SIM}, {"DO_EGRESS_IP", program()}};
}

// Passes the sanitizer's options to the program under test.
void add_sanitizer(Variables& environment) {
  for (const char* name : {"ASAN_OPTIONS", "UBSAN_OPTIONS"}) {
    if (!variable(name).empty()) {
      environment[name] = variable(name);
    }
  }
}

std::vector<std::string> split(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) {
    words.push_back(word);
  }
  return words;
}

}  // namespace

const std::string& program() {
  static const std::string path =
      variable("DO_EGRESS_IP").empty() ? DO_EGRESS_IP : variable("DO_EGRESS_IP");
  return path;
}

bool is_program_sanitized() {
  std::ifstream file(program(), std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  return bytes.find("__asan_init") != std::string::npos;
}

World::World(const std::vector<std::string>& up) {
  std::vector<std::string> words = {"up"};
  words.insert(words.end(), up.begin(), up.end());
  if (std::ranges::find(up, "--public-looking") != up.end()) {
    internet_ = "45.55.2";
  }
  lab(words);
}

World::~World() {
  run({{LAB, "down"}, lab_environment()});
}

std::string World::lab(const std::vector<std::string>& words) const {
  Command command{{LAB}, lab_environment()};
  command.words.insert(command.words.end(), words.begin(), words.end());
  Run result = run(command);
  if (result.exit != 0) {
    throw std::runtime_error("lab " + words[0] + ": " + result.err);
  }
  if (result.out.ends_with('\n')) {
    result.out.pop_back();
  }
  return result.out;
}

void World::pool(const std::string& range) {
  lab({"pool", range});
  pool_.clear();
  const Json addresses = sim("GET", "/world").at("addresses");
  for (const auto& [address, entry] : addresses.items()) {
    pool_ += (pool_.empty() ? "" : ",") + address;
  }
}

Droplet World::droplet(const std::string& name, const std::string& topology) {
  lab({"droplet", name, std::to_string(++count_), topology});
  std::ifstream file(files + name + ".json");
  const Json facts = Json::parse(file);
  return {.name = name,
          .id = facts.at("id"),
          .public_address = facts.at("public"),
          .anchor = facts.at("anchor"),
          .public_nic = facts.at("public_nic"),
          .anchor_nic = facts.at("anchor_nic"),
          .public_gateway = facts.at("public_gateway"),
          .anchor_gateway = facts.at("anchor_gateway"),
          .pod_address = facts.at("pod"),
          .kubernetes = facts.at("kubernetes")};
}

Command World::tool(const Droplet& droplet, const std::vector<std::string>& arguments,
                    const Variables& changes) const {
  const std::string kubernetes =
      droplet.kubernetes.empty() ? "https://" + internet_ + ".3:6443" : droplet.kubernetes;
  Command command{{"nsenter", "--net=/run/netns/" + droplet.name, program()},
                  {{"PATH", variable("PATH")},
                   {"NODE_NAME", droplet.name},
                   {"POD_NAMESPACE", "do-egress-ip"},
                   {"DIGITALOCEAN_API_URL", "https://" + internet_ + ".2"},
                   {"SSL_CERT_FILE", files + "ca.pem"},
                   {"DO_EGRESS_IP_TOKEN_FILE", files + "token"},
                   {"DO_EGRESS_IP_KUBERNETES", "on"},
                   {"DO_EGRESS_IP_KUBE_API_URL", kubernetes},
                   {"DO_EGRESS_IP_KUBE_TOKEN_FILE", files + "kube-token"},
                   {"DO_EGRESS_IP_KUBE_CA_FILE", files + "ca.pem"}}};
  add_sanitizer(command.environment);
  for (const auto& [name, value] : changes) {
    command.environment.erase(name);
    if (!value.empty()) {
      command.environment[name] = value;
    }
  }
  std::vector<std::string> words = arguments;
  if (words.empty()) {
    words = {"--match-string", "node", "--floating-ips", pool_};
  }
  command.words.insert(command.words.end(), words.begin(), words.end());
  return command;
}

Command World::contained(const Droplet& droplet, const Command& command) const {
  Command result{{LAB, "container", droplet.name, "--"}, command.environment};
  result.words.insert(result.words.end(), command.words.begin(), command.words.end());
  return result;
}

Run World::reconcile(const Droplet& droplet, const std::vector<std::string>& more,
                     const Variables& changes) const {
  Command command = tool(droplet, {}, changes);
  command.words.insert(command.words.end(), more.begin(), more.end());
  return run(command);
}

Json World::reconcile_json(const Droplet& droplet, const std::vector<std::string>& more,
                           const Variables& changes) const {
  std::vector<std::string> words = more;
  words.insert(words.end(), {"-o", "json"});
  const Run result = reconcile(droplet, words, changes);
  Json document = Json::parse(result.out, nullptr, false);
  if (document.is_discarded()) {
    throw std::runtime_error("not JSON: " + result.out + result.err);
  }
  return document;
}

std::string World::seen_from(const std::string& netns, const std::string& source) const {
  return source.empty() ? lab({"whatismyip", netns})
                        : lab({"whatismyip", netns, "--source", source});
}

Json World::sim(const std::string& method, const std::string& path, const Json& body) const {
  const std::string answer = lab({"sim", method, path, body.is_null() ? "" : body.dump()});
  return answer.empty() ? Json() : Json::parse(answer);
}

std::vector<Json> World::journal(const std::string& server, const std::string& method) const {
  std::vector<Json> found;
  const Json journal = sim("GET", "/journal");
  for (const Json& request : journal.at("requests")) {
    if (request.at("server") == server && (method.empty() || request.at("method") == method)) {
      found.push_back(request);
    }
  }
  return found;
}

int World::requests(const std::string& server, const std::string& method) const {
  return static_cast<int>(journal(server, method).size());
}

int World::thefts() const {
  return static_cast<int>(sim("GET", "/journal").at("thefts").size());
}

Json World::holder(const std::string& address) const {
  return sim("GET", "/world").at("addresses").at(address).at("droplet");
}

std::vector<std::string> World::held_by(const Droplet& droplet) const {
  std::vector<std::string> held;
  const Json addresses = sim("GET", "/world").at("addresses");
  for (const auto& [address, entry] : addresses.items()) {
    if (entry.at("droplet") == droplet.id) {
      held.push_back(address);
    }
  }
  return held;
}

std::string World::label(const Droplet& droplet, const std::string& key) const {
  return sim("GET", "/world").at("nodes").at(droplet.name).at("labels").value(key, "");
}

std::string World::ip(const Droplet& droplet, const std::string& words) const {
  std::vector<std::string> command = {"exec", droplet.name, "ip"};
  const auto more = split(words);
  command.insert(command.end(), more.begin(), more.end());
  return lab(command);
}

}  // namespace support
