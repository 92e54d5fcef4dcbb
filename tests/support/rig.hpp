// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/invocation.hpp"
#include "app/outcome.hpp"
#include "app/system.hpp"
#include "support/builders.hpp"
#include "support/fake_clock.hpp"
#include "support/fake_cloud.hpp"
#include "support/fake_guards.hpp"
#include "support/fake_http.hpp"
#include "support/fake_kernel.hpp"

namespace support {

// A droplet after boot, in a cloud with a free pool, all in memory; the arguments of a run.
struct Rig {
  explicit Rig(Topology topology = Topology::classic);

  // Sets the state after a run: the first choice is assigned, routed and labelled.
  void converge(Topology topology = Topology::classic);
  // Runs the program once, as a loop would.
  app::Outcome run();
  // Clears the counters.
  void forget();

  FakeClock clock{};
  FakeKernel kernel;
  FakeHttp http = {};
  FakeCloud cloud{http, clock, kernel};
  io::Log log{io::LogFormat::text, io::Level::error};
  FakeGuards guards = {};
  FakeLocks locks = {};
  app::System system{http, kernel, clock, guards, locks, log, [] { return 0.5; }};
  int token_reads = 0;
  app::Invocation invocation;
};

// "GET 198.51.100.8": method and last part of each request to DigitalOcean.
std::vector<std::string> api_calls(const FakeHttp& http);

}  // namespace support
