// SPDX-License-Identifier: Apache-2.0
#include "app/report/previous_metrics.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <sstream>

namespace app {
namespace {

constexpr std::array servers = {
    std::pair{io::Server::digitalocean, std::string_view{"digitalocean"}},
    std::pair{io::Server::metadata, std::string_view{"metadata"}},
    std::pair{io::Server::kubernetes, std::string_view{"kubernetes"}},
    std::pair{io::Server::verify, std::string_view{"verify"}}};

// Foreign text is reduced to ASCII: invalid UTF-8 would make the whole file unreadable.
std::string escape_label(std::string_view text) {
  std::string result;
  for (const char letter : text) {
    if (letter == '\n') {
      result += "\\n";
    } else if (letter == '"' || letter == '\\') {
      result += {'\\', letter};
    } else {
      result += letter < ' ' || letter > '~' ? '?' : letter;
    }
  }
  return result;
}

// Whole numbers that Prometheus stores exactly in a double.
std::optional<std::uint64_t> parse_count(std::string_view text) {
  constexpr std::uint64_t most = std::uint64_t{1} << 53U;
  std::uint64_t value = 0;
  const auto [stop, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = problem == std::errc{} && stop == text.data() + text.size();
  return whole && value < most ? std::optional(value) : std::nullopt;
}

bool is_status(std::string_view text) {
  const auto is_digit = [](char letter) { return letter >= '0' && letter <= '9'; };
  return text == "none" || (text.size() == 3 && std::ranges::all_of(text, is_digit));
}

// The text between a prefix and a suffix of a sample.
std::optional<std::string_view> between(std::string_view sample, std::string_view start,
                                        std::string_view end) {
  if (sample.size() < start.size() + end.size() || !sample.starts_with(start) ||
      !sample.ends_with(end)) {
    return std::nullopt;
  }
  return sample.substr(start.size(), sample.size() - start.size() - end.size());
}

void add_request(PreviousMetrics& previous, std::string_view sample, std::uint64_t count) {
  for (const auto& [server, name] : servers) {
    const std::string start =
        fmt::format("do_egress_ip_requests_total{{server=\"{}\",status=\"", name);
    const auto status = between(sample, start, "\"}");
    if (status && is_status(*status)) {
      previous.requests[{server, std::string(*status)}] = count;
    }
  }
}

void add_address(PreviousMetrics& previous, std::string_view sample) {
  const auto pair = between(sample, "do_egress_ip_address_info{node=\"", "\"}");
  if (pair) {
    const auto start = pair->rfind('"');
    previous.address = core::Ipv4::parse(
        start == std::string_view::npos ? std::string{} : std::string(pair->substr(start + 1)));
  }
}

}  // namespace

std::string labels(const std::vector<std::pair<std::string_view, std::string_view>>& pairs) {
  std::string text;
  for (const auto& [key, value] : pairs) {
    text += fmt::format("{}{}=\"{}\"", text.empty() ? "{" : ",", key, escape_label(value));
  }
  return text + "}";
}

std::string request_labels(io::Server server, std::string_view status) {
  const auto named =
      std::ranges::find(servers, server, [](const auto& entry) { return entry.first; });
  return labels({{"server", named->second}, {"status", status}});
}

std::uint64_t PreviousMetrics::count(const std::string& sample) const {
  const auto found = counts.find(sample);
  return found == counts.end() ? 0 : found->second;
}

PreviousMetrics parse_metrics(const std::string& text) {
  PreviousMetrics previous;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto space = line.rfind(' ');
    if (!line.starts_with("do_egress_ip_") || space == std::string::npos) {
      continue;
    }
    const std::string sample = line.substr(0, space);
    const auto count = parse_count(std::string_view(line).substr(space + 1));
    if (!count) {
      continue;
    }
    previous.counts[sample] = *count;
    add_request(previous, sample, *count);
    add_address(previous, sample);
  }
  previous.last_success = std::chrono::seconds(
      static_cast<std::int64_t>(previous.count("do_egress_ip_last_success_timestamp_seconds")));
  return previous;
}

}  // namespace app
