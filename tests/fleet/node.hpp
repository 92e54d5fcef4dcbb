// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/invocation.hpp"
#include "fleet/fibers.hpp"
#include "io/retry.hpp"
#include "support/fake_guards.hpp"
#include "support/fake_kernel.hpp"
#include "world.hpp"

#include <cstdint>
#include <map>
#include <random>
#include <string>

namespace fleet {

// What all nodes share: the cloud, the time, and what is counted.
struct Shared {
  Fibers fibers;
  sim::World world;
  app::Invocation invocation = {};  // of every node, but for its name and its metadata
  Millis epoch = 1'764'000'000'000;
  Millis round_trip = 40;
  Millis interval = 5'000;  // of the loop, between good runs
  support::FakeKernel kernel = {};
  support::FakeGuards guards = {};
  support::FakeLocks locks = {};
  std::int64_t granted = 0;  // requests to DigitalOcean
  std::int64_t refused = 0;  // by its rate limits
  std::map<core::Exit, int> exits = {};
  int standing = 0;    // nodes whose last run was good
  Millis settled = 0;  // when the last of them became so
};

// One droplet with its Node. It runs the program again and again, as scripts/loop does.
class Node {
 public:
  Node(Shared& shared, sim::DropletId droplet, std::string name, std::uint32_t seed)
      : shared_(shared), droplet_(droplet), name_(std::move(name)), random_(seed) {}

  // Its first run begins at that time.
  void start(Millis time);

 private:
  void run();
  Millis pause_after(core::Exit exit);
  double random() { return std::uniform_real_distribution<double>(0, 1)(random_); }

  Shared& shared_;
  sim::DropletId droplet_;
  std::string name_;
  std::minstd_rand random_;
  bool good_ = false;
  Millis first_wait_ = 0;  // of the class of outcomes that the last run's belongs to
  Millis wait_ = 0;
};

}  // namespace fleet
