// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/doctor/facts.hpp"
#include "core/duration.hpp"

#include <algorithm>
#include <map>

namespace app {

// Sends each request once, and keeps what the readers of the replies drop, among it how far our
// clock is from the server's, which only https can be trusted with.
class RecordingHttp : public io::Http {
 public:
  explicit RecordingHttp(System& system) : http_(system.http), clock_(system.clock) {}

  Ticket start(const io::Request& request) override {
    io::Request once = request;
    once.tries = io::Tries::one;
    if (source && request.server != io::Server::metadata) {
      once.source = source;
    }
    const Ticket ticket = http_.start(once);
    places_.insert_or_assign(ticket, exchanges_.size());
    exchanges_.push_back({.server = once.server, .method = once.method, .url = once.url});
    return ticket;
  }
  io::Response wait(Ticket ticket) override {
    Exchange& exchange = exchanges_.at(places_.at(ticket));
    io::Response response = http_.wait(ticket);
    exchange.status = response.status;
    exchange.body = response.body;
    const auto date = core::parse_date(response.header("date"));
    if (date && !skew && exchange.url.starts_with("https://")) {
      const bool kubernetes = exchange.server == io::Server::kubernetes;
      skew = core::Skew{.server = kubernetes ? "Kubernetes" : "DigitalOcean",
                        .ahead = clock_.wall() - *date};
    }
    return response;
  }
  void cancel(Ticket ticket) override { http_.cancel(ticket); }
  void drop_idle_connections() override { http_.drop_idle_connections(); }
  io::RequestCounts counts() const override { return http_.counts(); }
  io::ReplyCounts replies() const override { return http_.replies(); }

  // Whether one of its replies had this status.
  bool saw(io::Server server, long status) const {
    return std::ranges::any_of(exchanges_, [&](const Exchange& exchange) {
      return exchange.server == server && exchange.status == status;
    });
  }

  const std::vector<Exchange>& exchanges() const { return exchanges_; }

  std::optional<core::Ipv4> source = {};  // for all requests but metadata's
  std::optional<core::Skew> skew = {};

 private:
  io::Http& http_;
  io::Clock& clock_;
  std::map<Ticket, std::size_t> places_ = {};  // in exchanges_
  std::vector<Exchange> exchanges_ = {};
};

}  // namespace app
