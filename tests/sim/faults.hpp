// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "call.hpp"

#include <optional>
#include <random>
#include <regex>
#include <vector>

namespace sim {

// A spoiled answer, and the requests that get it.
struct Fault {
  int id = 0;
  std::string server, method;  // empty: any
  std::regex path;             // the whole path without the query
  int count = 1;               // how many more answers it spoils; -1: all
  int skip = 0;                // how many matching requests pass before
  double probability = 1;
  bool after = false;  // the request takes effect before its answer is spoiled
  std::string kind;    // status, reset, truncate, cut-json, garbage, huge, drip, delay, hang
  int status = 500;
  std::map<std::string, std::string> headers;
  std::string body;
  Millis delay_ms = 0;
  int hits = 0;
};

class Faults {
 public:
  // Throws std::exception if a field is missing, unknown or of the wrong type.
  int add(const Json& description);
  void clear() { faults_.clear(); }
  void remove(int id);
  Json shown() const;

  // The fault of this call, if any; counts it.
  std::optional<Fault> strike(const Call& call);

 private:
  std::vector<Fault> faults_;
  std::mt19937 engine_{42};
  int last_id_ = 0;
};

}  // namespace sim
