// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "e2e/node.hpp"

#include <optional>
#include <set>
#include <string>
#include <vector>

// A node that reaches DigitalOcean's API only through the validator (tests/contract/proxy).
class Proxied {
 public:
  Node node;

  Proxied();

  // Runs one command, reconcile if empty, which must end with that exit.
  void run(int exit, const std::string& command = {}, const std::vector<std::string>& more = {},
           const support::Variables& changes = {}) const;

  // A request without the program: its answer's status and body.
  struct Answer {
    int status = 0;
    std::string body = {};
  };
  Answer ask(const std::vector<std::string>& curl) const;

  // The validator's complaints so far.
  std::vector<std::string> complaints() const;

  // The calls that reached the API, each as "get /v2/reserved_ips/{reserved_ip} 200".
  std::set<std::string> calls() const;

 private:
  std::optional<support::Child> prism_ = {};
  mutable int marks_ = 0;
};
