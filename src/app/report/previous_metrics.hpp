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

// {key="value",…}, with every value as Prometheus' text format takes it.
std::string labels(const std::vector<std::pair<std::string_view, std::string_view>>& pairs);

// Those of do_egress_ip_requests_total; "none" is a status too.
std::string request_labels(io::Server server, std::string_view status);

// What runs before this one have counted. Only metrics know of it: no decision does.
struct Past {
  std::map<std::string, std::uint64_t> counts = {};  // by name and labels
  std::map<std::pair<io::Server, std::string>, std::uint64_t> requests = {};
  std::optional<core::Ipv4> address = {};
  std::chrono::seconds last_success = {};

  std::uint64_t count(const std::string& sample) const;  // 0 where it is not there
};

// Reads what render_metrics() made. Whatever else is in there is passed over.
Past parse_metrics(const std::string& text);

}  // namespace app
