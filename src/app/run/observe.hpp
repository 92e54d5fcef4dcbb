// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/invocation.hpp"
#include "app/run/rights.hpp"
#include "app/run/turn.hpp"
#include "app/system.hpp"
#include "cloud/digitalocean.hpp"
#include "cloud/kubernetes.hpp"
#include "core/model.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace app {

// Reads facts when they are needed, and keeps them until they may have changed.
class Observer {
 public:
  Observer(System& system, const Invocation& invocation);

  const core::Observation& found() const { return found_; }
  cloud::DigitalOcean& digitalocean() { return digitalocean_; }
  cloud::Kubernetes& kubernetes() { return *kubernetes_; }

  // The address in the Node's label when it was first read; empty if it had none.
  std::string initial_label() const { return initial_label_.value_or(""); }

  // Reads the kernel. After a change, facts that could not be reached before are read again.
  void read_network();

  // Reads what a plan needs. A failed read is a fact as well.
  void read_facts(const std::vector<core::Need>& needs);

  // Who holds the Lease of an address. A failure of this read is part of the answer.
  LeaseState read_lease(core::Ipv4 address);

  // Results of the steps that apply performs.
  void note_held(const core::FloatingIp& address);
  void note_none_held() {
    if (auto* account = std::get_if<core::Account>(&found_.account)) {
      account->ours.reset();
    }
  }
  void note_lost(core::Ipv4 address);
  void note_lost_after_read(core::Ipv4 address);
  void note_leased(core::Ipv4 address) { found_.leased_addresses.insert(address); }
  void note_not_leased(core::Ipv4 address) { found_.leased_addresses.erase(address); }
  void note_lease_error(const core::Error& error) { found_.lease_error = error; }
  void note_claim_error(const core::Error& error) { found_.claim_error = error; }

  // Goes on without the marking for the rest of the run: open connections of pods may break, but an
  // egress IP matters more.
  void note_marking_error(const core::Error& error);
  // Goes on without a cure of pods for the rest of the run.
  void note_pod_snat_error(const core::Error& error);

  // Drops the Node's facts after a conflict, so that the next plan reads them again. Throws
  // Error(gate_failed) after too many conflicts.
  void reread_node();

  // Waits for the lock on this node's network, then reads everything again. Throws Error(try_again)
  // if another run keeps it too long, and like io::Clock::sleep().
  void take_turn();
  bool has_turn() const { return turn_.is_taken(); }

  // Starts the guard that rolls back the switch unless it is confirmed.
  void begin_switch() { turn_.begin_switch(found_.droplet); }
  // Confirms the switch. Throws Error(try_again) if the guard has rolled it back already.
  void end_switch() { turn_.end_switch(); }

  // Notes why everything was undone, and the error if the undo is incomplete.
  void note_undo(const core::Ending& why, const std::optional<core::Error>& failure);
  void note_change_error(const core::Error& error) { found_.change_error = error; }
  void set_node(core::NodeFact node) { found_.node = std::move(node); }

 private:
  void clear_facts();
  void read_fact(core::Need need);
  void read_droplet();
  void read_node();
  void read_pods();
  void ask_account(const std::function<void()>& ask);
  void read_addresses();
  void read_page();
  void read_rights() { found_.rights = reviews_.read(); }
  void prove_scope();
  void prove(core::Need need);
  void start_node();
  void cancel_node();
  std::optional<io::Source> find_detour() const;

  System& system_;
  const Invocation& invocation_;
  cloud::DigitalOcean digitalocean_;
  std::optional<cloud::Kubernetes> kubernetes_ = {};
  core::Observation found_ = {};
  std::optional<io::Http::Ticket> node_under_way_ = {};
  Reviews reviews_;
  std::optional<std::string> initial_label_ = {};
  int node_changes_ = 0;
  bool marking_fails_ = false;
  std::string incurable_ = {};
  Turn turn_;
};

}  // namespace app
