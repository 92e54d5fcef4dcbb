// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/error.hpp"
#include "core/ip.hpp"
#include "core/network.hpp"

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

enum class RouteMode { set_default, none };
enum class Foreign { refuse, allow };
// Whether an address is claimed under its Lease: automatic does without where there can be none.
enum class Lock { automatic, lease, none };

// spec.taints of a Node (Kubernetes API, core/v1 Taint); one is known by its key and effect.
struct Taint {
  std::string key = {};
  std::string value = {};
  std::string effect = {};
  std::string time_added = {};  // empty: not told
  bool operator==(const Taint&) const = default;
};

struct Config {
  std::string node_name = {};
  std::vector<Ipv4> pool = {};
  Foreign foreign = Foreign::refuse;
  RouteMode route = RouteMode::set_default;
  std::vector<Prefix> direct = {};  // besides the metadata service
  std::string enabled_label = "do-outbound-floating-ip-enabled";
  std::string address_label = "do-outbound-floating-ip";
  Lock lock = Lock::automatic;
  bool keep_ip = false;                       // `release` leaves the address on the droplet
  std::vector<std::string> verify_urls = {};  // each answers with the caller's IPv4
  std::optional<Taint> gate_taint = {};       // on the Node for as long as its egress is not proven
};

// --- what was found: facts, no verdicts --------------------------------------------------------

// Why a fact could not be had.
struct Unavailable {
  Error error;
};
struct NotAsked {};

// An address of the droplet with the gateway of its network, from the metadata service.
struct Interface {
  Ipv4 address = {};
  Ipv4 gateway = {};
  std::string mac = {};  // of the NIC, lower case; empty when not told
};

struct Droplet {
  DropletId id = 0;
  std::string region = {};
  std::optional<Interface> public_interface = {};
  std::optional<Interface> anchor = {};
  std::optional<Ipv4> floating_ip = {};  // may lag behind the API, in both directions
};

struct Node {
  std::map<std::string, std::string> labels = {};
  std::vector<Taint> taints = {};
  std::string uid = {};
  std::string version = {};      // metadata.resourceVersion
  std::string provider_id = {};  // digitalocean://ID, once the cloud controller has seen the Node
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
  bool readable = true;      // false: an entry in a shape not known, of which nothing is believed
  bool listed = true;        // false: known by name only, as BYOIP addresses are
};

// What the DigitalOcean API says.
struct Account {
  std::vector<FloatingIp> pool = {};    // pool addresses that the account has
  std::vector<Ipv4> unread = {};        // of the pool, in an account too large to be read by all
  std::optional<FloatingIp> ours = {};  // what this droplet holds, in the pool or not
  bool shows_droplets = false;          // the token has droplet:read
};
// Whether the token sees a droplet: not without droplet:read, nor one of another team.
enum class Sight { seen, denied, absent };
using AccountFact = std::variant<NotAsked, Unavailable, Account>;

struct Observation {
  Network network = {};
  std::optional<Droplet> droplet = {};   // not there: not asked yet, or
  std::optional<Error> no_droplet = {};  // why metadata does not tell
  NodeFact node = {};
  AccountFact account = {};
  std::set<Ipv4> lost = {};            // candidates that went to somebody else during this run
  int vain_reads = 0;                  // how many of them were read to find that out
  std::set<Ipv4> leased = {};          // addresses whose Lease this run holds
  std::optional<Error> no_lease = {};  // why there could be none during this run
  bool path_proven = false;    // bound to the anchor address, a connection showed the address
  bool egress_proven = false;  // and so did one by the default of now
  std::optional<Error> unproven = {};      // why one of them was not
  std::optional<Error> failure = {};       // why a claim failed during this run
  std::optional<Error> refused = {};       // why the kernel did not take a change during this run
  std::optional<Error> undo_failure = {};  // what an undo could not put back
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
// Replaces our table of nf_tables by one for `address`, in one step.
struct SetMarking {
  Ipv4 address;
  bool operator==(const SetMarking&) const = default;
};
struct RemoveMarking {
  bool operator==(const RemoveMarking&) const = default;
};
// One atomic replace: `route` has the table, metric and type of service of what it replaces. With
// `unconfirmed_protocol` it is undone unless traffic is then seen to leave by it.
struct ReplaceDefault {
  Route route;
  bool operator==(const ReplaceDefault&) const = default;
};
// Holds the address's Lease for this Node from "seen free" to "proven ours".
struct AcquireLease {
  Ipv4 address;
  bool unread = false;  // whether it is free is not known
  bool operator==(const AcquireLease&) const = default;
};
struct ReleaseLease {
  Ipv4 address;
  bool operator==(const ReleaseLease&) const = default;
};
struct AssignFloatingIp {
  Ipv4 address;
  DropletId droplet;
  bool leased = false;      // no other node claims it meanwhile
  std::string region = {};  // given where the address is unread: it must be there
  bool operator==(const AssignFloatingIp&) const = default;
};
struct UnassignFloatingIp {
  Ipv4 address;
  DropletId droplet;
  bool operator==(const UnassignFloatingIp&) const = default;
};
// Sets `labels`; one without a value is removed. `taints`, where given, replace all there are.
struct PatchNode {
  std::string node;
  std::map<std::string, std::optional<std::string>> labels;
  std::optional<std::vector<Taint>> taints = {};
  bool operator==(const PatchNode&) const = default;
};
using Action = std::variant<SetRoute, RemoveRoute, AddRule, RemoveRule, SetMarking, RemoveMarking,
                            ReplaceDefault, AcquireLease, ReleaseLease, AssignFloatingIp,
                            UnassignFloatingIp, PatchNode>;

struct Step {
  Action action;
  std::string reason;
};

// A fact that deciding further needs.
enum class Need { droplet, node, account, whole_account, droplet_scope, path, egress };

// How the run ends when every step is done.
struct Ending {
  Exit exit = Exit::ok;
  std::string message = {};  // empty with Exit::ok
  std::string hint = {};
};

// `steps` first, in their order, then `needs` are read and everything is planned anew; what a
// plan with neither leaves is its `ending`.
struct Plan {
  std::vector<Step> steps = {};
  bool undo = false;  // of the steps every one is tried, whatever comes of those before
  std::vector<Need> needs = {};
  Ending ending = {};
  std::optional<Ipv4> floating_ip = {};  // what the droplet leaves by when all is done
};

}  // namespace core
