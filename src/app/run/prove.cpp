// SPDX-License-Identifier: Apache-2.0
#include "app/run/prove.hpp"

#include "cloud/verify.hpp"
#include "core/plan/routes.hpp"

namespace app {
namespace {

constexpr int most_tries = 3;
constexpr io::Duration pause{1'000};  // neighbours and translations may take a moment

// What `ask` gives, or its failure when it fails again and again. A run that is told to end does.
template <typename Ask>
void insist(io::Clock& clock, const Ask& ask) {
  for (int tries = 1;; ++tries) {
    const auto failure = core::failure_of(ask);
    if (!failure) {
      return;
    }
    if (tries == most_tries || clock.remaining() < pause) {
      throw core::Error(*failure);
    }
    clock.sleep(pause);
  }
}

void require_in_force(const core::Network& network) {
  if (const auto ending = core::default_overruled(network)) {
    throw core::Error(ending->exit, "{}", ending->message).with_hint(ending->hint);
  }
}

void require_reachable(System& system, const Invocation& invocation,
                       const core::Observation& found) {
  const bool kubernetes = std::holds_alternative<core::Node>(found.node);
  const Access& access = kubernetes ? *invocation.kubernetes : invocation.digitalocean;
  const std::string url = access.url + (kubernetes ? "/version" : "/v2/reserved_ips?per_page=1");
  const auto server = kubernetes ? io::Server::kubernetes : io::Server::digitalocean;
  core::attempt("after the switch", [&] {
    insist(system.clock,
           [&] { system.http.send(cloud::probe_request(server, url, access.ca_file)); });
  });
}

void require_seen_as(System& system, const Invocation& invocation, const std::string& url,
                     core::Ipv4 address) {
  insist(system.clock, [&] {
    const auto seen = cloud::decode_whatismyip(
        url, system.http.send(cloud::whatismyip_request(url, invocation.digitalocean.ca_file)));
    if (seen != address) {
      throw core::Error(core::Exit::rolled_back, "{} sees {}, not {}", url, seen.to_string(),
                        address.to_string())
          .with_hint(
              "a NAT on the way, or a rule in front: compare `ip route get` for its address");
    }
  });
}

}  // namespace

void prove_egress(System& system, const Invocation& invocation, const core::Observation& found,
                  core::Ipv4 address) {
  if (found.before) {
    require_in_force(found.network);
    require_reachable(system, invocation, found);
  }
  for (const std::string& url : invocation.config.verify_urls) {
    require_seen_as(system, invocation, url, address);
  }
}

}  // namespace app
