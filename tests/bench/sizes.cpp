// SPDX-License-Identifier: Apache-2.0
#include "bench/result.hpp"

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <stdexcept>

namespace bench {
namespace {

namespace fs = std::filesystem;

std::string output_of(const std::vector<std::string>& words) {
  const support::Run run = support::run({words, {}});
  if (run.exit != 0) {
    throw std::runtime_error(words[0] + ": " + run.err);
  }
  return run.out;
}

std::uintmax_t size_of_tree(const fs::path& folder) {
  std::uintmax_t sum = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && !entry.is_symlink()) {
      sum += entry.file_size();
    }
  }
  return sum;
}

// An archive of blobs, of which the layer is by far the largest.
std::uintmax_t size_of_layer(const fs::path& archive) {
  std::istringstream lines(output_of({"tar", "--list", "--verbose", "--file", archive}));
  std::uintmax_t largest = 0;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string mode;
    std::string owner;
    std::uintmax_t size = 0;
    words >> mode >> owner >> size;
    largest = std::max(largest, size);
  }
  return largest;
}

}  // namespace

Sizes measure_sizes(const std::string& program) {
  const fs::path stripped = "/run/lab/stripped";
  output_of({"strip", "--strip-all", "-o", stripped, program});
  Sizes sizes{.binary = fs::file_size(stripped)};
  fs::remove(stripped);
  sizes.mapped = sizes.binary;
  std::istringstream lines(output_of({"ldd", program}));
  for (std::string word; lines >> word;) {
    if (word.starts_with('/')) {
      sizes.mapped += fs::file_size(word);
      ++sizes.libraries;
    }
  }
  const fs::path image = fs::path(program).parent_path() / "image" / "rootfs";
  if (fs::exists(image)) {
    sizes.image = size_of_tree(image);
    sizes.layer = size_of_layer(image.parent_path() / "do-egress-ip.tar");
  }
  return sizes;
}

}  // namespace bench
