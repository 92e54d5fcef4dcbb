// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fleet/node.hpp"
#include "io/http.hpp"

#include <map>

namespace fleet {

inline const std::string digitalocean_url = "https://digitalocean.sim";
inline const std::string kubernetes_url = "https://kubernetes.sim";
inline const std::string metadata_url = "http://metadata.sim";

// Sends one droplet's requests to the simulated cloud, each with a round trip of delay.
class Transport : public io::Http {
 public:
  Transport(Shared& shared, sim::DropletId droplet) : shared_(shared), droplet_(droplet) {}

  Ticket start(const io::Request& request) override;
  io::Response wait(Ticket ticket) override;
  void cancel(Ticket ticket) override { requests_.erase(ticket); }
  void drop_idle_connections() override {}  // no connections
  io::RequestCounts counts() const override { return counts_; }
  io::ReplyCounts replies() const override { return {}; }  // not used

 private:
  struct Sent {
    io::Request request;
    Millis due;
  };

  Shared& shared_;
  sim::DropletId droplet_;
  std::map<Ticket, Sent> requests_ = {};
  Ticket last_ = 0;
  io::RequestCounts counts_ = {};
};

}  // namespace fleet
