// SPDX-License-Identifier: Apache-2.0
#include "faults.hpp"

#include <algorithm>
#include <stdexcept>

namespace sim {
namespace {

const std::set<std::string> kinds = {"status", "reset", "truncate", "cut-json", "garbage",
                                     "huge",   "drip",  "delay",    "hang"};
const std::set<std::string> fields = {"server", "method",      "path", "count",
                                      "skip",   "probability", "when", "kind",
                                      "status", "headers",     "body", "delay_ms"};

}  // namespace

int Faults::add(const Json& description) {
  for (const auto& [key, value] : description.items()) {
    if (!fields.contains(key)) {
      throw std::invalid_argument("unknown field " + key);
    }
  }
  Fault fault;
  fault.id = ++last_id_;
  fault.server = description.value("server", "");
  fault.method = description.value("method", "");
  fault.path = std::regex(description.value("path", ".*"));
  fault.count = description.value("count", 1);
  fault.skip = description.value("skip", 0);
  fault.probability = description.value("probability", 1.0);
  fault.after = description.value("when", "before") == "after";
  fault.kind = description.at("kind");
  fault.status = description.value("status", 500);
  fault.headers = description.value("headers", fault.headers);
  fault.delay_ms = description.value("delay_ms", Millis{0});
  const Json body = description.value("body", Json(""));
  fault.body = body.is_string() ? body.get<std::string>() : body.dump();
  if (!kinds.contains(fault.kind)) {
    throw std::invalid_argument("unknown kind " + fault.kind);
  }
  faults_.push_back(fault);
  return fault.id;
}

void Faults::remove(int id) {
  std::erase_if(faults_, [id](const Fault& fault) { return fault.id == id; });
}

Json Faults::shown() const {
  Json result = Json::array();
  for (const Fault& fault : faults_) {
    result.push_back({{"id", fault.id}, {"kind", fault.kind}, {"hits", fault.hits}});
  }
  return result;
}

std::optional<Fault> Faults::strike(const Call& call) {
  for (Fault& fault : faults_) {
    if (fault.count == 0 || (!fault.server.empty() && fault.server != call.server) ||
        (!fault.method.empty() && fault.method != call.method) ||
        !std::regex_match(call.path, fault.path)) {
      continue;
    }
    if (fault.skip > 0) {
      --fault.skip;
      continue;
    }
    if (std::uniform_real_distribution<double>(0, 1)(engine_) >= fault.probability) {
      continue;
    }
    fault.count -= fault.count > 0 ? 1 : 0;
    ++fault.hits;
    return fault;
  }
  return std::nullopt;
}

}  // namespace sim
