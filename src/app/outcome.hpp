// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cloud/leases.hpp"
#include "core/model.hpp"
#include "core/plan/verification.hpp"
#include "io/http.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace app {

struct StepRecord {
  core::Step step;
  enum class Result { done, failed, skipped, planned } result = Result::planned;
  std::string detail = {};
  bool rollback = false;  // puts back what this run, or one before it, could not prove
};

// The gate taint, and whether it is on the Node.
struct GateState {
  core::Taint taint = {};
  bool on_node = false;
};

// The Lease of an address: the Node that holds it, or why that is not known.
struct LeaseState {
  core::Ipv4 address = {};
  std::optional<cloud::Holder> holder = {};
  std::optional<core::Error> error = {};
};

// The whole result of a run.
struct Outcome {
  enum class Result { unchanged, changed, skipped, planned, failed } result = Result::unchanged;
  core::Ending ending = {};
  std::vector<StepRecord> steps = {};
  std::string command = "reconcile";
  std::string node = {};
  std::size_t pool = 0;                            // how many addresses may be assigned
  bool node_is_known = false;                      // Kubernetes returned it
  std::map<std::string, std::string> labels = {};  // our labels, as last read
  std::optional<bool> pods = {};                   // the value of --pod-label
  std::optional<GateState> gate = {};              // if asked for, and the Node is known
  std::optional<LeaseState> lease = {};            // if `status` read it
  std::optional<core::Ipv4> held = {};             // by the droplet, as far as known
  std::optional<core::Droplet> droplet = {};
  std::optional<core::Ipv4> floating_ip = {};
  std::optional<core::PodsLeave> pod_egress = {};  // where they leave; nothing where there are none
  core::Network network = {};                      // as last read
  io::RequestCounts requests = {};
  io::ReplyCounts replies = {};
  io::Duration elapsed = {};
};

// One address of the pool and its state.
struct PoolEntry {
  core::Ipv4 address = {};
  enum class State { free, held, locked, unknown, missing } state = State::unknown;
  std::string region = {};
  std::optional<core::DropletId> droplet = {};
  std::string droplet_name = {};
  std::optional<bool> node =
      {};              // whether the Node of that name is this droplet's; empty: not asked
  bool listed = true;  // false: read by its address only, like BYOIP addresses
};

// Which address the services see this process come from, and what that says of pods.
struct Verification {
  Outcome::Result result = Outcome::Result::unchanged;
  core::Ending ending = {};
  std::string node = {};
  std::optional<core::Ipv4> expected = {};
  std::vector<core::Sighting> sightings = {};
  std::vector<StepRecord> steps = {};
  std::optional<std::string> pods = {};  // the Node's label for them, as last known
  io::RequestCounts requests = {};
  io::Duration elapsed = {};
};

struct PoolTable {
  std::vector<PoolEntry> entries = {};
  bool kubernetes = false;  // the Nodes were read
  core::Ending ending = {};
  io::RequestCounts requests = {};
  io::Duration elapsed = {};
};

}  // namespace app
