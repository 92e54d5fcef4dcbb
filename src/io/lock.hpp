// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

namespace io {

// The right to change this node's network. It ends when this object is destroyed or its process
// dies; a child that keeps `descriptor` holds it as well.
struct Lock {
  virtual ~Lock() = default;
  virtual int descriptor() const = 0;
};

// Takes locks. Abstract so that tests need no kernel.
struct Locks {
  virtual ~Locks() = default;

  // Returns nothing if another process has the lock. Throws Error(no_permission) without
  // CAP_NET_ADMIN, so that an unprivileged process cannot block runs, and Error(os_error) if the
  // kernel has no such lock.
  virtual std::unique_ptr<Lock> try_take() = 0;
};

// One lock per network namespace: an nf_tables table with an owner, which the kernel deletes with
// the owner's socket (NFT_TABLE_F_OWNER, Linux 5.12).
std::unique_ptr<Locks> open_locks();

}  // namespace io
