// SPDX-License-Identifier: Apache-2.0
#include "app/unassign.hpp"

#include "core/candidates.hpp"

namespace app {
namespace {

constexpr io::Duration interval{500};
constexpr int most_posts = 4;

}  // namespace

void unassign(System& system, cloud::DigitalOcean& digitalocean,
              const core::UnassignFloatingIp& wanted) {
  using core::Standing;
  for (int posts = 0;;) {
    const auto reading = digitalocean.read_address(wanted.address);
    const Standing standing =
        reading ? core::standing_of(*reading, wanted.droplet) : Standing::lost;
    if (standing == Standing::free || standing == Standing::lost) {
      return;
    }
    if (standing == Standing::mine) {
      if (posts++ == most_posts) {
        throw core::Error(core::Exit::try_again, "DigitalOcean does not unassign {}",
                          wanted.address.to_string());
      }
      digitalocean.unassign(wanted.address);
    }
    system.log.progress(fmt::format("waiting for {} to be unassigned", wanted.address.to_string()));
    system.clock.sleep(interval);
  }
}

}  // namespace app
