// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

namespace io {

// The right to change this node's network, held until it is destroyed or its process dies; a child
// that keeps `descriptor` holds it as well.
struct Lock {
  virtual ~Lock() = default;
  virtual int descriptor() const = 0;
};

// Where locks come from. Abstract so that tests need no kernel.
struct Locks {
  virtual ~Locks() = default;

  // Nothing when another process has it. Throws Error(no_permission) without CAP_NET_ADMIN, so that
  // nobody without rights can hold it, and Error(os_error) when this kernel has no such lock.
  virtual std::unique_ptr<Lock> try_take() = 0;
};

// One lock for each network namespace: a table of nf_tables with an owner, which the kernel takes
// away with the owner's socket (NFT_TABLE_F_OWNER, Linux 5.12).
std::unique_ptr<Locks> open_locks();

}  // namespace io
