// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/system.hpp"
#include "core/doctor/doctor.hpp"

#include <map>
#include <optional>
#include <set>
#include <utility>

namespace app {

// Passes requests on, each to be sent once, and remembers of the replies what their readers do not
// tell: the status, and how far our clock is from the server's.
class Witness : public io::Http {
 public:
  explicit Witness(System& system) : http_(system.http), clock_(system.clock) {}

  Ticket start(const io::Request& request) override;
  io::Response wait(Ticket ticket) override;
  void cancel(Ticket ticket) override;
  void drop_idle_connections() override { http_.drop_idle_connections(); }
  io::RequestCounts counts() const override { return http_.counts(); }
  io::ReplyCounts replies() const override { return http_.replies(); }

  // Whether one of its replies had this status.
  bool saw(io::Server server, long status) const { return seen_.contains({server, status}); }

  // By the first reply over https that told the time; others cannot be trusted with it.
  const std::optional<core::Skew>& skew() const { return skew_; }

  // From now on leave by this address of ours, but for metadata.
  void leave_by(std::optional<core::Ipv4> source) { source_ = source; }

 private:
  io::Http& http_;
  io::Clock& clock_;
  std::optional<core::Ipv4> source_ = {};
  std::map<Ticket, io::Request> requests_ = {};
  std::set<std::pair<io::Server, long>> seen_ = {};
  std::optional<core::Skew> skew_ = {};
};

}  // namespace app
