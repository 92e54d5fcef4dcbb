// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/scenarios.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace bench {

// What the program takes on disk, in bytes.
struct Sizes {
  std::uintmax_t binary = 0;  // stripped
  std::uintmax_t mapped = 0;  // it and the libraries that it loads
  int libraries = 0;
  std::uintmax_t image = 0;  // 0: none was built
};

// The image is looked for where scripts/build-image leaves it, next to the program.
Sizes measure_sizes(const std::string& program);

struct Result {
  std::vector<Costs> steady = {};
  std::vector<Costs> first_claim = {};
  std::vector<Costs> no_match = {};
  Waiting waiting = {};
  Sizes sizes = {};
};

// Throws std::runtime_error where there is none.
const Costs& of(const std::vector<Costs>& all, const std::string& subject);

// The whole as a table for people, with a verdict on each target.
std::string render_table(const Result& result);

// The same as a picture.
std::string render_svg(const Result& result);

}  // namespace bench
