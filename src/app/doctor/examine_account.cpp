// SPDX-License-Identifier: Apache-2.0
#include "app/doctor/examine.hpp"
#include "app/run/account.hpp"

namespace app {
namespace {

// Why an answer was none, by what DigitalOcean said.
void note_failure(core::AccountFacts& facts, const core::Error& failure, const Witness& http) {
  if (http.saw(io::Server::digitalocean, 401)) {
    facts.refused = failure;
  } else if (failure.exit() == core::Exit::no_permission) {
    facts.denied = failure;
  } else {
    facts.unreachable = failure;
  }
}

}  // namespace

core::AccountFacts examine_account(Witness& http, const Invocation& invocation,
                                   const core::Droplet* droplet) {
  core::AccountFacts facts;
  cloud::Secret token;
  facts.no_token =
      core::catch_error_except_signals([&] { token = invocation.digitalocean.token(); });
  if (facts.no_token) {
    return facts;
  }
  cloud::DigitalOcean digitalocean(http, invocation.digitalocean.url,
                                   invocation.digitalocean.ca_file, [&] { return token; });
  const auto unlisted = core::catch_error_except_signals([&] {
    const auto account = read_account(digitalocean, invocation.config.pool, droplet);
    facts.pool = account.pool;
    facts.ours = account.ours;
  });
  if (unlisted) {
    note_failure(facts, *unlisted, http);
  }
  if (facts.refused || facts.unreachable) {
    return facts;
  }
  const auto id = droplet == nullptr ? std::nullopt : std::optional(droplet->id);
  const auto unseen =
      core::catch_error_except_signals([&] { facts.sight = digitalocean.read_sight(id); });
  if (unseen) {
    note_failure(facts, *unseen, http);
  }
  return facts;
}

}  // namespace app
