// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/outcome.hpp"

#include <chrono>
#include <string>

namespace app {

// Renders a run in Prometheus' text format; pure. Counters, the last success and an address that
// could not be read continue from `previous_text`, which the last run wrote. Unknown lines in it
// are ignored. `now` is since the Unix epoch.
std::string render_metrics(const Outcome& outcome, std::chrono::seconds now,
                           const std::string& previous_text);

}  // namespace app
