// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "e2e/node.hpp"

#include <optional>
#include <set>
#include <string>
#include <vector>

// A node that reaches DigitalOcean's API through the validator only (tests/contract/proxy).
class Proxied {
 public:
  Node node;

  Proxied();

  // One run of a command, reconcile where that is empty, which must end so.
  void run(int exit, const std::string& command = {}, const std::vector<std::string>& more = {},
           const support::Variables& changes = {}) const;

  // A request by hand, without the program. The answer's status and body.
  struct Answer {
    int status = 0;
    std::string body = {};
  };
  Answer ask(const std::vector<std::string>& curl) const;

  // What the validator has complained about so far, in its words.
  std::vector<std::string> complaints() const;

  // The calls that have reached the API, each as "get /v2/reserved_ips/{reserved_ip} 200".
  std::set<std::string> calls() const;

 private:
  std::optional<support::Child> prism_ = {};
  mutable int marks_ = 0;
};
