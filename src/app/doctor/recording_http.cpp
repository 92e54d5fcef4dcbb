// SPDX-License-Identifier: Apache-2.0
#include "app/doctor/recording_http.hpp"

#include "core/duration.hpp"

namespace app {

io::Http::Ticket Witness::start(const io::Request& request) {
  io::Request once = request;
  once.tries = io::Tries::one;
  if (source_ && request.server != io::Server::metadata) {
    once.source = source_;
  }
  const Ticket ticket = http_.start(once);
  requests_.emplace(ticket, std::move(once));
  return ticket;
}

io::Response Witness::wait(Ticket ticket) {
  const io::Request request = requests_.extract(ticket).mapped();
  io::Response response = http_.wait(ticket);
  seen_.emplace(request.server, response.status);
  const auto date = core::parse_date(response.header("date"));
  if (date && !skew_ && request.url.starts_with("https://")) {
    const bool kubernetes = request.server == io::Server::kubernetes;
    skew_ = core::Skew{.server = kubernetes ? "Kubernetes" : "DigitalOcean",
                       .ahead = clock_.wall() - *date};
  }
  return response;
}

void Witness::cancel(Ticket ticket) {
  requests_.erase(ticket);
  http_.cancel(ticket);
}

}  // namespace app
