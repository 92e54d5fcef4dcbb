// SPDX-License-Identifier: Apache-2.0
#include "kube/cluster.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace kube {
namespace {

using std::chrono::steady_clock;

const std::string files = "/run/kube/";
const std::string pool =
    "198.51.100.1,198.51.100.2,198.51.100.3,198.51.100.4,"
    "198.51.100.5,198.51.100.6,198.51.100.7,198.51.100.8";
constexpr std::chrono::seconds patience{30};

support::Variables environment() {
  return {{"PATH", std::getenv("PATH")}};
}

std::vector<std::string> split(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) {
    words.push_back(word);
  }
  return words;
}

Json node_object(const Droplet& droplet) {
  return {{"apiVersion", "v1"},
          {"kind", "Node"},
          {"metadata",
           {{"name", droplet.name},
            {"labels", {{"kubernetes.io/hostname", droplet.name}, {"kubernetes.io/os", "linux"}}}}},
          {"spec",
           {{"providerID", "digitalocean://" + std::to_string(droplet.id)},
            {"taints", {{{"key", gate_key}, {"effect", "NoSchedule"}}}}}}};
}

}  // namespace

std::string write_file(const std::string& name, const std::string& text) {
  std::string path = files + name;
  std::ofstream(path) << text;
  return path;
}

Cluster::Cluster() {
  world_.pool("198.51.100.1-8");
  call({"up"});
  kubectl("create namespace " + name_space);
  call({"helm", "install", "do-egress-ip", CHART, "--namespace", name_space, "--set-string",
        "matchString=node,token.existingSecret=digitalocean,gateTaint=" + gate, "--set",
        "interval=1,fullInterval=5,floatingIPs={198.51.100.1,198.51.100.2},verifyUrls={https://"
        "192.0.2.1/}"});
  wait_for_policies();
}

Cluster::~Cluster() {
  ask({"down"});
}

// The API server enforces a policy only after it has compiled it.
void Cluster::wait_for_policies() const {
  const Droplet probe{.name = "probe"};
  apply(node_object(probe), "create");
  const std::string lease =
      write_file("probe.json", Json{{"apiVersion", "coordination.k8s.io/v1"},
                                    {"kind", "Lease"},
                                    {"metadata", {{"name", "probe"}, {"namespace", name_space}}},
                                    {"spec", {{"holderIdentity", "nobody"}}}}
                                   .dump());
  const auto refused = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"kubectl", "--token", token(probe)});
    words.emplace_back("--dry-run=server");
    return ask(words).exit != 0;
  };
  const auto deadline = steady_clock::now() + patience;
  while (!refused({"label", "node", "probe", "probe=me"}) ||
         !refused({"create", "--filename", lease})) {
    if (steady_clock::now() > deadline) {
      throw std::runtime_error("the chart's policies are not in force after half a minute");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  }
  kubectl("delete node probe --wait=false");
}

Droplet Cluster::node(const std::string& name, const std::string& topology) {
  Droplet droplet = world_.droplet(name, topology);
  apply(node_object(droplet), "create");
  return droplet;
}

std::string Cluster::taken() {
  const std::string address = "198.51.100.99";
  if (elsewhere_.id == 0) {
    elsewhere_ = world_.droplet("elsewhere");
    world_.sim("PUT", "/addresses/" + address, {{"droplet", elsewhere_.id}});
  }
  return address;
}

Run Cluster::ask(const std::vector<std::string>& words) const {
  support::Command command{{CLUSTER}, environment()};
  command.words.insert(command.words.end(), words.begin(), words.end());
  return support::run(command);
}

std::string Cluster::call(const std::vector<std::string>& words) const {
  Run result = ask(words);
  if (result.exit != 0) {
    throw std::runtime_error("cluster " + words[0] + ": " + result.err + result.out);
  }
  if (result.out.ends_with('\n')) {
    result.out.pop_back();
  }
  return result.out;
}

std::string Cluster::kubectl(const std::string& words) const {
  std::vector<std::string> command = split(words);
  command.insert(command.begin(), "kubectl");
  return call(command);
}

Json Cluster::get(const std::string& words) const {
  return Json::parse(kubectl("get --output json " + words));
}

void Cluster::apply(const Json& object, const std::string& verb) const {
  kubectl(verb + " --filename " + write_file("object.json", object.dump()));
}

std::string Cluster::token(const Droplet& node) const {
  return call({"token", name_space, account, node.name});
}

Run Cluster::patch(const Droplet& with, const std::string& node, const Json& change) const {
  return ask({"kubectl", "--token", token(with), "patch", "node", node, "--type", "merge",
              "--patch", change.dump()});
}

support::Command Cluster::tool(const Droplet& droplet, const std::vector<std::string>& more,
                               const support::Variables& changes) const {
  support::Variables variables = {
      {"DO_EGRESS_IP_KUBE_API_URL", call({"url"})},
      {"DO_EGRESS_IP_KUBE_CA_FILE", files + "ca.pem"},
      {"DO_EGRESS_IP_KUBE_TOKEN_FILE", write_file(droplet.name + ".token", token(droplet))},
      {"POD_NAMESPACE", name_space},
      {"DO_EGRESS_IP_FLOATING_IPS", pool}};
  for (const auto& [name, value] : changes) {
    variables[name] = value;
  }
  support::Command command =
      world_.tool(droplet, {"--match-string", "node", "-o", "json"}, variables);
  command.words.insert(command.words.end(), more.begin(), more.end());
  return command;
}

Json Cluster::reconcile(const Droplet& droplet, int exit, const std::vector<std::string>& more,
                        const support::Variables& changes) const {
  const Run run = support::run(tool(droplet, more, changes));
  INFO(run.out, run.err);
  CHECK(run.exit == exit);
  return Json::parse(run.out);
}

std::string Cluster::label(const Droplet& node, const std::string& key) const {
  return get("node " + node.name).at("metadata").at("labels").value(key, "");
}

Json Cluster::taints(const Droplet& node) const {
  return get("node " + node.name).at("spec").value("taints", Json::array());
}

bool Cluster::is_gated(const Droplet& node) const {
  for (const Json& taint : taints(node)) {
    if (taint.at("key") == gate_key) {
      return true;
    }
  }
  return false;
}

// Adds to the list, so that taints added by others at the same time stay.
void Cluster::add_gate(const Droplet& node) const {
  const Json gate_taint = {{"key", gate_key}, {"effect", "NoSchedule"}};
  call({"kubectl", "patch", "node", node.name, "--type", "json", "--patch",
        Json::array({Json{{"op", "add"}, {"path", "/spec/taints/-"}, {"value", gate_taint}}})
            .dump()});
}

void Cluster::check_egress(const Droplet& node) const {
  const auto held = world_.held_by(node);
  REQUIRE(held.size() == 1);
  CHECK(world_.seen_from(node.name) == held[0]);
  CHECK(label(node) == "true");
  CHECK(label(node, support::address_label) == held[0]);
}

Cluster& cluster() {
  static Cluster it;
  return it;
}

}  // namespace kube
