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

// The Kubernetes API as far as this program uses it; Leases and Events build on it. Throws
// Error(no_permission) on 401 and 403, Error(gate_failed) if there is no such Node, Error(software)
// for a reply of an unknown shape, and Error(unavailable) otherwise.
class Kubernetes {
 public:
  Kubernetes(io::Http& http, std::string url, std::string ca_file, ReadSecret token)
      : http_(http),
        url_(std::move(url)),
        ca_file_(std::move(ca_file)),
        read_token_(std::move(token)) {}

  // The caller sends this request itself, so that other requests run at the same time.
  io::Request node_request(const std::string& node);
  core::Node decode_node(const std::string& node, const io::Response& response);

  // Sends one merge patch (RFC 7386) of the Node's labels and taints, and returns the new Node. A
  // patch replaces the whole list of taints, so it is bound to `version`, like a `versioned` one:
  // returns nothing if the Node changed since.
  std::optional<core::Node> patch_node(const core::PatchNode& patch, const std::string& version);

  // Sends any other call, with a body or without, or makes one for the caller to send.
  io::Response send(const std::string& method, const std::string& path, const nlohmann::json& body);
  io::Response send(const std::string& method, const std::string& path);
  io::Response send(const io::Request& message);
  io::Request request(const std::string& method, const std::string& path,
                      const nlohmann::json& body);
  io::Request request(const std::string& method, const std::string& path);

  // The API server's time in its last reply, since the Unix epoch. Nodes whose clocks differ agree
  // on it. Throws Error(software) if no reply had a Date (RFC 9110, 6.6.1).
  std::chrono::seconds time() const;

 private:
  void note_time(const io::Response& response);

  io::Http& http_;
  std::string url_;
  std::string ca_file_;
  ReadSecret read_token_;
  std::optional<Secret> token_ = {};
  std::string date_ = {};
};

// A time since the Unix epoch as metav1.MicroTime.
std::string micro_time(std::chrono::seconds time);

// The Error of a refused call, from a Status object or from a proxy's answer.
core::Error refusal_error(const io::Response& response);

}  // namespace cloud
