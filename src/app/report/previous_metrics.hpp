// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/ip.hpp"
#include "io/http.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace app {

// {key="value",…} with escaped values, as Prometheus' text format requires.
std::string labels(const std::vector<std::pair<std::string_view, std::string_view>>& pairs);

// The labels of do_egress_ip_requests_total; "none" counts as a status.
std::string request_labels(io::Server server, std::string_view status);

// The counts of earlier runs. Only metrics use them, never a decision.
struct PreviousMetrics {
  std::map<std::string, std::uint64_t> counts = {};  // by name and labels
  std::map<std::pair<io::Server, std::string>, std::uint64_t> requests = {};
  std::optional<core::Ipv4> address = {};
  std::chrono::seconds last_success = {};

  std::uint64_t count(const std::string& sample) const;  // 0 if there is none
};

// Parses the output of render_metrics() and ignores everything else.
PreviousMetrics parse_metrics(const std::string& text);

}  // namespace app
