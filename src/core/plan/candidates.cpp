// SPDX-License-Identifier: Apache-2.0
#include "core/plan/candidates.hpp"

#include "core/plan/pool.hpp"

#include <algorithm>

namespace core {
namespace {

// Reading one more address costs a request, and so does a page of 200. A Lease that another Node
// holds costs time only.
constexpr std::size_t page_size = 200;
constexpr std::size_t few_pages = 5;
constexpr int most_lost_after_read = 3;
constexpr std::size_t most_lost = 100;

// The number of pool addresses in each state, which decides how the run ends.
struct Census {
  std::size_t here = 0;  // in the account and in the droplet's region
  std::size_t held = 0;
  std::size_t locked = 0;
  std::size_t hidden = 0;
  std::size_t odd = 0;   // of an unknown shape
  std::size_t lost = 0;  // although it was listed as free
};

Census census_of(const Account& account, const std::string& region, DropletId droplet,
                 const std::set<Ipv4>& lost) {
  Census census;
  for (const FloatingIp& entry : account.pool) {
    if (entry.readable && entry.region != region) {
      continue;
    }
    ++census.here;
    census.odd += entry.readable ? 0 : 1;
    census.hidden += entry.readable && !entry.holder_shown ? 1 : 0;
    census.held += entry.readable && entry.holder ? 1 : 0;
    census.locked += entry.readable && entry.locked && !entry.holder ? 1 : 0;
    const bool shown_free = standing_of(entry, droplet) == Standing::free;
    census.lost += shown_free && lost.contains(entry.address) ? 1 : 0;
  }
  return census;
}

Ending nothing_here(const Droplet& droplet, const Account& account) {
  return {
      .exit = Exit::config,
      .message = fmt::format("cannot choose an address: none of the pool is in region {} of this "
                             "account ({} of the pool found elsewhere)",
                             droplet.region, account.pool.size()),
      .hint =
          "add an address of this region to the pool, or use the token of its team; list them "
          "with: doctl compute reserved-ip list"};
}

Ending holders_hidden() {
  return {.exit = Exit::no_permission,
          .message = "cannot choose an address: the token does not see which droplet holds it",
          .hint = "give the token the scope droplet:read; without it addresses in use look free"};
}

Ending all_lost(std::size_t count) {
  return {
      .exit = Exit::claim_lost,
      .message = fmt::format("cannot claim an address: other droplets took {}",
                             count == 1 ? "the free one" : fmt::format("all {} free ones", count)),
      .hint = "run again; other droplets claimed at the same moment"};
}

Ending only_locked(std::size_t count) {
  return {.exit = Exit::try_again,
          .message = fmt::format(
              "cannot claim an address: none of the pool is free, {} locked by a pending action",
              count),
          .hint = "run again in a few seconds; an assignment is under way"};
}

Ending all_odd(std::size_t count) {
  return {
      .exit = Exit::software,
      .message = fmt::format("cannot choose an address: DigitalOcean shows {} of the pool in an "
                             "unknown shape",
                             count),
      .hint = "report the output of: doctl compute reserved-ip list -o json"};
}

Ending exhausted(const Census& census) {
  const std::string message =
      census.odd == 0 ? fmt::format(
                            "cannot claim an address: all {} of the pool in this region are held "
                            "by other droplets",
                            census.here)
                      : fmt::format(
                            "cannot claim an address: of {} of the pool in this region {} are held "
                            "by other droplets, {} unknown",
                            census.here, census.held, census.odd);
  return {
      .exit = Exit::pool_exhausted,
      .message = message,
      .hint =
          "add an address to the pool, or match fewer nodes; list holders with: do-egress-ip pool"};
}

Ending without_candidate(const Account& account, const Droplet& droplet, const Census& census) {
  if (census.here == 0) {
    return nothing_here(droplet, account);
  }
  if (census.hidden > 0) {
    return holders_hidden();
  }
  if (census.lost > 0) {
    return all_lost(census.lost);
  }
  if (census.locked > 0) {
    return only_locked(census.locked);
  }
  return census.odd == census.here ? all_odd(census.odd) : exhausted(census);
}

}  // namespace

std::variant<Ipv4, Ending> choose_candidate(const Account& account, const Droplet& droplet,
                                            const std::vector<Ipv4>& pool,
                                            const std::set<Ipv4>& lost) {
  // The checks are ordered by cost: the expensive ones come last.
  const Preference prefers{droplet.id};
  std::optional<Ipv4> best;
  const auto consider = [&](Ipv4 address) {
    if ((!best || prefers(address, *best)) && !lost.contains(address) &&
        std::ranges::find(pool, address) != pool.end()) {
      best = address;
    }
  };
  if (account.pages.first == 0) {
    std::ranges::for_each(account.unread, consider);
  }
  for (const FloatingIp& entry : account.pool) {
    if (entry.region == droplet.region && standing_of(entry, droplet.id) == Standing::free) {
      consider(entry.address);
    }
  }
  if (best) {
    return *best;
  }
  return without_candidate(account, droplet, census_of(account, droplet.region, droplet.id, lost));
}

bool must_read_page(const Observation& found) {
  const Account& account = std::get<Account>(found.account);
  if (account.unread.empty()) {
    return false;
  }
  const auto is_lost = [&](Ipv4 address) { return found.lost_candidates.contains(address); };
  const auto is_candidate = [&](const FloatingIp& entry) {
    return entry.region == found.droplet->region && !is_lost(entry.address) &&
           standing_of(entry, found.droplet->id) == Standing::free;
  };
  const bool reads_all = account.pool.size() + account.unread.size() <= few_pages * page_size;
  if (!reads_all && std::ranges::any_of(account.pool, is_candidate)) {
    return false;
  }
  // The larger the pool, the more nodes compete for each address that was read by its name.
  const int most_reads = reads_all ? most_lost_after_read : 1;
  return account.pages.first != 0 || found.lost_after_read >= most_reads ||
         found.lost_candidates.size() >= most_lost || std::ranges::all_of(account.unread, is_lost);
}

Standing standing_of(const FloatingIp& reading, DropletId droplet) {
  if (!reading.readable || !reading.holder_shown) {
    return Standing::lost;
  }
  if (reading.holder && *reading.holder != droplet) {
    return Standing::lost;
  }
  if (reading.locked) {
    return Standing::pending;
  }
  return reading.holder ? Standing::mine : Standing::free;
}

}  // namespace core
