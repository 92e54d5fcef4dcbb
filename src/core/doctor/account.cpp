// SPDX-License-Identifier: Apache-2.0
#include "core/doctor/checks.hpp"
#include "core/plan/candidates.hpp"

#include <fmt/ranges.h>

#include <algorithm>

// The token and what it may see, and whether the pool can serve this droplet and its fellows.
namespace core {
namespace {

std::string join(const std::vector<Ipv4>& addresses) {
  std::vector<std::string> texts;
  std::ranges::transform(addresses, std::back_inserter(texts), &Ipv4::to_string);
  return fmt::format("{}", fmt::join(texts, ", "));
}

struct Supply {
  std::size_t here = 0;  // in the account and the droplet's region
  std::size_t free = 0;
  std::size_t locked = 0;
};

Supply supply_of(const std::vector<FloatingIp>& pool, const Droplet& droplet) {
  Supply supply;
  for (const FloatingIp& entry : pool) {
    const bool here = !entry.readable || entry.region == droplet.region;
    supply.here += here ? 1 : 0;
    supply.free += here && standing_of(entry, droplet.id) == Standing::free ? 1 : 0;
    supply.locked += here && entry.locked ? 1 : 0;
  }
  return supply;
}

Check check_demand(const View& view, const Supply& supply) {
  const std::string left = fmt::format("{} addresses, {} free", supply.here, supply.free);
  if (!view.facts.cluster.asked) {
    return ok(left);
  }
  const auto* nodes = value_of(view.facts.cluster.nodes);
  if (nodes == nullptr) {
    return unknown(left + "; how many nodes match is not known",
                   "the shipped Role may not list nodes: kubectl get nodes tells");
  }
  const auto wanted = static_cast<std::size_t>(std::ranges::count_if(
      *nodes, [&](const std::string& node) { return is_match(view.facts.match, node); }));
  return wanted > supply.here
             ? problem(Exit::pool_exhausted,
                       fmt::format("{} nodes match, for {} addresses", wanted, supply.here),
                       "add addresses to the pool, or match fewer nodes")
             : ok(fmt::format("{}, for {} matching nodes", left, wanted));
}

}  // namespace

Check check_digitalocean(const View& view) {
  const AccountFacts& account = view.facts.account;
  if (account.no_token) {
    return unknown("not asked without a token");
  }
  return account.unreachable ? problem(*account.unreachable) : ok("the API answers");
}

Check check_token(const View& view) {
  const AccountFacts& account = view.facts.account;
  if (account.no_token) {
    return problem(*account.no_token);
  }
  if (account.refused) {
    return problem(*account.refused);
  }
  return account.unreachable ? unknown("DigitalOcean did not answer") : ok("DigitalOcean takes it");
}

Check check_token_scopes(const View& view) {
  const AccountFacts& account = view.facts.account;
  if (account.no_token || account.refused) {
    return unknown("there is no good token");
  }
  if (account.unreachable) {
    return unknown("DigitalOcean did not answer");
  }
  if (account.denied) {
    return problem(*account.denied);
  }
  if (account.sight == Sight::denied) {
    return problem(Exit::no_permission,
                   "the token does not see droplets, so addresses in use look free to it",
                   "give the token the scope droplet:read; nothing is claimed without it");
  }
  return account.sight
             ? ok("reserved_ip:read and droplet:read; reserved_ip:update shows only when used")
             : unknown("whether the token sees droplets was not answered");
}

Check check_token_team(const View& view) {
  const auto sight = view.facts.account.sight;
  if (sight == Sight::absent) {
    return problem(Exit::no_permission,
                   fmt::format("the token's team has no droplet {}", view.droplet->id),
                   "use a token of the team that owns the droplet");
  }
  return sight == Sight::seen ? ok("owns this droplet") : unknown("the token sees no droplets");
}

Check check_pool_account(const View& view) {
  const auto& asked = view.facts.asked.pool;
  std::vector<Ipv4> missing;
  std::ranges::copy_if(asked, std::back_inserter(missing), [&](Ipv4 address) {
    return std::ranges::count(*view.facts.account.pool, address, &FloatingIp::address) == 0;
  });
  if (missing.empty()) {
    return ok(fmt::format("all {} are the account's", asked.size()));
  }
  return problem(Exit::config,
                 fmt::format("{} of {} not in the token's account: {}", missing.size(),
                             asked.size(), join(missing)),
                 "take them out of the pool, or use a token of the team that has them");
}

Check check_pool_region(const View& view) {
  std::vector<Ipv4> elsewhere;
  for (const FloatingIp& entry : *view.facts.account.pool) {
    if (entry.readable && entry.region != view.droplet->region) {
      elsewhere.push_back(entry.address);
    }
  }
  const std::size_t all = view.facts.account.pool->size();
  if (all == 0) {
    return unknown("none of the pool is the account's");
  }
  if (elsewhere.empty()) {
    return ok(fmt::format("all {} are in {}", all, view.droplet->region));
  }
  const std::string found =
      fmt::format("{} of the account's {} are not in {}: {}", elsewhere.size(), all,
                  view.droplet->region, join(elsewhere));
  const std::string remedy = "an address serves only droplets in its region";
  return elsewhere.size() == all ? problem(Exit::config, found, remedy) : warning(found, remedy);
}

Check check_pool_size(const View& view) {
  const Supply supply = supply_of(*view.facts.account.pool, *view.droplet);
  if (supply.here == 0 || view.facts.account.sight != Sight::seen) {
    return unknown(supply.here == 0 ? "no address serves this droplet"
                                    : "the token does not see who holds what");
  }
  if (!view.held->has_value() && supply.free == 0 && supply.locked == 0) {
    return problem(
        Exit::pool_exhausted,
        fmt::format("none of {} addresses is free, and this droplet holds none", supply.here),
        "add addresses to the pool, or match fewer nodes");
  }
  return check_demand(view, supply);
}

Check check_held_address(const View& view) {
  if (!view.held) {
    return unknown("neither metadata nor DigitalOcean says whether the droplet has one");
  }
  if (!*view.held) {
    return ok("none yet");
  }
  const std::string address = (*view.held)->to_string();
  if (std::ranges::count(view.facts.asked.pool, **view.held) > 0) {
    return ok(address + ", of the pool");
  }
  if (view.facts.asked.foreign == Foreign::allow) {
    return ok(address + ", not of the pool, which --allow-foreign-ip accepts");
  }
  return problem(Exit::foreign_ip,
                 fmt::format("the droplet holds {}, which is not in the pool", address),
                 "add it to --floating-ips, accept it with --allow-foreign-ip, or unassign it");
}

}  // namespace core
