// SPDX-License-Identifier: Apache-2.0
#define DOCTEST_CONFIG_IMPLEMENT
#include "integration/private_network.hpp"

#include <doctest/doctest.h>

#include <cstdio>

int main(int argc, char** argv) {
  constexpr int skipped = 77;
  if (!integration::enter_private_network()) {
    std::fputs("skipped: this system allows no network namespace\n", stderr);
    return skipped;
  }
  return doctest::Context(argc, argv).run();
}
