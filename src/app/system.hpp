// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/clock.hpp"
#include "io/guard.hpp"
#include "io/http.hpp"
#include "io/kernel.hpp"
#include "io/lock.hpp"
#include "io/log.hpp"
#include "io/retry.hpp"

namespace app {

// Everything outside the process that a run uses, as interfaces that tests replace.
struct System {
  io::Http& http;
  io::Kernel& kernel;
  io::Clock& clock;
  io::Guards& guards;
  io::Locks& locks;
  const io::Log& log;
  io::Random random;
};

}  // namespace app
