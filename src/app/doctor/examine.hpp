// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/doctor/recording_http.hpp"
#include "app/invocation.hpp"
#include "app/system.hpp"
#include "core/doctor/doctor.hpp"

#include <optional>

// How `doctor` comes by its facts. What cannot be had is a fact as well; only the wish to end the
// run (Exit::interrupted, Exit::terminated) is thrown.
namespace app {

// Runs `read`; its failure is the fact where there is one.
template <typename Value, typename Read>
core::Fact<Value> fact_of(Read&& read) {
  core::Fact<Value> fact;
  const auto failure = core::catch_error_except_signals([&] { fact = Value(read()); });
  if (failure) {
    fact = core::Unavailable{*failure};
  }
  return fact;
}

// The kernel, and files below `root`.
core::HostFacts examine_host(System& system, const std::string& root);

core::AccountFacts examine_account(Witness& http, const Invocation& invocation,
                                   const core::Droplet* droplet);

core::ClusterFacts examine_cluster(Witness& http, const Invocation& invocation);

}  // namespace app
