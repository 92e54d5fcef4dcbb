// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fleet/fleet.hpp"

#include <string>

namespace fleet {

// What is printed of a fleet, on stdout: the heads of the columns, `after` being the last one's,
// and a line.
void print_head(const std::string& after);
void print_row(const Scenario& scenario, const Result& result);

}  // namespace fleet
