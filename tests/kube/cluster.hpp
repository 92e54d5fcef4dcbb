// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/world.hpp"

#include <string>
#include <vector>

namespace kube {

using support::Droplet;
using support::Json;
using support::Run;

inline const std::string name_space = "do-egress-ip";
inline const std::string account = "do-egress-ip";
inline const std::string gate_key = "egress.example.com/missing";
inline const std::string gate = gate_key + ":NoSchedule";

// The simulated network with a real API server (tests/kube/cluster) and the installed chart. The
// test process must have been started by `lab world`.
class Cluster {
 public:
  Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;
  ~Cluster();

  const support::World& world() const { return world_; }

  // A droplet and its Node of the same name; the Node has the gate taint.
  Droplet node(const std::string& name, const std::string& topology = "classic");

  // An address in use elsewhere, so that a pool of it is exhausted.
  std::string taken();

  // Runs a verb of tests/kube/cluster and returns its output. A refusal fails the test.
  std::string call(const std::vector<std::string>& words) const;
  std::string kubectl(const std::string& words) const;

  // The same, with a refusal as a result.
  Run ask(const std::vector<std::string>& words) const;

  Json get(const std::string& words) const;
  void apply(const Json& object, const std::string& verb = "apply") const;

  // The token of a pod of the chart on that node.
  std::string token(const Droplet& node) const;

  // The reply to the service account with a node's token.
  Run patch(const Droplet& with, const std::string& node, const Json& change) const;

  // The program on a droplet, with this API server and a token of this node.
  support::Command tool(const Droplet& droplet, const std::vector<std::string>& more = {},
                        const support::Variables& changes = {}) const;
  Json reconcile(const Droplet& droplet, int exit, const std::vector<std::string>& more = {},
                 const support::Variables& changes = {}) const;

  // The Node as the API server has it.
  std::string label(const Droplet& node, const std::string& key = support::enabled_label) const;
  Json taints(const Droplet& node) const;
  bool is_gated(const Droplet& node) const;
  void add_gate(const Droplet& node) const;

  // The droplet holds the address, its traffic uses it, and the Node says so.
  void check_egress(const Droplet& node) const;

 private:
  void wait_for_policies() const;

  support::World world_ = {};
  Droplet elsewhere_ = {};
};

// The only one in this process, created at its first use, with the pool 198.51.100.1-8.
Cluster& cluster();

// A file in the world.
std::string write_file(const std::string& name, const std::string& text);

}  // namespace kube
