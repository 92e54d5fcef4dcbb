// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cloud/secret.hpp"
#include "core/model.hpp"
#include "io/http.hpp"

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace cloud {

// The Kubernetes API as far as we use it; Leases and Events build on it. What a reply means is told
// by throwing Error(no_permission) on 401 and 403, Error(gate_failed) where there is no such Node,
// and Error(unavailable) otherwise; Error(software) for a shape not known.
class Kubernetes {
 public:
  Kubernetes(io::Http& http, std::string url, std::string ca_file, ReadSecret token)
      : http_(http),
        url_(std::move(url)),
        ca_file_(std::move(ca_file)),
        read_token_(std::move(token)) {}

  // To be sent by the caller, who has something better to do while it is under way.
  io::Request node_request(const std::string& node);
  core::Node decode_node(const std::string& node, const io::Response& response);

  // One merge patch (RFC 7386) of the Node's labels and taints; the Node as it is then. Taints are
  // one list, so they are patched only as of `version`; nothing when the Node changed since.
  std::optional<core::Node> patch_node(const core::PatchNode& patch, const std::string& version);

  // Any other call, with a body or without.
  io::Response send(const std::string& method, const std::string& path, const nlohmann::json& body);
  io::Response send(const std::string& method, const std::string& path);

  // The API server's own time, as of its last reply: nodes whose clocks differ agree on it. Since
  // the Unix epoch. Throws Error(software) when no reply had a Date (RFC 9110, 6.6.1).
  std::chrono::seconds time() const;

 private:
  io::Request request(const std::string& method, const std::string& path);
  io::Response send(const io::Request& message);
  void note_time(const io::Response& response);

  io::Http& http_;
  std::string url_;
  std::string ca_file_;
  ReadSecret read_token_;
  std::optional<Secret> token_ = {};
  std::string date_ = {};
};

// Why a call was refused, from a Status object or whatever a proxy answered.
core::Error refusal(const io::Response& response);

}  // namespace cloud
