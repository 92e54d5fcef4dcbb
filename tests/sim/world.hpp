// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cluster.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

// The simulated cloud and its rules. It has no sockets, threads or clock: the caller holds the lock
// and passes the time (in milliseconds).
namespace sim {

using DropletId = std::int64_t;

struct Settings {
  Millis action_latency_ms = 0;
  Millis metadata_lag_ms = 0;
  int page_default = 20;
  int page_max = 200;
  bool droplet_id_as_string = false;
  bool tags_null = false;
  bool reserved_ip_key = true;
  std::string no_droplet_scope_shows = "null";  // or "absent"
  int limit_minute = 250;
  int limit_hour = 5000;
  bool enforce_limits = false;
  Millis hold_ms = 0;          // delay of every answer
  Millis clock_offset_ms = 0;  // error of the servers' clocks
};

struct Interface {
  std::string ip, netmask, gateway, mac;
};

struct Droplet {
  DropletId id = 0;
  std::string name, hostname, region = "nyc3";
  std::optional<Interface> public_interface, anchor, private_interface;
  bool pending_event = false;
  std::deque<std::pair<Millis, std::string>>
      addresses;  // since when metadata should show the address
};

struct Action {
  std::int64_t id = 0;
  std::string type, status = "in-progress", ip;
  DropletId droplet = 0;
  Millis due = 0;
  bool hidden = false;  // never readable
  bool lost = false;    // never has an effect
};

struct Address {
  std::string ip, region = "nyc3";
  std::optional<DropletId> droplet;
  bool locked = false;
  bool byoip = false;
  bool proven = false;  // its droplet has read it
  Json odd = nullptr;   // members of its entry with wrong values
};

struct Token {
  std::set<std::string> scopes;
  std::optional<DropletId> droplet;  // the droplet, if the client's address does not identify it
  std::string limits_of;             // the token whose rate limits it shares; empty: its own
  std::deque<Millis> requests;
};

// A fault for one of the next assignments.
struct EventFault {
  std::string kind;  // errored-action, steal, unassign, action-404, lost-assign
  DropletId to = 0;
  Millis after_ms = 0;
  int count = 1;
};

// The result of a POST: an action, or a refusal in the API's words.
struct ActionResult {
  int status = 201;
  std::string id, message;
  std::optional<Action> action;
};

class World {
 public:
  // Called with (anchor, address) when the NAT of an assignment starts or ends.
  using OnTranslation =
      std::function<void(const std::string& anchor, const std::string& ip, bool on)>;

  explicit World(OnTranslation on_translation = {}) : on_translation_(std::move(on_translation)) {}

  Settings settings;
  std::map<DropletId, Droplet> droplets;
  std::map<std::string, Address> addresses;
  std::map<std::string, Token> tokens;
  std::map<std::int64_t, Action> actions;
  Cluster kube;
  std::vector<EventFault> event_faults;
  Json assignments = Json::array();
  Json thefts = Json::array();

  // Applies everything that is due by `now`.
  void advance(Millis now);

  // The API's assign and unassign (facts 1.6). An address of another droplet moves without an
  // error.
  ActionResult assign(const std::string& ip, DropletId droplet, Millis now);
  ActionResult unassign(const std::string& ip, Millis now);

  // Sets the holder at once and without checks, like a person or a fault.
  void set_holder(const std::string& ip, std::optional<DropletId> droplet, Millis now,
                  const std::string& by);

  // Deletes the droplet and frees its address.
  void destroy(DropletId droplet, Millis now);

  // Ends all faults: cancels later thefts, and ends actions that never have an effect.
  void end_event_faults();

  // The addresses of the droplet.
  const std::set<std::string>& held_by(DropletId droplet) const;

  // Notes that the droplet has read its address; taking it away is a theft from now on.
  void prove(const std::string& ip, DropletId droplet);

  // The address in the droplet's metadata, with its lag; empty if none.
  std::string metadata_address(const Droplet& droplet, Millis now) const;

  // The droplet with that public, anchor or assigned address.
  const Droplet* droplet_at(const std::string& address) const;

  // Counts a request in both windows. Returns the remaining requests, or which window is full.
  struct Budget {
    int remaining = 0;
    Millis reset_at = 0;
    Millis open_at = 0;  // of a burst: when the next request may pass
    enum class Verdict { fine, burst, hour } verdict = Verdict::fine;
  };
  Budget count(Token& token, Millis now) const;

 private:
  struct Delayed {
    Millis due = 0;
    std::string ip;
    std::optional<DropletId> to;
  };

  void complete(Action& action, Millis now);
  std::optional<EventFault> take_event_fault(const std::string& kind);
  ActionResult refusal(const Address& address, const Droplet& droplet) const;
  bool has_pending(DropletId droplet) const;
  void translate(const Address& address, bool on);

  OnTranslation on_translation_;
  std::int64_t last_action_ = 70000000;
  std::set<std::int64_t> pending_;  // actions in progress
  std::map<DropletId, std::set<std::string>> held_;
  std::vector<Delayed> delayed_;
};

}  // namespace sim
