// SPDX-License-Identifier: Apache-2.0
#include "app/run/rights.hpp"

#include "cloud/inspection.hpp"

#include <utility>

namespace app {
namespace {

// Nobody must be able to give back a Lease: it expires.
bool is_reviewed(const core::Right& right, const Invocation& invocation) {
  if (right.resource == "nodes") {
    return right.verb == "patch";
  }
  return right.resource == "leases" && right.verb != "delete" &&
         invocation.writes == Writes::none && invocation.config.lock != core::Lock::none;
}

}  // namespace

void Reviews::start(cloud::Kubernetes& kubernetes, const std::optional<io::Source>& source) {
  rights_ = core::needed_rights(invocation_.config.node_name, invocation_.name_space);
  std::erase_if(rights_, [&](const core::Right& one) { return !is_reviewed(one, invocation_); });
  tickets_.clear();
  error_ = core::catch_error_except_signals([&] {
    for (const core::Right& right : rights_) {
      io::Request request = cloud::review_request(kubernetes, right);
      request.source = source;
      request.tries = io::Tries::one;
      tickets_.push_back(http_.start(request));
    }
  });
}

core::RightsFact Reviews::read() {
  std::vector<core::Right> rights = std::exchange(rights_, {});
  for (std::size_t i = 0; i < tickets_.size(); ++i) {
    const auto error = core::catch_error_except_signals(
        [&] { rights[i].allowed = cloud::decode_review(http_.wait(tickets_[i])); });
    error_ = error_ ? error_ : error;
  }
  tickets_.clear();
  return error_ ? core::RightsFact(core::Unavailable{*error_}) : rights;
}

}  // namespace app
