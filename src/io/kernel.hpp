// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/network.hpp"

#include <memory>

namespace io {

// The kernel's IPv4 network. Abstract so that tests need no privileges. Every change throws
// Error(no_permission) without CAP_NET_ADMIN and Error(os_error) when the kernel refuses otherwise,
// and Error(try_again) when its answer was lost: it may have taken place.
struct Kernel {
  virtual ~Kernel() = default;

  // Links, addresses, rules, our marking, the unicast routes of the main table and of ours, the
  // defaults of every other table, and how core::probes are resolved. Throws Error(os_error) when
  // it cannot be read untorn.
  virtual core::Network read() = 0;

  // Puts `route` in force, in one step: what has its destination, table, metric and type of service
  // is replaced.
  virtual void set_route(const core::Route& route) = 0;
  virtual void remove_route(const core::Route& route) = 0;

  virtual void add_rule(const core::Rule& rule) = 0;
  virtual void remove_rule(const core::Rule& rule) = 0;

  // Our table of nf_tables, as core::Marking tells; setting replaces it in one step.
  virtual void set_marking(core::Ipv4 address) = 0;
  virtual void remove_marking() = 0;
};

// Talks rtnetlink, and nf_tables, to the running kernel.
std::unique_ptr<Kernel> open_kernel();

}  // namespace io
