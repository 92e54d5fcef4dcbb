// SPDX-License-Identifier: Apache-2.0
#include "core/doctor/findings.hpp"

// The token, and what it may see.
namespace core {
namespace {

Check check_digitalocean(const AccountFacts& account) {
  constexpr std::string_view name = "digitalocean";
  if (account.no_token) {
    return unknown(name, "not asked, for want of a token");
  }
  return account.unreachable ? problem(name, *account.unreachable) : ok(name, "the API answers");
}

Check check_token(const AccountFacts& account) {
  constexpr std::string_view name = "token";
  if (account.no_token) {
    return problem(name, *account.no_token);
  }
  if (account.refused) {
    return problem(name, *account.refused);
  }
  return account.unreachable ? unknown(name, "DigitalOcean did not answer")
                             : ok(name, "DigitalOcean takes it");
}

// Why nothing more can be known of the account; empty where more can.
std::string blocked(const AccountFacts& account) {
  if (account.no_token || account.refused) {
    return "there is no good token";
  }
  return account.unreachable ? "DigitalOcean did not answer" : "";
}

Check check_scopes(const AccountFacts& account) {
  constexpr std::string_view name = "token-scopes";
  if (const std::string why = blocked(account); !why.empty()) {
    return unknown(name, why);
  }
  if (account.denied) {
    return problem(name, *account.denied);
  }
  if (account.sight == Sight::denied) {
    return problem(name, Exit::no_permission,
                   "the token does not see droplets, so addresses in use look free to it",
                   "give the token the scope droplet:read; nothing is claimed without it");
  }
  if (!account.sight) {
    return unknown(name, "whether the token sees droplets was not answered");
  }
  return ok(name, "reserved_ip:read and droplet:read; reserved_ip:update shows only when used");
}

Check check_team(const Examination& facts) {
  constexpr std::string_view name = "token-team";
  const Droplet* droplet = value_of(facts.droplet);
  if (droplet == nullptr) {
    return unknown(name, "which droplet this is is not known");
  }
  const auto sight = facts.account.sight;
  if (sight == Sight::absent) {
    return problem(name, Exit::no_permission,
                   fmt::format("the token's team has no droplet {}", droplet->id),
                   "use a token of the team that owns the droplet");
  }
  return sight == Sight::seen ? ok(name, "owns this droplet")
                              : unknown(name, "the token sees no droplets");
}

}  // namespace

std::vector<Check> check_account(const Examination& facts) {
  return {check_digitalocean(facts.account), check_token(facts.account),
          check_scopes(facts.account), check_team(facts)};
}

}  // namespace core
