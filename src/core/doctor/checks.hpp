// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/doctor/doctor.hpp"

#include <utility>

// The checks, each a function of the facts that its row in doctor.cpp says it needs.
namespace core {

inline constexpr std::string_view left_to_others = "--route none leaves the routes to others";

// The facts; what a check needs is not null.
struct View {
  const Examination& facts;
  const Network* network = value_of(facts.host.network);
  const Droplet* droplet = value_of(facts.droplet);
  const Node* node = value_of(facts.cluster.node);
  // What the droplet holds: the API's word before metadata's. Nothing where neither is known, an
  // empty optional in it where it holds none.
  std::optional<std::optional<Ipv4>> held = {};
};

inline Check ok(std::string found) {
  return {.verdict = Verdict::ok, .found = std::move(found)};
}
inline Check note(std::string found, std::string remedy = {}) {
  return {{}, Verdict::note, std::move(found), std::move(remedy)};
}
inline Check warning(std::string found, std::string remedy) {
  return {{}, Verdict::warning, std::move(found), std::move(remedy)};
}
inline Check problem(Exit exit, std::string found, std::string remedy) {
  return {{}, Verdict::problem, std::move(found), std::move(remedy), exit};
}
inline Check problem(const Error& error) {
  return problem(error.exit(), error.what(), error.hint());
}
inline Check problem(const Ending& ending) {
  return problem(ending.exit, ending.message, ending.hint);
}
inline Check unknown(std::string why, std::string remedy = {}) {
  return {{}, Verdict::unknown, std::move(why), std::move(remedy)};
}
inline Check skipped(std::string why) {
  return {.verdict = Verdict::skipped, .found = std::move(why)};
}

// host.cpp
Check check_name(const View& view);
Check check_droplet(const View& view);
Check check_public_interface(const View& view);
Check check_anchor(const View& view);
Check check_anchor_device(const View& view);
Check check_net_admin(const View& view);
Check check_networkd(const View& view);
Check check_udp_services(const View& view);
Check check_clock(const View& view);
Check check_smtp(const View& view);
// routes.cpp
Check check_routing_agent(const View& view);
Check check_default_route(const View& view);
Check check_reverse_path(const View& view);
Check check_mark(const View& view);
Check check_our_tables(const View& view);
Check check_other_rules(const View& view);
Check check_destinations(const View& view);
// account.cpp
Check check_digitalocean(const View& view);
Check check_token(const View& view);
Check check_token_scopes(const View& view);
Check check_token_team(const View& view);
Check check_pool_account(const View& view);
Check check_pool_region(const View& view);
Check check_pool_size(const View& view);
Check check_held_address(const View& view);
// cluster.cpp
Check check_kubernetes(const View& view);
Check check_rbac(const View& view);
Check check_node(const View& view);
Check check_provider_id(const View& view);
Check check_node_label(const View& view);
Check check_pod_masquerade(const View& view);

}  // namespace core
