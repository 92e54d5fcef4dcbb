// SPDX-License-Identifier: Apache-2.0
#include "cloud/events.hpp"
#include "support/fake_http.hpp"
#include "support/print.hpp"

#include <nlohmann/json.hpp>

namespace {

// The note that the API server receives.
std::string written(const std::string& note) {
  support::FakeHttp http;
  http.handler = [](const io::Request&) {
    return io::Response{.status = 201, .headers = {{"date", "Tue, 14 Nov 2023 22:13:20 GMT"}}};
  };
  cloud::Kubernetes kubernetes(http, "https://kube.test", "", [] { return cloud::Secret{"x"}; });
  kubernetes.send("GET", "/");  // tells the time
  cloud::write_event(kubernetes, {.reason = "EgressIPFailed", .note = note}, "node", "uid");
  return nlohmann::json::parse(http.sent.back().body).at("note").get<std::string>();
}

}  // namespace

TEST_CASE(
    "events: the second loss of an address has another name, a repeated failure has the same") {
  support::FakeHttp http;
  std::string date = "Tue, 14 Nov 2023 22:13:20 GMT";
  http.handler = [&](const io::Request&) {
    return io::Response{.status = 201, .headers = {{"date", date}}};
  };
  cloud::Kubernetes kubernetes(http, "https://kube.test", "", [] { return cloud::Secret{"x"}; });
  const auto name_of = [&](bool repeats, const std::string& at) {
    date = at;
    kubernetes.send("GET", "/");
    cloud::write_event(kubernetes, {.reason = "EgressIPLost", .note = "gone", .repeats = repeats},
                       "node", "uid");
    return nlohmann::json::parse(http.sent.back().body)
        .at("metadata")
        .at("name")
        .get<std::string>();
  };
  const std::string first = "Tue, 14 Nov 2023 22:13:20 GMT";
  const std::string later = "Tue, 14 Nov 2023 22:14:20 GMT";
  CHECK(name_of(false, first) != name_of(false, later));
  CHECK(name_of(false, first) == name_of(false, first));  // sent twice, kept once
  CHECK(name_of(true, first) == name_of(true, later));
}

TEST_CASE("events: long note, is cut to the API's limit after a whole character") {
  CHECK(written("short") == "short");
  CHECK(written(std::string(1024, 'x')) == std::string(1024, 'x'));
  CHECK(written(std::string(2000, 'x')) == std::string(1024, 'x'));
  CHECK(written(std::string(1023, 'x') + "ä") == std::string(1023, 'x'));
  CHECK(written(std::string(1022, 'x') + "äb") == std::string(1022, 'x') + "ä");
}

// The error of a malformed reply quotes it, whatever bytes it contains.
TEST_CASE("events: note with invalid UTF-8, is written with replacements") {
  CHECK(written("last read: '\xff'") == "last read: '\xef\xbf\xbd'");
}
