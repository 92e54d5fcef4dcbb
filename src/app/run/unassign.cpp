// SPDX-License-Identifier: Apache-2.0
#include "app/run/unassign.hpp"

#include "core/plan/candidates.hpp"

namespace app {
namespace {

using core::Standing;

constexpr io::Duration interval{500};
constexpr int most_unassigns = 4;

}  // namespace

void unassign(System& system, cloud::DigitalOcean& digitalocean,
              const core::UnassignFloatingIp& wanted) {
  const auto standing = [&] {
    const auto reading = digitalocean.read_address(wanted.address);
    return reading ? core::standing_of(*reading, wanted.droplet) : Standing::lost;
  };
  int posts = 0;
  for (Standing now = standing(); now == Standing::mine || now == Standing::pending;
       now = standing()) {
    if (now == Standing::mine && posts++ < most_unassigns) {
      digitalocean.unassign(wanted.address);
    } else if (now == Standing::mine) {
      throw core::Error(core::Exit::try_again, "DigitalOcean does not unassign {}",
                        wanted.address.to_string());
    }
    system.log.progress(fmt::format("waiting for {} to be unassigned", wanted.address.to_string()));
    system.clock.sleep(interval);
  }
}

}  // namespace app
