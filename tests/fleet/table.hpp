// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fleet/fleet.hpp"

#include <string>

namespace fleet {

// Prints the table on stdout: the column heads, with `after` as the last one, and one row per
// fleet.
void print_head(const std::string& after);
void print_row(const Scenario& scenario, const Result& result);

}  // namespace fleet
