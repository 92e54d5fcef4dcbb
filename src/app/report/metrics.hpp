// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/outcome.hpp"

#include <chrono>
#include <string>

namespace app {

// A run in Prometheus' text format, pure. Counters go on from `previous`, which the last run wrote,
// and so do the time of the last success and an address that could not be read this time; what is
// not understood there counts as nothing. `now` is since the Unix epoch.
std::string render_metrics(const Outcome& outcome, std::chrono::seconds now,
                           const std::string& previous);

}  // namespace app
