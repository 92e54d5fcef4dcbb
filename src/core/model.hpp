// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/error.hpp"
#include "core/ip.hpp"
#include "core/network.hpp"
#include "core/pods.hpp"
#include "core/rights.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace core {

using DropletId = std::int64_t;

// --- what the operator asked for ---------------------------------------------------------------

// destinations: those alone, and the default is left as it is.
enum class RouteMode { set_default, destinations, none };
enum class Foreign { refuse, allow };
// What is done for pods: their egress is cured, and no switch cuts them off; or nothing.
enum class PodMode { automatic, off };
// Whether a claim needs a Lease. automatic: use a Lease if Kubernetes is reachable.
enum class Lock { automatic, lease, none };
// What lifts the gate taint: proven egress of the node, or `verify` in one of its pods.
enum class GateBy { egress, pods };

// spec.taints of a Node (Kubernetes API, core/v1 Taint). Key and effect identify a taint.
struct Taint {
  std::string key = {};
  std::string value = {};
  std::string effect = {};
  std::string time_added = {};  // empty: unknown
  bool operator==(const Taint&) const = default;
};

struct Config {
  std::string node_name = {};
  std::vector<Ipv4> pool = {};
  Foreign foreign = Foreign::refuse;
  RouteMode route = RouteMode::set_default;
  std::vector<Prefix> direct = {};        // in addition to the metadata service
  std::vector<Prefix> destinations = {};  // sorted: who must see the reserved IP, or nothing
  PodMode pods = PodMode::automatic;
  std::string enabled_label = "do-outbound-floating-ip-enabled";
  std::string address_label = "do-outbound-floating-ip";
  Lock lock = Lock::automatic;
  bool keep_ip = false;                       // `release` leaves the address on the droplet
  std::vector<std::string> verify_urls = {};  // each answers with the caller's IPv4
  std::optional<Taint> gate_taint = {};       // stays on the Node until its egress is proven
  GateBy gate_by = GateBy::egress;
  std::string pod_label = {};         // says whether pods have the egress; empty: none
  std::optional<Ipv4> expected = {};  // what `verify` compares with, instead of the Node's label
};

// --- what was found: facts, no verdicts --------------------------------------------------------

// Why a fact is unavailable.
struct Unavailable {
  Error error;
};
struct NotAsked {};

// An address of the droplet with the gateway of its network, from the metadata service.
struct Interface {
  Ipv4 address = {};
  Ipv4 gateway = {};
  std::string mac = {};  // of the NIC, lower case; empty: unknown
};

struct Droplet {
  DropletId id = 0;
  std::string region = {};
  std::optional<Interface> public_interface = {};
  std::optional<Interface> anchor = {};
  std::optional<Ipv4> floating_ip = {};  // may lag behind the API in both directions
};

struct Node {
  std::map<std::string, std::string> labels = {};
  std::vector<Taint> taints = {};
  std::string uid = {};
  std::string version = {};      // metadata.resourceVersion
  std::string provider_id = {};  // digitalocean://ID, once the cloud controller has seen the Node
  std::optional<Ipv4> internal_ip = {};
  std::optional<Prefix> pod_network = {};  // spec.podCIDR
};
struct NoKubernetes {};
using NodeFact = std::variant<NotAsked, NoKubernetes, Unavailable, Node>;

// One address of the pool, as GET /v2/reserved_ips shows it.
struct FloatingIp {
  Ipv4 address = {};
  std::string region = {};
  bool locked = false;  // an action is pending
  std::optional<DropletId> holder = {};
  std::string holder_name = {};
  bool holder_shown = true;  // false: no `droplet` key, so the holder is not known
  bool readable = true;      // false: of an unknown shape, so nothing in it is used
  bool listed = true;        // false: read by its address only, like BYOIP addresses
};

// The order in which a droplet reads the pages of a long account: see core/plan/pool.hpp.
struct PageWalk {
  int first = 0;  // 0: not begun
  int next = 0;
  bool done = false;
  bool operator==(const PageWalk&) const = default;
};

// What the DigitalOcean API says.
struct Account {
  std::vector<FloatingIp> pool = {};    // pool addresses that the account has
  std::vector<Ipv4> unread = {};        // pool addresses of a large account that were not read
  PageWalk pages = {};                  // the pages read since
  std::optional<FloatingIp> ours = {};  // the address that this droplet holds, in the pool or not
  bool shows_droplets = false;          // the token has droplet:read
};
// Whether the token sees a droplet. denied: no droplet:read; absent: another team's droplet.
enum class Sight { seen, denied, absent };
using AccountFact = std::variant<NotAsked, Unavailable, Account>;

// How the run ends after its last step.
struct Ending {
  Exit exit = Exit::ok;
  std::string message = {};  // empty with Exit::ok
  std::string hint = {};
  std::optional<std::chrono::seconds> retry_after = {};  // if a rate limit says when
};

// No right is missing if Kubernetes is not in use. A failed review delays no claim.
using RightsFact = std::variant<NotAsked, Unavailable, std::vector<Right>>;

