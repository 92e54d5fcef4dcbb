// SPDX-License-Identifier: Apache-2.0
#include "support/fake_kernel.hpp"

#include "support/kernel_contract.hpp"

namespace support {
namespace {

struct FakeWorld {
  FakeKernel& kernel() { return fake; }
  core::Network& network() { return fake.network; }
  FakeKernel fake{booted(Topology::classic)};
};

}  // namespace

TEST_KERNEL_CONTRACT(FakeWorld);

}  // namespace support
