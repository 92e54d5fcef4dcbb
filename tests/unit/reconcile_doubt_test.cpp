// SPDX-License-Identifier: Apache-2.0
#include "core/plan/routes.hpp"
#include "core/plan/switch.hpp"
#include "support/print.hpp"
#include "support/rig.hpp"

#include <algorithm>

using core::Exit;
using core::PathVerdict;
using support::Rig;

// Kubernetes and the anchor path are silent on a node whose egress was proven before: only a
// comparison with the public path shows whether the anchor path is dead.

namespace {

bool is_from(const io::Request& request, core::Ipv4 address) {
  return request.source && request.source->address == address;
}

// A converged node, and which requests besides metadata get no reply.
struct Doubt {
  Rig rig{};
  int by_public = 0;
  int by_anchor = 0;

  explicit Doubt(std::function<bool(const io::Request&)> is_silent) {
    rig.converge();
    rig.cloud.fault = [this,
                       is_silent](const io::Request& request) -> std::optional<support::Reply> {
      by_public += is_from(request, support::public_address) ? 1 : 0;
      by_anchor += is_from(request, support::anchor_address) ? 1 : 0;
      return request.server != io::Server::metadata && is_silent(request)
                 ? std::optional(support::no_reply())
                 : std::nullopt;
    };
  }

  bool is_kept() const {
    return core::is_default_confirmed(rig.kernel.network) && rig.kernel.changes.empty();
  }
};

bool is_any(const io::Request&) {
  return true;
}

}  // namespace

TEST_CASE("doubt: both paths compared, the anchor fails only if the public path answers") {
  CHECK(core::compare_paths({}) == PathVerdict::nothing_answers);
  CHECK(core::compare_paths({.by_public = true}) == PathVerdict::anchor_fails);
  CHECK(core::compare_paths({.by_public = true, .by_anchor = true}) == PathVerdict::anchor_works);
}

TEST_CASE("doubt: failed proof, paths are compared only if egress was proven before") {
  auto found = support::healthy();
  const core::Error silence(Exit::unavailable, "no reply");
  const auto asked = support::asked();
  CHECK_FALSE(core::must_compare_paths(found, asked, silence));  // Kubernetes answers
  found.node = core::Unavailable{silence};
  CHECK(core::must_compare_paths(found, asked, silence));
  CHECK_FALSE(core::must_compare_paths(found, asked, core::Error(Exit::rolled_back, "sees …")));
  support::default_route(found.network)->protocol = core::unconfirmed_protocol;
  CHECK_FALSE(core::must_compare_paths(found, asked, silence));
}

TEST_CASE("doubt: nothing answers by either path, egress stays") {
  Doubt doubt(is_any);
  const auto outcome = doubt.rig.run();
  CHECK(outcome.ending.exit == Exit::gate_failed);
  CHECK(outcome.ending.message.ends_with("nothing answers, also not the public address"));
  CHECK(doubt.by_public == 2);  // DigitalOcean and Kubernetes
  CHECK(doubt.is_kept());
}

TEST_CASE("doubt: only the public path answers, egress is rolled back") {
  Doubt doubt(
      [](const io::Request& request) { return !is_from(request, support::public_address); });
  CHECK(doubt.rig.run().ending.exit == Exit::rolled_back);
  CHECK(doubt.by_public == 1);
  CHECK(core::default_in_force(doubt.rig.kernel.network)->via.gateway == support::public_gateway);
}

TEST_CASE("doubt: a server comes back between the proof and the comparison, egress stays") {
  bool is_back = false;
  io::Server server = io::Server::digitalocean;
  SUBCASE("DigitalOcean's API") {}
  SUBCASE("Kubernetes, from the public address first") {
    server = io::Server::kubernetes;
  }
  Doubt doubt([&](const io::Request& request) {
    is_back = is_back || (request.server == server && is_from(request, support::public_address));
    return request.server != server || !is_back;
  });
  const auto outcome = doubt.rig.run();
  CHECK(outcome.ending.exit == Exit::gate_failed);
  CHECK(outcome.ending.message.ends_with("works"));
  CHECK(doubt.by_anchor == 4);  // three tries of the proof, and the second look
  CHECK(doubt.is_kept());
}

TEST_CASE("doubt: a service sees another address, egress is rolled back without a comparison") {
  Doubt doubt([](const io::Request& request) { return request.server == io::Server::kubernetes; });
  doubt.rig.invocation.config.verify_urls = {support::verify_url};
  const auto served = doubt.rig.cloud.fault;
  doubt.rig.cloud.fault = [&](const io::Request& request) {
    return request.server == io::Server::verify
               ? std::optional(support::Reply(support::json_reply("192.0.2.9\n")))
               : served(request);
  };
  CHECK(doubt.rig.run().ending.exit == Exit::rolled_back);
  CHECK(doubt.by_public == 0);
}
