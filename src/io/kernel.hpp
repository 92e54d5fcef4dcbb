// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/kernel_dump.hpp"
#include "core/network.hpp"

#include <memory>

namespace io {

// The kernel's IPv4 network. Abstract so that tests need no privileges. Every change throws
// Error(no_permission) without CAP_NET_ADMIN, Error(os_error) on another refusal by the kernel, and
// Error(try_again) if the kernel's answer was lost, so that the change may be done.
struct Kernel {
  virtual ~Kernel() = default;

  // Reads links, addresses, rules, our marking, the unicast routes of the main table, all routes of
  // our tables, the defaults of all other tables, and the routes of
  // core::destinations_of_defaults() and of core::sample_destinations(). Throws Error(os_error) if
  // concurrent changes tear every reading.
  virtual core::Network read() = 0;

  // Installs `route` in one step. It replaces the route of the same destination, table, metric and
  // type of service.
  virtual void set_route(const core::Route& route) = 0;
  virtual void remove_route(const core::Route& route) = 0;

  // The same for many routes of core::destination_table. Every one is tried, whatever comes of the
  // others.
  virtual void set_destinations(const core::RouteGroup& routes) = 0;
  virtual void remove_destinations(const core::RouteGroup& routes) = 0;

  virtual void add_rule(const core::Rule& rule) = 0;
  virtual void remove_rule(const core::Rule& rule) = 0;

  // Our nf_tables table, see core::Marking. Setting it replaces the old one in one step.
  virtual void set_marking(core::Ipv4 address) = 0;
  virtual void remove_marking() = 0;

  // Rules of nf_tables, in tables of other programs, that set or test bits of a packet's mark.
  virtual std::vector<core::MarkUse> read_mark_uses() = 0;
  // Our translation of pods, in the same table.
  virtual void set_pod_snat(const core::PodSnat& snat) = 0;
  virtual void remove_pod_snat() = 0;

  // What the kernel alone knows of how pods leave: rules that translate, and whether the anchor's
  // gateway answers ARP. What cannot be read is said in there.
  virtual core::PodFacts read_pod_facts(const core::NextHop& anchor) = 0;

  // Links, addresses, rules and routes, all of them and undecoded.
  virtual core::KernelDump dump() = 0;
};

// Uses rtnetlink and nf_tables of the running kernel.
std::unique_ptr<Kernel> open_kernel();

}  // namespace io
