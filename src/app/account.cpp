// SPDX-License-Identifier: Apache-2.0
#include "app/account.hpp"

#include <algorithm>

namespace app {

core::Account read_account(cloud::DigitalOcean& digitalocean, const std::vector<core::Ipv4>& pool,
                           std::optional<core::DropletId> droplet) {
  const auto listed = digitalocean.list_addresses();
  core::Account account;
  const auto take = [&](const core::FloatingIp& entry) {
    account.shows_droplets = account.shows_droplets || entry.holder.has_value();
    if (entry.holder && entry.holder == droplet) {
      account.ours = entry;
    }
  };
  std::ranges::for_each(listed, take);
  for (const core::Ipv4 address : pool) {
    const auto known = std::ranges::find(listed, address, &core::FloatingIp::address);
    if (known != listed.end()) {
      account.pool.push_back(*known);
    } else if (const auto named = digitalocean.read_address(address)) {  // BYOIP is not listed
      take(*named);
      account.pool.push_back(*named);
    }
  }
  return account;
}

}  // namespace app
