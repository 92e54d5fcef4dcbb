// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/invocation.hpp"
#include "cloud/kubernetes.hpp"
#include "core/model.hpp"
#include "io/http.hpp"

#include <optional>
#include <vector>

namespace app {

// Asks Kubernetes what it lets a claim do, beside whatever else is asked meanwhile.
class Reviews {
 public:
  Reviews(io::Http& http, const Invocation& invocation) : http_(http), invocation_(invocation) {}

  // A claim itself asks for its Lease before its address, so only the right to write the Node is
  // reviewed; a dry run, which takes no Lease, reviews both.
  void start(cloud::Kubernetes& kubernetes, const std::optional<io::Source>& source);

  // The answers to what was started. A server that does not answer is a fact as well.
  core::RightsFact read();

 private:
  io::Http& http_;
  const Invocation& invocation_;
  std::vector<core::Right> rights_ = {};
  std::vector<io::Http::Ticket> tickets_ = {};  // of `rights_`, in their order
  std::optional<core::Error> error_ = {};
};

}  // namespace app
