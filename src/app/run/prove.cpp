// SPDX-License-Identifier: Apache-2.0
#include "app/run/prove.hpp"

#include "cloud/verify.hpp"
#include "core/plan/paths.hpp"
#include "core/plan/switch.hpp"

#include <string_view>
#include <vector>

namespace app {
namespace {

constexpr int most_tries = 3;
constexpr io::Duration pause{1'000};  // time for ARP and NAT to settle

// Calls `ask` up to three times and throws its last failure. Signals end the run at once.
template <typename Ask>
void retry(io::Clock& clock, const Ask& ask) {
  for (int tries = 1;; ++tries) {
    const auto failure = core::catch_error_except_signals(ask);
    if (!failure) {
      return;
    }
    if (tries == most_tries || clock.remaining() < pause) {
      throw core::Error(*failure);
    }
    clock.sleep(pause);
  }
}

void require_routes(const core::Network& network, const core::Config& asked) {
  if (const auto ending = core::overruled(network, asked)) {
    throw core::Error(core::Exit::rolled_back, "{}", ending->message).with_hint(ending->hint);
  }
}

// Sends the request through the anchor gateway, whatever the default route is.
void bind_to_anchor(io::Request& request, const core::Droplet& droplet) {
  request.source = droplet.anchor->address;
  request.mark = core::proof_mark.value;
  request.direct = true;
}

void require_connection(System& system, std::string_view doing, const io::Request& request) {
  core::attempt(doing, [&] { retry(system.clock, [&] { system.http.send(request); }); });
}

// A connection with its TLS is proof enough, and costs the server no request.
io::Request connection_request(io::Server server, const Access& access) {
  io::Request request = cloud::probe_request(server, access.url, access.ca_file);
  request.connect_only = true;
  return request;
}

void require_seen_as(System& system, const io::Request& request, core::Ipv4 address) {
  retry(system.clock, [&] {
    const auto seen = cloud::decode_whatismyip(request.url, system.http.send(request));
    if (seen != address) {
      throw core::Error(core::Exit::rolled_back, "{} sees {}, not {}", request.url,
                        seen.to_string(), address.to_string())
          .with_hint(
              "look for a NAT on the path or a rule in front: ip rule; ip route get ADDRESS");
    }
  });
}

}  // namespace

void prove_path(System& system, const Invocation& invocation, const core::Droplet& droplet,
                core::Ipv4 address) {
  io::Request host = connection_request(io::Server::digitalocean, invocation.digitalocean);
  bind_to_anchor(host, droplet);
  require_connection(system, "connect through the anchor gateway", host);
  for (const std::string& url : invocation.config.verify_urls) {
    io::Request question = cloud::whatismyip_request(url, invocation.digitalocean.ca_file);
    bind_to_anchor(question, droplet);
    require_seen_as(system, question, address);
  }
}

core::PathAnswers ask_by_both_paths(System& system, const Invocation& invocation,
                                    const core::Observation& found) {
  const auto path = core::find_public_path(*found.droplet, found.network);
  const auto* by_public = std::get_if<core::Path>(&path);
  if (by_public == nullptr) {
    return {};
  }
  std::vector<io::Request> requests = {
      connection_request(io::Server::digitalocean, invocation.digitalocean)};
  if (invocation.kubernetes) {
    requests.push_back(connection_request(io::Server::kubernetes, *invocation.kubernetes));
  }
  const auto is_accepted = [&](const io::Request& request) {
    return !core::catch_error_except_signals([&] { system.http.send(request); });
  };
  for (io::Request& request : requests) {
    request.source = io::Source{by_public->address, by_public->via.ifindex};
    request.direct = true;
    if (is_accepted(request)) {
      bind_to_anchor(request, *found.droplet);
      return {.by_public = true, .by_anchor = is_accepted(request)};
    }
  }
  return {};
}

void prove_egress(System& system, const Invocation& invocation, const core::Observation& found,
                  core::Ipv4 address) {
  if (core::is_unconfirmed(found.network)) {
    require_routes(found.network, invocation.config);
    if (std::holds_alternative<core::Node>(found.node)) {
      require_connection(system, "connect after the switch",
                         connection_request(io::Server::kubernetes, *invocation.kubernetes));
    }
    require_connection(system, "connect after the switch",
                       connection_request(io::Server::digitalocean, invocation.digitalocean));
  }
  for (const std::string& url : invocation.config.verify_urls) {
    io::Request question = cloud::whatismyip_request(url, invocation.digitalocean.ca_file);
    if (invocation.config.route == core::RouteMode::destinations) {
      bind_to_anchor(question, *found.droplet);  // the service need not be a destination itself
    }
    require_seen_as(system, question, address);
  }
}

}  // namespace app
