// SPDX-License-Identifier: Apache-2.0
#include "fuzz.hpp"

#include "app/report/report.hpp"
#include "cloud/events.hpp"
#include "support/fake_http.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>

namespace fuzz {
namespace {

using nlohmann::json;

// Removes the first line of `text` and returns it without its end.
std::string_view take_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  const auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

void require_event(const core::Error& error) {
  support::FakeHttp http;
  http.handler = [](const io::Request&) {
    return io::Response{.status = 201, .headers = {{"date", "Tue, 14 Nov 2023 22:13:20 GMT"}}};
  };
  cloud::Kubernetes kubernetes(http, "https://kube.test", "", [] { return cloud::Secret{"x"}; });
  kubernetes.send("GET", "/");  // it tells the time
  const core::NodeEvent event{.reason = "EgressIPFailed", .note = error.what()};
  cloud::write_event(kubernetes, event, "node", "uid");
  const auto body = json::parse(http.sent.back().body);
  require(body.at("note").get<std::string>().size() <= 1024, "an Event's note has 1024 bytes");
}

}  // namespace

void require(bool holds, std::string_view promise) {
  if (!holds) {
    std::fprintf(stderr, "fuzz: broken: %.*s\n", static_cast<int>(promise.size()), promise.data());
    std::abort();
  }
}

io::Response parse_response(std::string_view text) {
  io::Response response;
  const auto status = take_line(text);
  std::from_chars(status.data(), status.data() + status.size(), response.status);
  for (auto line = take_line(text); !line.empty(); line = take_line(text)) {
    const auto colon = std::min(line.find(": "), line.size());
    response.headers[std::string(line.substr(0, colon))] =
        line.substr(std::min(colon + 2, line.size()));
  }
  response.body = text;
  return response;
}

std::vector<std::string> parts_of(std::string_view text) {
  std::vector<std::string> parts(1);
  while (!text.empty()) {
    const auto line = take_line(text);
    if (line == "%%") {
      parts.emplace_back();
    } else {
      parts.back().append(line).append("\n");
    }
  }
  return parts;
}

void require_fit(const core::Error& error, std::initializer_list<core::Exit> exits) {
  require(std::ranges::find(exits, error.exit()) != exits.end(), error.what());
  require(json::accept(io::quote_json(error.what())), "a line of the log is JSON");
  app::Outcome outcome{.result = app::Outcome::Result::failed};
  outcome.ending = {error.exit(), error.what(), error.hint()};
  require(json::accept(app::render_json(outcome)), "the result is JSON");
  require_event(error);
}

}  // namespace fuzz
