// SPDX-License-Identifier: Apache-2.0
#include "support/rig.hpp"

#include "app/run/reconcile.hpp"

namespace support {

Rig::Rig(Topology topology) : kernel(booted(topology)) {
  invocation.config = asked();
  invocation.match = {core::Match::Kind::substring, "egress"};
  invocation.digitalocean = {api_url, "", [this] {
                               ++token_reads;
                               return cloud::Secret{"dop_v1_test"};
                             }};
  invocation.kubernetes =
      app::Access{kubernetes_url, "", [] { return cloud::Secret{"service-account"}; }};
}

void Rig::converge(Topology topology) {
  kernel.network = converged(topology);
  cloud.addresses[first_choice].holder = our_droplet;
  cloud.labels = labelled(first_choice).labels;
}

app::Outcome Rig::run() {
  forget();
  return app::reconcile(system, invocation);
}

void Rig::forget() {
  http.sent.clear();
  kernel.changes.clear();
  kernel.reads = 0;
  clock.slept.clear();
  clock.checks = 0;
  clock.begun = clock.now;
}

std::vector<std::string> api_calls(const FakeHttp& http) {
  std::vector<std::string> calls;
  for (const io::Request& request : http.sent) {
    if (request.server == io::Server::digitalocean && !request.connect_only) {
      const std::string prefix = api_url + "/v2/reserved_ips/";
      calls.push_back(request.method + " " +
                      (request.url.starts_with(prefix) ? request.url.substr(prefix.size())
                                                       : request.url.substr(api_url.size())));
    }
  }
  return calls;
}

}  // namespace support
