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
  double calls = 0;  // granted, per node
};

// An SVG of the time until all nodes hold an address, beside the minimum of the rate limits, and
// the calls per node, over the number of nodes.
std::string render_plot(const std::vector<Point>& points);

}  // namespace fleet
