// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cloud/secret.hpp"
#include "core/model.hpp"
#include "io/http.hpp"

#include <map>
#include <optional>
#include <string>

namespace cloud {

// The calls of the Kubernetes API that we use. What a reply means is told by throwing
// Error(no_permission) on 401 and 403, Error(gate_failed) where there is no such Node, and
// Error(unavailable) otherwise; Error(software) for a shape not known.
class Kubernetes {
 public:
  Kubernetes(io::Http& http, std::string url, std::string ca_file, ReadSecret token)
      : http_(http),
        url_(std::move(url)),
        ca_file_(std::move(ca_file)),
        read_token_(std::move(token)) {}

  // To be sent by the caller, who has something better to do while it is under way.
  io::Request node_request(const std::string& node);
  core::Node decode_node(const std::string& node, const io::Response& response) const;

  // One merge patch (RFC 7386) of the Node's labels; the Node as it is then.
  core::Node patch_labels(const core::PatchNode& patch);

 private:
  io::Request request(const std::string& method, const std::string& path);

  io::Http& http_;
  std::string url_;
  std::string ca_file_;
  ReadSecret read_token_;
  std::optional<Secret> token_ = {};
};

}  // namespace cloud
