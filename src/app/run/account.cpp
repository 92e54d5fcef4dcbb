// SPDX-License-Identifier: Apache-2.0
#include "app/run/account.hpp"

#include <algorithm>
#include <utility>

namespace app {
namespace {

using cloud::DigitalOcean;

class Reading {
 public:
  Reading(DigitalOcean& digitalocean, const core::Droplet& droplet,
          const std::vector<core::Ipv4>& pool)
      : digitalocean_(digitalocean), droplet_(droplet) {
    account_.unread = pool;
  }

  void add(const std::vector<core::FloatingIp>& listed) {
    for (const core::FloatingIp& entry : listed) {
      add(entry);
    }
  }

  // BYOIP addresses are not listed.
  core::Account name_the_rest() && {
    for (const core::Ipv4 address : std::vector(account_.unread)) {
      add_named(address);
    }
    account_.unread.clear();
    return std::move(account_);
  }

  // The droplet tells what it holds, and that it can be read proves droplet:read.
  core::Account ask_droplet() && {
    if (account_.ours) {
      return std::move(account_);
    }
    const auto addresses = digitalocean_.public_addresses(droplet_.id);
    if (!addresses) {
      throw scope_missing();
    }
    account_.shows_droplets = true;
    const auto& own = droplet_.public_interface;
    for (const core::Ipv4 address : *addresses) {
      if (!own || own->address != address) {
        add_named(address);
      }
    }
    return std::move(account_);
  }

 private:
  void add(const core::FloatingIp& entry) {
    account_.shows_droplets = account_.shows_droplets || entry.holder.has_value();
    if (entry.holder == droplet_.id) {
      account_.ours = entry;
    }
    if (std::erase(account_.unread, entry.address) > 0) {
      account_.pool.push_back(entry);
    }
  }

  void add_named(core::Ipv4 address) {
    if (const auto named = digitalocean_.read_address(address)) {
      add(*named);
    }
  }

  DigitalOcean& digitalocean_;
  const core::Droplet& droplet_;
  core::Account account_ = {};
};

}  // namespace

core::Account read_account(cloud::DigitalOcean& digitalocean, const std::vector<core::Ipv4>& pool,
                           std::optional<core::DropletId> droplet) {
  auto listed = digitalocean.list_addresses();
  std::ranges::stable_sort(listed, {}, &core::FloatingIp::address);
  core::Account account;
  const auto take = [&](const core::FloatingIp& entry) {
    account.shows_droplets = account.shows_droplets || entry.holder.has_value();
    if (entry.holder && entry.holder == droplet) {
      account.ours = entry;
    }
  };
  std::ranges::for_each(listed, take);
  for (const core::Ipv4 address : pool) {
    const auto known = std::ranges::lower_bound(listed, address, {}, &core::FloatingIp::address);
    if (known != listed.end() && known->address == address) {
      account.pool.push_back(*known);
    } else if (const auto named = digitalocean.read_address(address)) {  // BYOIP is not listed
      take(*named);
      account.pool.push_back(*named);
    }
  }
  return account;
}

core::Account read_for_claim(DigitalOcean& digitalocean, const core::Droplet& droplet,
                             const Invocation& invocation) {
  if (invocation.command != Command::reconcile || invocation.writes == Writes::none) {
    return read_account(digitalocean, invocation.config.pool, droplet.id);
  }
  Reading reading(digitalocean, droplet, invocation.config.pool);
  if (invocation.config.pool.size() > DigitalOcean::page_size) {
    return std::move(reading).ask_droplet();  // the account has as many, so more than one page
  }
  const auto first = digitalocean.list_addresses(1);
  reading.add(first.addresses);
  return first.complete ? std::move(reading).name_the_rest() : std::move(reading).ask_droplet();
}

core::Error scope_missing() {
  return core::Error(core::Exit::no_permission,
                     "the token does not see this droplet, so an address in use looks free to it")
      .with_hint("give the token the scope droplet:read, in the team that owns the droplet");
}

}  // namespace app
