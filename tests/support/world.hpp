// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/process.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace support {

using Json = nlohmann::json;

struct Droplet {
  std::string name = {};
  std::int64_t id = 0;
  std::string public_address = {};
  std::string anchor = {};
  std::string public_nic = {};
  std::string anchor_nic = {};
  std::string public_gateway = {};
  std::string anchor_gateway = {};
  std::string pod_address = {};
  std::string kubernetes = {};  // the URL of its API server
  std::string pod() const { return name + "-pod"; }
};

inline const std::string enabled_label = "do-outbound-floating-ip-enabled";
inline const std::string address_label = "do-outbound-floating-ip";

// The program under test: $DO_EGRESS_IP, or the one built with the tests.
const std::string& program();
// A sanitized program is several times slower.
bool is_program_sanitized();

// The simulated world of tests/lab. The test process must have been started by `lab world`. A
// refusal of the lab fails the test.
class World {
 public:
  World() : World(std::vector<std::string>()) {}
  // Arguments for `lab up`, such as "--public-looking" if documentation addresses do not fit.
  explicit World(const std::vector<std::string>& up);
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World();

  // Adds free reserved IPs, "198.51.100.1-4"; they become the pool of tool().
  void pool(const std::string& range);

  // A droplet of one of the lab's topologies, or several: "anchor-nic+vpc-routes".
  Droplet droplet(const std::string& name = "node-1", const std::string& topology = "classic");

  // do-egress-ip on a droplet, with a node's environment; an empty variable of `changes` is
  // removed. Without `arguments`: a reconcile that matches every node, with the pool.
  Command tool(const Droplet& droplet, const std::vector<std::string>& arguments = {},
               const Variables& changes = {}) const;
  Run reconcile(const Droplet& droplet, const std::vector<std::string>& more = {},
                const Variables& changes = {}) const;
  Json reconcile_json(const Droplet& droplet, const std::vector<std::string>& more = {},
                      const Variables& changes = {}) const;

  // The same in a container on that droplet; a kill ends all processes in it.
  Command contained(const Droplet& droplet, const Command& command) const;

  // Runs a verb of tests/lab/lab and returns its output.
  std::string lab(const std::vector<std::string>& words) const;

  // The source address that the internet sees from there; "none" if nothing arrives.
  std::string seen_from(const std::string& netns, const std::string& source = {}) const;

  Json sim(const std::string& method, const std::string& path, const Json& body = {}) const;
  void fault(const Json& description) const { sim("POST", "/faults", description); }
  void settings(const Json& changes) const { sim("PATCH", "/settings", changes); }

  // The requests that a server received since the journal was cleared, and their number.
  std::vector<Json> journal(const std::string& server, const std::string& method = {}) const;
  int requests(const std::string& server, const std::string& method = {}) const;
  void forget_requests() const { sim("DELETE", "/journal"); }
  int thefts() const;

  // The holder of an address; null if it is free.
  Json holder(const std::string& address) const;
  std::vector<std::string> held_by(const Droplet& droplet) const;

  // The value of a Node's label; empty if there is none.
  std::string label(const Droplet& droplet, const std::string& key = enabled_label) const;

  // The range of the internet's services, "192.0.2".
  const std::string& internet() const { return internet_; }

  std::string snapshot(const Droplet& droplet) const { return lab({"snapshot", droplet.name}); }

  // Runs ip(8) on a droplet.
  std::string ip(const Droplet& droplet, const std::string& words) const;

 private:
  int count_ = 0;
  std::string internet_ = "192.0.2";
  std::string pool_ = {};
};

}  // namespace support
