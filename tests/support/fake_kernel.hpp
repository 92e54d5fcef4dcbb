// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model.hpp"
#include "io/kernel.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace support {

// The kernel's routing as far as the program uses it. kernel_contract.hpp tests it like the real
// kernel.
class FakeKernel : public io::Kernel {
 public:
  FakeKernel() = default;
  explicit FakeKernel(core::Network start) : network(std::move(start)) {}

  core::Network read() override;
  void set_route(const core::Route& route) override;
  void remove_route(const core::Route& route) override;
  void set_destinations(const core::RouteGroup& routes) override;
  void remove_destinations(const core::RouteGroup& routes) override;
  void add_rule(const core::Rule& rule) override;
  void remove_rule(const core::Rule& rule) override;
  void set_marking(core::Ipv4 address) override;
  void remove_marking() override;
  std::vector<core::MarkUse> read_mark_uses() override { return mark_uses; }
  void set_pod_snat(const core::PodSnat& snat) override;
  void remove_pod_snat() override;
  core::PodFacts read_pod_facts(const core::NextHop& anchor) override;
  core::KernelDump dump() override { return objects; }

  // The hops of core::destinations_of_defaults() in `network`, for a socket without a source
  // address.
  static std::vector<core::SourceResolution> resolved_sources(const core::Network& network);
  static std::vector<core::Resolution> resolved(const core::Network& network);
  static std::vector<core::Resolution> resolved(const core::Network& network,
                                                const std::vector<core::Ipv4>& destinations);

  core::Network network = {};
  std::vector<core::MarkUse> mark_uses = {};
  core::KernelDump objects = {};
  core::PodFacts pods = {};               // what it knows of them
  std::vector<std::string> changes = {};  // "set 0.0.0.0/0", … in order
  int reads = 0;
  std::optional<core::Error> refusal = {};           // thrown by the next change
  std::optional<core::Error> refuses = {};           // thrown by all changes
  std::string refuses_always = {};                   // one of `changes`, refused at every attempt
  std::optional<std::size_t> refuse_change = {};     // its index in `changes`
  std::function<void(core::Network&)> meddler = {};  // another program that runs after each change

 private:
  void change(const std::string& what);
  void require_valid_hop(const core::Route& route) const;
};

}  // namespace support
