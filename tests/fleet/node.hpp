// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/invocation.hpp"
#include "app/outcome.hpp"
#include "fleet/fibers.hpp"
#include "io/retry.hpp"
#include "support/fake_guards.hpp"
#include "support/fake_kernel.hpp"
#include "world.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <string>

namespace fleet {

// The cloud, the time and the counters that all nodes share.
struct Shared {
  Fibers fibers;
  sim::World world;
  app::Invocation invocation = {};  // of every node, without its name and metadata
  Millis epoch = 1'764'000'000'000;
  Millis round_trip = 40;
  Millis interval = 5'000;  // of the loop, between successful runs
  support::FakeKernel kernel = {};
  support::FakeGuards guards = {};
  support::FakeLocks locks = {};
  // Before a request takes effect; may sleep, or throw, which ends that run.
  std::function<void(sim::DropletId, const io::Request&)> before_effect = {};
  std::int64_t granted = 0;  // requests to DigitalOcean
  std::int64_t refused = 0;  // refused by the rate limits
  std::map<core::Exit, int> exits = {};
  int standing = 0;    // nodes whose last run succeeded
  Millis settled = 0;  // when the last of them succeeded
};

// One run of the program on a droplet.
app::Outcome run_program(Shared& shared, sim::DropletId droplet, const std::string& name,
                         const io::Random& chance);

// A droplet with its Node, which runs the program repeatedly like scripts/loop.
class Node {
 public:
  Node(Shared& shared, sim::DropletId droplet, std::string name, std::uint32_t seed)
      : shared_(shared), droplet_(droplet), name_(std::move(name)), random_(seed) {}

  // Starts its first run at that time.
  void start(Millis time);

 private:
  void run();
  Millis pause_after(const core::Ending& ending);
  double random() { return std::uniform_real_distribution<double>(0, 1)(random_); }

  Shared& shared_;
  sim::DropletId droplet_;
  std::string name_;
  std::minstd_rand random_;
  bool good_ = false;
  Millis first_wait_ = 0;  // the first wait of the last run's class
  Millis wait_ = 0;
};

}  // namespace fleet