struct Observation {
  Network network = {};
  std::optional<Droplet> droplet = {};  // empty before it is asked for, and with a droplet_error
  std::optional<Error> droplet_error = {};
  NodeFact node = {};
  AccountFact account = {};
  std::optional<PodFacts> pods = {};       // empty before they are asked for
  bool looks = false;                      // a run that writes nothing asks for them in any case
  RightsFact rights = {};                  // what Kubernetes allows a claim to do
  std::set<Ipv4> lost_candidates = {};     // other droplets got them during this run
  int lost_after_read = 0;                 // how many of them cost a request to DigitalOcean
  std::set<Ipv4> leased_addresses = {};    // this run holds their Leases
  std::optional<Error> lease_error = {};   // why this run got no Lease
  bool path_proven = false;                // a connection from the anchor address arrived
  bool egress_proven = false;              // a connection by the current default arrived
  bool nothing_answers = false;            // neither by the anchor nor by the public address
  std::optional<Error> proof_error = {};   // why one of the proofs failed
  std::optional<Error> claim_error = {};   // why a claim failed
  std::optional<Error> change_error = {};  // why the kernel refused a change
  std::optional<Ending> undone_for = {};   // why this run undid its changes, and how it ends
  std::optional<Error> undo_error = {};    // why an undo is incomplete
};

// --- what to do about it -----------------------------------------------------------------------

struct SetRoute {
  Route route;
  bool operator==(const SetRoute&) const = default;
};
struct RemoveRoute {
  Route route;
  bool operator==(const RemoveRoute&) const = default;
};
struct AddRule {
  Rule rule;
  bool operator==(const AddRule&) const = default;
};
struct RemoveRule {
  Rule rule;
  bool operator==(const RemoveRule&) const = default;
};
// Replaces our nf_tables table with one for `address`, in one step.
struct SetMarking {
  Ipv4 address;
  bool operator==(const SetMarking&) const = default;
};
struct RemoveMarking {
  bool operator==(const RemoveMarking&) const = default;
};
// Replaces our translation of pods by this one, in one step.
struct SetPodSnat {
  PodSnat snat;
  bool operator==(const SetPodSnat&) const = default;
};
struct RemovePodSnat {
  bool operator==(const RemovePodSnat&) const = default;
};
// Replaces the default route of the same table, metric and type of service in one step. One with
// `unconfirmed_protocol` is rolled back unless a proof confirms it.
struct ReplaceDefault {
  Route route;
  bool operator==(const ReplaceDefault&) const = default;
};
// Puts routes of our table of destinations in force, each in the place of what it has for the same
// prefix. With `unconfirmed_protocol` they are undone as a default is.
struct SetDestinations {
  RouteGroup routes;
  bool operator==(const SetDestinations&) const = default;
};
struct RemoveDestinations {
  RouteGroup routes;
  bool operator==(const RemoveDestinations&) const = default;
};
// Holds the address's Lease for this Node from the moment it is seen free until the claim is
// proven.
struct AcquireLease {
  Ipv4 address;
  bool unread = false;  // the account was too large to read this address
  bool operator==(const AcquireLease&) const = default;
};
struct ReleaseLease {
  Ipv4 address;
  bool operator==(const ReleaseLease&) const = default;
};
struct AssignFloatingIp {
  Ipv4 address;
  DropletId droplet;
  bool under_lease = false;  // so no other node claims it
  std::string region = {};   // for an unread address: the region that it must be in
  bool operator==(const AssignFloatingIp&) const = default;
};
struct UnassignFloatingIp {
  Ipv4 address;
  DropletId droplet;
  bool operator==(const UnassignFloatingIp&) const = default;
};
// Sets `labels`; removes those without a value. `taints`, if given, replace the whole list.
struct PatchNode {
  std::string node;
  std::map<std::string, std::optional<std::string>> labels;
  std::optional<std::vector<Taint>> taints = {};
  bool versioned = false;  // refused if the Node has changed since it was read, as with `taints`
  bool operator==(const PatchNode&) const = default;
};
using Action =
    std::variant<SetRoute, RemoveRoute, AddRule, RemoveRule, SetMarking, RemoveMarking, SetPodSnat,
                 RemovePodSnat, ReplaceDefault, SetDestinations, RemoveDestinations, AcquireLease,
                 ReleaseLease, AssignFloatingIp, UnassignFloatingIp, PatchNode>;

struct Step {
  Action action;
  std::string reason;
};

// A fact that the plan needs before it can decide more.
enum class Need { droplet, node, pods, account, next_page, droplet_scope, rights, path, egress };

// What becomes of the destinations in an undo: they stay, and are unreachable; or they are nothing
// special any more.
enum class Destinations { close, open };

// The caller performs `steps` in order, reads `needs`, and plans again. A plan with neither ends
// the run with `ending`.
struct Plan {
  std::vector<Step> steps = {};
  bool undo = false;                                // a failed step does not stop the later ones
  Destinations destinations = Destinations::close;  // in that undo
  std::vector<Need> needs = {};
  Ending ending = {};
  std::optional<Ipv4> floating_ip = {};  // the droplet's egress IP after the last step
};

}  // namespace core
