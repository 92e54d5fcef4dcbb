// SPDX-License-Identifier: Apache-2.0
#include "app/run/account.hpp"

#include "core/plan/pool.hpp"

#include <algorithm>
#include <utility>

namespace app {
namespace {

using cloud::DigitalOcean;

core::Error scope_missing() {
  return core::Error(core::Exit::no_permission,
                     "cannot claim an address: the token does not see this droplet, so addresses "
                     "in use look "
                     "free")
      .with_hint("give the token the scope droplet:read, in the team that owns the droplet");
}

// The entry in a list that is sorted by address, or nullptr.
const core::FloatingIp* find_address(const std::vector<core::FloatingIp>& sorted,
                                     core::Ipv4 address) {
  const auto found = std::ranges::lower_bound(sorted, address, {}, &core::FloatingIp::address);
  return found != sorted.end() && found->address == address ? &*found : nullptr;
}

class Reading {
 public:
  Reading(DigitalOcean& digitalocean, const core::Droplet* droplet, core::Account account = {})
      : digitalocean_(digitalocean), droplet_(droplet), account_(std::move(account)) {}

  core::Account run(const std::vector<core::Ipv4>& pool, Extent extent) {
    DigitalOcean::Listing listing;
    if (extent == Extent::whole) {
      listing = digitalocean_.list_addresses();
    } else if (pool.size() <= DigitalOcean::page_size) {  // a larger pool means more than one page
      listing = digitalocean_.list_addresses(1);
    }
    std::ranges::for_each(listing.addresses, [this](const auto& entry) { note(entry); });
    std::ranges::sort(listing.addresses, {}, &core::FloatingIp::address);
    for (const core::Ipv4 address : pool) {
      const auto known = find_address(listing.addresses, address);
      if (known != nullptr) {
        account_.pool.push_back(*known);
      } else if (listing.complete) {
        add_unlisted(address);
      } else {
        account_.unread.push_back(address);
      }
    }
    if (!listing.complete && !account_.ours) {
      ask_droplet();
    }
    return std::move(account_);
  }

  core::Account read_page(std::size_t pool_size) {
    if (account_.pages.first == 0) {
      account_.pages = core::begin_walk(droplet_->id, pool_size, DigitalOcean::page_size);
    }
    DigitalOcean::Listing page = core::attempt(
        "list the reserved IPs", [&] { return digitalocean_.list_page(account_.pages.next); });
    account_.pages = core::after_page(account_.pages, page.complete);
    std::ranges::for_each(page.addresses, [this](const auto& entry) { note(entry); });
    std::ranges::sort(page.addresses, {}, &core::FloatingIp::address);
    std::erase_if(account_.unread, [&](core::Ipv4 address) {
      const auto entry = find_address(page.addresses, address);
      if (entry != nullptr) {
        account_.pool.push_back(*entry);
      }
      return entry != nullptr;
    });
    if (account_.pages.done) {
      for (const core::Ipv4 address : std::exchange(account_.unread, {})) {
        add_unlisted(address);
      }
    }
    return std::move(account_);
  }

 private:
  void note(const core::FloatingIp& entry) {
    account_.shows_droplets = account_.shows_droplets || entry.holder.has_value();
    if (droplet_ != nullptr && entry.holder == droplet_->id) {
      account_.ours = entry;
    }
  }

  std::optional<core::FloatingIp> read(core::Ipv4 address) {
    auto entry = digitalocean_.read_address(address);
    if (entry) {
      entry->listed = false;
      note(*entry);
    }
    return entry;
  }

  void add_unlisted(core::Ipv4 address) {
    if (const auto entry = read(address)) {
      account_.pool.push_back(*entry);
    }
  }

  // The droplet shows which address it holds. That the token can read it proves droplet:read.
  void ask_droplet() {
    const auto addresses = digitalocean_.read_public_addresses(droplet_->id);
    if (!addresses) {
      throw scope_missing();
    }
    account_.shows_droplets = true;
    const auto& own = droplet_->public_interface;
    for (const core::Ipv4 address : *addresses) {
      if (std::erase(account_.unread, address) > 0) {
        add_unlisted(address);
      } else if (!own || own->address != address) {
        read(address);
      }
    }
  }

  DigitalOcean& digitalocean_;
  const core::Droplet* droplet_;
  core::Account account_ = {};
};

}  // namespace

core::Account read_account(DigitalOcean& digitalocean, const std::vector<core::Ipv4>& pool,
                           const core::Droplet* droplet, Extent extent) {
  return Reading(digitalocean, droplet).run(pool, extent);
}

void read_next_page(DigitalOcean& digitalocean, const std::vector<core::Ipv4>& pool,
                    const core::Droplet& droplet, core::Account& account) {
  account = Reading(digitalocean, &droplet, account).read_page(pool.size());
}

void require_sight(DigitalOcean& digitalocean, std::optional<core::DropletId> droplet) {
  if (digitalocean.read_sight(droplet) != core::Sight::seen) {
    throw scope_missing();
  }
}

}  // namespace app
