// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/outcome.hpp"

#include <string>

namespace app {

// What app::status() found, for people.
std::string render_status(const Outcome& outcome);

}  // namespace app
