// SPDX-License-Identifier: Apache-2.0
#include "app/run/claim.hpp"

#include "core/plan/candidates.hpp"

#include <algorithm>

namespace app {
namespace {

// Performs one move and returns its reading.
class Moves {
 public:
  Moves(System& system, cloud::DigitalOcean& digitalocean, const core::AssignFloatingIp& wanted,
        const Hint& hint)
      : system_(system), digitalocean_(digitalocean), wanted_(wanted), hint_(hint) {}

  core::ClaimReading operator()(const core::Post&) {
    auto [reply, response] = digitalocean_.assign(wanted_.address, wanted_.droplet);
    if (reply.kind == core::PostReply::Kind::limited) {
      constexpr io::Duration usual{5'000};
      reply.pause = io::rate_limit_pause(response, system_.clock, system_.random,
                                         io::spread_under_way, usual);
    }
    action_ = reply.action.value_or(0);
    return reply;
  }

  core::ClaimReading operator()(const core::ReadAgain& move) {
    if (move.in.count() > 0) {
      system_.log.progress(
          fmt::format("waiting for {} to be assigned", wanted_.address.to_string()));
      const double share = move.spread ? 0.5 + system_.random() / 2 : 1;
      system_.clock.sleep(std::chrono::duration_cast<io::Duration>(move.in * share));
    }
    using enum core::ReadAgain::What;
    switch (move.what) {
      case held:
        return core::HeldReading{held_entry()};
      case action:
        return core::ActionReading{digitalocean_.has_errored(wanted_.address, action_)};
      case hint:
        return core::HintReading{hint_()};
      case address:
        break;
    }
    return core::AddressReading{digitalocean_.read_address(wanted_.address)};
  }

 private:
  std::optional<core::FloatingIp> held_entry() {
    const auto all = digitalocean_.list_addresses().addresses;
    const auto found =
        std::ranges::find(all, std::optional(wanted_.droplet), &core::FloatingIp::holder);
    return found == all.end() ? std::nullopt : std::optional(*found);
  }

  System& system_;
  cloud::DigitalOcean& digitalocean_;
  core::AssignFloatingIp wanted_;
  const Hint& hint_;
  std::int64_t action_ = 0;
};

}  // namespace

Claim claim(System& system, cloud::DigitalOcean& digitalocean, const core::AssignFloatingIp& wanted,
            const Hint& hint) {
  Moves perform(system, digitalocean, wanted, hint);
  core::ClaimState state{.wanted = wanted};
  core::ClaimMove move = core::read_first;
  for (;;) {
    system.log.write(io::Level::debug, "claim {}: {}", wanted.address.to_string(),
                     core::describe(move));
    if (const auto* won = std::get_if<core::Won>(&move)) {
      return *won;
    }
    if (const auto* lost = std::get_if<core::Lost>(&move)) {
      return *lost;
    }
    if (const auto* failed = std::get_if<core::Failed>(&move)) {
      throw core::Error(failed->error);
    }
    const auto* again = std::get_if<core::ReadAgain>(&move);
    const core::ClaimReading reading = again != nullptr ? perform(*again) : perform(core::Post{});
    move = core::next(state, reading, system.clock.elapsed());
  }
}

void unassign(System& system, cloud::DigitalOcean& digitalocean,
              const core::UnassignFloatingIp& wanted) {
  using core::Standing;
  constexpr io::Duration interval{500};
  constexpr int most_posts = 4;
  const std::string address = wanted.address.to_string();
  for (int posts = 0;;) {
    const auto reading = digitalocean.read_address(wanted.address);
    if (reading && !reading->readable) {
      throw core::Error(core::Exit::software,
                        "cannot unassign {}: DigitalOcean shows it in an unknown shape", address);
    }
    const auto standing = reading ? core::standing_of(*reading, wanted.droplet) : Standing::lost;
    if (standing == Standing::free || standing == Standing::lost) {
      return;
    }
    if (standing == Standing::mine && posts++ == most_posts) {
      throw core::Error(core::Exit::try_again,
                        "cannot unassign {}: DigitalOcean accepts it and does not do it", address);
    }
    if (standing == Standing::mine) {
      digitalocean.unassign(wanted.address);
    }
    system.log.progress(fmt::format("waiting for {} to be unassigned", address));
    system.clock.sleep(interval);
  }
}

}  // namespace app
