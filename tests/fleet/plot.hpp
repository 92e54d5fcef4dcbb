// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fleet/fleet.hpp"

#include <string>
#include <vector>

namespace fleet {

struct Point {
  int nodes = 0;
  Duration until_all{0};
  Duration limit_alone{0};
  double calls = 0;  // granted, of each node
};

// The time until all nodes hold an address, beside what the rate limits alone dictate, and the
// calls of each, over the number of nodes; as SVG.
std::string render_plot(const std::vector<Point>& points);

}  // namespace fleet
