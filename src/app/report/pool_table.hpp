// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/outcome.hpp"

#include <string>

namespace app {

// For people: a line an address, then how many are left.
std::string render_text(const PoolTable& table);
// One document on one line, "schema": 1.
std::string render_json(const PoolTable& table);

}  // namespace app
