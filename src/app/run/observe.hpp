// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/invocation.hpp"
#include "app/run/turn.hpp"
#include "app/system.hpp"
#include "cloud/digitalocean.hpp"
#include "cloud/kubernetes.hpp"
#include "core/model.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace app {

// Gathers facts, each when it is needed, and keeps them until they may have changed.
class Observer {
 public:
  Observer(System& system, const Invocation& invocation);

  const core::Observation& found() const { return found_; }
  cloud::DigitalOcean& digitalocean() { return digitalocean_; }
  cloud::Kubernetes& kubernetes() { return *kubernetes_; }

  // The address that the Node's label named when it was first read; empty when none.
  std::string claimed_before() const { return claimed_.value_or(""); }

  // The kernel, as it is now. What could not be reached before may be by now, and is asked again.
  void read_network();

  // Reads what a plan needs; what cannot be read is a fact as well.
  void answer(const std::vector<core::Need>& needs);

  // What apply learned.
  void holds(const core::FloatingIp& address);
  void holds_none();
  void lost(core::Ipv4 address);
  void read_in_vain(core::Ipv4 address);
  void leased(core::Ipv4 address) { found_.leased.insert(address); }
  void not_leased(core::Ipv4 address) { found_.leased.erase(address); }
  void no_lease(const core::Error& error) { found_.no_lease = error; }
  void failed(const core::Error& error) { found_.failure = error; }

  // The kernel does not take it: done without, during this run. Open connections of pods may break;
  // that is no reason to go without an address.
  void no_marking(const core::Error& error);

  // Somebody else changed the Node between our reading and our writing it: it is read again. Throws
  // Error(gate_failed) where that happens too often to be chance.
  void node_changed();

  // Nobody else changes this node's network from now on; everything is read again. Throws
  // Error(try_again) where another run does not end in time, and like io::Clock::sleep().
  void take_turn();
  bool has_turn() const { return turn_.is_taken(); }

  // The default is about to be switched: from now on a guard undoes it, unless it is confirmed.
  void begin_switch() { turn_.begin_switch(found_.droplet); }
  // Ends the guard. Throws Error(try_again) where it has undone the switch already.
  void end_switch() { turn_.end_switch(); }

  // What was undone; what could not be.
  void undone(const std::optional<core::Error>& failure);
  void refused(const core::Error& error) { found_.refused = error; }
  void node_is(core::NodeFact node) { found_.node = std::move(node); }

 private:
  void forget();
  void answer(core::Need need);
  void read_droplet();
  void read_node();
  void read_addresses(core::Need need);
  void prove_scope();
  void prove(core::Need need);
  void start_node();
  void give_up_node();
  std::optional<io::Source> way_round() const;
  std::optional<io::Source> way_past_a_rule() const;

  System& system_;
  const Invocation& invocation_;
  cloud::DigitalOcean digitalocean_;
  std::optional<cloud::Kubernetes> kubernetes_ = {};
  core::Observation found_ = {};
  std::optional<io::Http::Ticket> node_under_way_ = {};
  std::optional<std::string> claimed_ = {};
  int node_changes_ = 0;
  bool no_marking_ = false;
  Turn turn_;
};

}  // namespace app
