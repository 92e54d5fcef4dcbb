// SPDX-License-Identifier: Apache-2.0
#include "fleet/transport.hpp"

#include "call.hpp"

#include <fmt/chrono.h>

#include <string_view>

namespace fleet {
namespace {

void split_query(std::string_view query, std::map<std::string, std::string>& into) {
  while (!query.empty()) {
    const std::string_view part = query.substr(0, query.find('&'));
    const auto equals = part.find('=');
    into.emplace(part.substr(0, equals), part.substr(equals + 1));
    query.remove_prefix(std::min(part.size() + 1, query.size()));
  }
}

sim::Call call_of(const io::Request& request) {
  sim::Call call;
  call.method = request.method;
  call.body = request.body;
  const auto slash = request.url.find('/', request.url.find("//") + 2);
  const auto question = std::min(request.url.find('?'), request.url.size());
  call.path = request.url.substr(slash, question - slash);
  split_query(std::string_view(request.url).substr(std::min(question + 1, request.url.size())),
              call.query);
  const std::string bearer = "Authorization: Bearer ";
  const std::string content = "Content-Type: ";
  for (const std::string& header : request.headers) {
    if (header.starts_with(bearer)) {
      call.bearer = header.substr(bearer.size());
    } else if (header.starts_with(content)) {
      call.content_type = header.substr(content.size());
    }
  }
  return call;
}

io::Response response_of(const sim::Reply& reply, Millis now) {
  io::Response response{.status = reply.status,
                        .body = reply.body.is_null() ? reply.text : reply.body.dump(),
                        .headers = reply.headers};
  response.headers["date"] = fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT",
                                         fmt::gmtime(static_cast<std::time_t>(now / 1000)));
  return response;
}

std::string public_address_of(const sim::World& world, sim::DropletId droplet) {
  return world.droplets.at(droplet).public_interface->ip;
}

}  // namespace

io::Http::Ticket Transport::start(const io::Request& request) {
  counts_.at(static_cast<std::size_t>(request.server)) += request.connect_only ? 0 : 1;
  requests_.emplace(++last_, Sent{request, shared_.fibers.now() + shared_.round_trip});
  return last_;
}

io::Response Transport::wait(Ticket ticket) {
  const Sent sent = requests_.extract(ticket).mapped();
  if (sent.due > shared_.fibers.now()) {
    shared_.fibers.sleep_until(sent.due);
  }
  if (sent.request.connect_only) {
    return {};  // no request
  }
  if (shared_.before_effect) {
    shared_.before_effect(droplet_, sent.request);
  }
  const Millis now = shared_.epoch + shared_.fibers.now();
  sim::Call call = call_of(sent.request);
  switch (sent.request.server) {
    case io::Server::metadata:
      return response_of(sim::metadata(shared_.world, call, now), now);
    case io::Server::kubernetes:
      return response_of(sim::kubernetes(shared_.world, call, now), now);
    case io::Server::digitalocean:
    case io::Server::verify:
      break;
  }
  call.caller = public_address_of(shared_.world, droplet_);
  const sim::Reply reply = sim::digitalocean(shared_.world, call, now);
  ++(reply.status == 429 ? shared_.refused : shared_.granted);
  return response_of(reply, now);
}

}  // namespace fleet
