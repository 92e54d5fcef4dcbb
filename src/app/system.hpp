// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/clock.hpp"
#include "io/http.hpp"
#include "io/kernel.hpp"
#include "io/log.hpp"
#include "io/retry.hpp"

namespace app {

// The outside world, behind its three seams: HTTP, the kernel, time.
struct System {
  io::Http& http;
  io::Kernel& kernel;
  io::Clock& clock;
  const io::Log& log;
  io::Random random;
};

}  // namespace app
