// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/invocation.hpp"
#include "app/system.hpp"
#include "cloud/digitalocean.hpp"
#include "cloud/kubernetes.hpp"
#include "core/model.hpp"

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

  // The kernel, as it is now. What could not be reached before may be by now, and is asked again.
  void read_network();

  // Reads what a plan needs. Throws where there is nothing to go on with: no metadata.
  void answer(const std::vector<core::Need>& needs);

  // What apply learned.
  void holds(const core::FloatingIp& address);
  void lost(core::Ipv4 address) { found_.lost.insert(address); }
  void failed(const core::Error& error) { found_.failure = error; }
  void node_is(core::NodeFact node) { found_.node = std::move(node); }

 private:
  void answer(core::Need need);
  void read_droplet();
  void read_node();
  void read_account();
  void prove_scope();
  core::Account account();
  void start_node();
  void give_up_node();
  std::optional<core::Ipv4> way_round() const;

  System& system_;
  const Invocation& invocation_;
  cloud::DigitalOcean digitalocean_;
  std::optional<cloud::Kubernetes> kubernetes_ = {};
  core::Observation found_ = {};
  std::optional<io::Http::Ticket> node_under_way_ = {};
};

}  // namespace app
