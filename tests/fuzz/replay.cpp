// SPDX-License-Identifier: Apache-2.0
// Replaces libFuzzer: passes every file of a folder to a target, whole and truncated.
#include "fuzz.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace {

constexpr std::size_t most_cuts = 64;

// Copies the input to memory of exactly that size, so that the sanitizer sees any read beyond it.
void run(const std::vector<char>& input, std::size_t size) {
  const std::vector<std::uint8_t> exact(input.begin(),
                                        input.begin() + static_cast<std::ptrdiff_t>(size));
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

void replay(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> input(std::istreambuf_iterator<char>(file), {});
  const std::size_t stride = input.size() / most_cuts + 1;
  for (std::size_t size = 0; size < input.size(); size += stride) {
    run(input, size);
  }
  run(input, input.size());
}

}  // namespace

int main(int argc, char** argv) {
  int count = 0;
  for (int index = 1; index < argc; ++index) {
    for (const auto& entry : std::filesystem::directory_iterator(argv[index])) {
      std::fprintf(stderr, "%s\n", entry.path().c_str());
      replay(entry.path());
      ++count;
    }
  }
  fuzz::require(count > 0, "there is a corpus");
  return 0;
}
