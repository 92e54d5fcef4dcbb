// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "call.hpp"

#include <optional>
#include <random>
#include <regex>
#include <vector>

namespace sim {

// One way in which an answer is spoiled, and which answers it meets.
struct Fault {
  int id = 0;
  std::string server, method;  // empty: any
  std::regex path;             // the whole of it, without the query
  int count = 1;               // how often it still strikes; -1: for ever
  int skip = 0;                // how many matching requests pass first
  double probability = 1;
  bool after = false;  // the request takes effect, and then its answer is spoiled
  std::string kind;    // status, reset, truncate, cut-json, garbage, huge, drip, delay, hang
  int status = 500;
  std::map<std::string, std::string> headers;
  std::string body;
  Millis delay_ms = 0;
  int hits = 0;
};

class Faults {
 public:
  // Throws std::exception where a field is missing, unknown or of the wrong type.
  int add(const Json& description);
  void clear() { faults_.clear(); }
  void remove(int id);
  Json shown() const;

  // The fault that strikes this call, if one does; it has struck then.
  std::optional<Fault> strike(const Call& call);

 private:
  std::vector<Fault> faults_;
  std::mt19937 engine_{42};
  int last_id_ = 0;
};

}  // namespace sim
