// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/invocation.hpp"
#include "app/system.hpp"
#include "core/doctor/doctor.hpp"

#include <optional>
#include <string>
#include <vector>

namespace app {

// A request and its reply.
struct Exchange {
  io::Server server = io::Server::metadata;
  std::string method = {};
  std::string url = {};
  long status = 0;  // 0: no reply
  std::string body = {};
};

// What `doctor` judges by, and every request that it took. What cannot be had is a fact as well;
// only the wish to end the run (Exit::interrupted, Exit::terminated) is thrown.
core::Examination gather_facts(System& system, const Invocation& invocation,
                               std::vector<Exchange>& exchanges);

// A file; nothing if it cannot be read.
std::optional<std::string> read_text(const std::string& path);

// The kernel, and files below `root`.
core::HostFacts gather_host_facts(System& system, const std::string& root);

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

}  // namespace app
