// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/doctor/host_files.hpp"
#include "core/match.hpp"
#include "core/model.hpp"
#include "core/pods.hpp"
#include "core/rights.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// What may keep a reconcile from working on this droplet, told before it is tried. Facts in,
// findings out; each fact fails alone.
namespace core {

// --- findings ----------------------------------------------------------------------------------

enum class Verdict {
  ok,
  note,     // to be known, nothing to be done
  warning,  // a reconcile works, something else may not
  problem,  // a reconcile ends with `exit`
  unknown,  // could not be found out
  skipped,  // does not concern this set-up
};
std::string_view name_of(Verdict verdict);

struct Check {
  std::string_view name = {};  // frozen: scripts select by it
  Verdict verdict = Verdict::ok;
  std::string found = {};
  std::string remedy = {};  // empty if there is nothing to do
  Exit exit = Exit::ok;
};

// --- facts -------------------------------------------------------------------------------------

template <typename Value>
using Fact = std::variant<NotAsked, Unavailable, Value>;

// The value of a fact, nullptr without one; and why there is none.
template <typename Value>
const Value* value_of(const Fact<Value>& fact) {
  return std::get_if<Value>(&fact);
}
template <typename Value>
const Error* failure_in(const Fact<Value>& fact) {
  const auto* unavailable = std::get_if<Unavailable>(&fact);
  return unavailable == nullptr ? nullptr : &unavailable->error;
}

struct HostFacts {
  Fact<Network> network = {};
  Fact<std::vector<MarkUse>> mark_uses = {};  // rules of nf_tables of other programs
  std::optional<std::string> vendor = {};     // of the machine (DMI)
  std::set<int> udp_services = {};            // ports that UDP sockets of every address serve
  Networkd networkd = {};
};

// What DigitalOcean's API says; of the four that are no answer, one at most.
struct AccountFacts {
  std::optional<Error> no_token = {};
  std::optional<Error> unreachable = {};
  std::optional<Error> refused = {};                 // the token, by 401
  std::optional<Error> denied = {};                  // the list, by 403
  std::optional<std::vector<FloatingIp>> pool = {};  // of the pool, what the account has
  std::optional<FloatingIp> ours = {};               // what this droplet holds, in the pool or not
  std::optional<Sight> sight = {};
};

struct ClusterFacts {
  bool asked = false;                 // there is a Kubernetes
  std::optional<Error> failure = {};  // it does not answer, or refuses the token
  Fact<Node> node = {};
  Fact<std::vector<Right>> rights = {};
  Fact<std::vector<std::string>> nodes = {};  // their names
  Fact<std::optional<Cilium>> cilium = {};    // none: no ConfigMap of its
  std::optional<PodFacts> pods = {};          // where Cilium's device shows on this host
};

// How far ahead of a server's clock ours is.
struct Skew {
  std::string server = {};
  std::chrono::seconds ahead{0};
};

struct Examination {
  Config asked = {};
  Match match = {};
  HostFacts host = {};
  Fact<Droplet> droplet = {};
  AccountFacts account = {};
  ClusterFacts cluster = {};
  std::optional<Skew> skew = {};
};

// --- decisions ---------------------------------------------------------------------------------

// Every check, always all of them, in their order.
std::vector<Check> diagnose(const Examination& facts);

// How the command ends: ok without a problem, else the exit of the problem that tells most.
Ending conclude(const std::vector<Check>& checks);

}  // namespace core
