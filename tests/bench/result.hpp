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
  std::uintmax_t image = 0;  // unpacked; 0: none was built
  std::uintmax_t layer = 0;  // what is pulled of it
};

// The image is looked for where scripts/build-image leaves it, next to the program.
Sizes measure_sizes(const std::string& program);

struct Result {
  std::vector<Costs> steady = {};
  std::vector<Costs> first_claim = {};
  std::vector<Costs> with_cilium = {};  // a first claim
  std::vector<Costs> no_match = {};
  std::vector<Costs> destinations = {};
  Waiting waiting = {};
  Sizes sizes = {};
};

// Throws std::runtime_error where there is none.
const Costs& of(const std::vector<Costs>& all, const std::string& subject);

// A number that must not be exceeded.
struct Target {
  std::string what = {};
  double found = 0;
  double limit = 0;
  std::string unit = {};
};
bool is_met(const Target& target);
std::string render_target(const Target& target);  // one line

// What the image promises, as shares of the same requests with bare libcurl on Debian's libraries.
std::vector<Target> image_targets(const Result& result);

// What ten thousand destinations add to a steady run with one.
std::vector<Target> destination_targets(const Result& result);

// The whole as a table for people, with a verdict on each target.
std::string render_table(const Result& result);

// The same as a picture.
std::string render_svg(const Result& result);

}  // namespace bench
