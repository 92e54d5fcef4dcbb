// SPDX-License-Identifier: Apache-2.0
#include "core/doctor/findings.hpp"
#include "core/plan/candidates.hpp"

#include <fmt/ranges.h>

#include <algorithm>

// Whether the pool can serve this droplet and its fellows.
namespace core {
namespace {

constexpr const char* no_list = "the account's addresses are not known";

std::string listed(const std::vector<Ipv4>& addresses) {
  std::vector<std::string> texts;
  texts.reserve(addresses.size());
  for (const Ipv4 address : addresses) {
    texts.push_back(address.to_string());
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

Check check_owned(const Examination& facts) {
  constexpr std::string_view name = "pool-account";
  if (!facts.account.pool) {
    return unknown(name, no_list);
  }
  std::vector<Ipv4> missing;
  for (const Ipv4 address : facts.asked.pool) {
    if (std::ranges::find(*facts.account.pool, address, &FloatingIp::address) ==
        facts.account.pool->end()) {
      missing.push_back(address);
    }
  }
  if (missing.empty()) {
    return ok(name, fmt::format("all {} are the account's", facts.asked.pool.size()));
  }
  return problem(name, Exit::config,
                 fmt::format("{} of {} not in the token's account: {}", missing.size(),
                             facts.asked.pool.size(), listed(missing)),
                 "take them out of the pool, or use a token of the team that has them");
}

Check check_region(const Examination& facts) {
  constexpr std::string_view name = "pool-region";
  const Droplet* droplet = value_of(facts.droplet);
  if (!facts.account.pool || droplet == nullptr) {
    return unknown(name, droplet == nullptr ? "the droplet's region is not known" : no_list);
  }
  std::vector<Ipv4> elsewhere;
  for (const FloatingIp& entry : *facts.account.pool) {
    if (entry.readable && entry.region != droplet->region) {
      elsewhere.push_back(entry.address);
    }
  }
  const std::size_t all = facts.account.pool->size();
  const std::size_t here = all - elsewhere.size();
  if (elsewhere.empty()) {
    return here == 0 ? unknown(name, "none of the pool is the account's")
                     : ok(name, fmt::format("all {} are in {}", here, droplet->region));
  }
  const std::string found = fmt::format("{} of the account's {} are not in {}: {}",
                                        elsewhere.size(), all, droplet->region, listed(elsewhere));
  const std::string remedy = "an address serves droplets of its own region only";
  return here == 0 ? problem(name, Exit::config, found, remedy) : warning(name, found, remedy);
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

std::size_t matching(const Examination& facts, const std::vector<std::string>& nodes) {
  return static_cast<std::size_t>(std::ranges::count_if(
      nodes, [&](const std::string& node) { return is_match(facts.match, node); }));
}

Check check_demand(const Examination& facts, const Supply& supply) {
  constexpr std::string_view name = "pool-size";
  const std::string remedy = "add addresses to the pool, or match fewer nodes";
  const auto held = held_by_droplet(facts);
  const bool needs_one = held && !*held;
  if (needs_one && supply.free == 0 && supply.locked == 0) {
    return problem(
        name, Exit::pool_exhausted,
        fmt::format("none of {} addresses is free, and this droplet holds none", supply.here),
        remedy);
  }
  const std::string left = fmt::format("{} addresses, {} free", supply.here, supply.free);
  if (!facts.cluster.asked) {
    return ok(name, left);
  }
  const auto* nodes = value_of(facts.cluster.nodes);
  if (nodes == nullptr) {
    return unknown(name, left + "; how many nodes match is not known",
                   "the shipped Role may not list nodes: kubectl get nodes tells");
  }
  const std::size_t wanted = matching(facts, *nodes);
  if (wanted > supply.here) {
    return problem(name, Exit::pool_exhausted,
                   fmt::format("{} nodes match, for {} addresses", wanted, supply.here), remedy);
  }
  return ok(name, fmt::format("{}, for {} matching nodes", left, wanted));
}

Check check_size(const Examination& facts) {
  constexpr std::string_view name = "pool-size";
  const Droplet* droplet = value_of(facts.droplet);
  if (!facts.account.pool || droplet == nullptr) {
    return unknown(name, droplet == nullptr ? "the droplet's region is not known" : no_list);
  }
  const Supply supply = supply_of(*facts.account.pool, *droplet);
  if (supply.here == 0 || facts.account.sight != Sight::seen) {
    return unknown(name, supply.here == 0 ? "no address serves this droplet"
                                          : "the token does not see who holds what");
  }
  return check_demand(facts, supply);
}

Check check_held(const Examination& facts) {
  constexpr std::string_view name = "held-address";
  const auto held = held_by_droplet(facts);
  if (!held) {
    return unknown(name, "neither metadata nor DigitalOcean told");
  }
  if (!*held) {
    return ok(name, "none yet");
  }
  const std::string address = (*held)->to_string();
  if (std::ranges::find(facts.asked.pool, **held) != facts.asked.pool.end()) {
    return ok(name, address + ", of the pool");
  }
  if (facts.asked.foreign == Foreign::allow) {
    return ok(name, address + ", not of the pool, which --allow-foreign-ip accepts");
  }
  return problem(name, Exit::foreign_ip,
                 fmt::format("the droplet holds {}, which is not in the pool", address),
                 "add it to --floating-ips, accept it with --allow-foreign-ip, or unassign it");
}

}  // namespace

std::optional<std::optional<Ipv4>> held_by_droplet(const Examination& facts) {
  const Droplet* droplet = value_of(facts.droplet);
  if (facts.account.pool && facts.account.sight == Sight::seen && droplet != nullptr) {
    const auto& ours = facts.account.ours;
    return ours ? std::optional(ours->address) : std::optional<Ipv4>{};
  }
  if (droplet == nullptr) {
    return std::nullopt;
  }
  return std::optional(droplet->floating_ip);
}

std::vector<Check> check_pool(const Examination& facts) {
  return {check_owned(facts), check_region(facts), check_size(facts), check_held(facts)};
}

}  // namespace core
