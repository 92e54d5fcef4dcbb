// SPDX-License-Identifier: Apache-2.0
#include "cloud/leases.hpp"

#include "support/builders.hpp"
#include "support/fake_http.hpp"
#include "support/print.hpp"

#include <nlohmann/json.hpp>

using core::Exit;
using nlohmann::json;
using std::chrono::seconds;

namespace {

// A cluster in which the Lease exists with that `spec`.
struct Fixture {
  explicit Fixture(const json& spec) {
    const json found = {{"metadata", {{"uid", "l-1"}, {"resourceVersion", "77"}}}, {"spec", spec}};
    http.handler = [body = found.dump()](const io::Request& request) -> support::Reply {
      const long status = request.method == "POST" ? 409 : 200;
      return io::Response{
          .status = status, .body = body, .headers = {{"date", "Tue, 14 Nov 2023 22:13:20 GMT"}}};
    };
    kubernetes.send("GET", "/");  // tells the time
  }

  std::optional<cloud::Holder> acquire(const cloud::IsInUse& in_use = {}) {
    return cloud::acquire_lease(kubernetes,
                                {.name_space = "egress",
                                 .address = support::first_choice,
                                 .node = "node",
                                 .node_uid = "uid",
                                 .duration = seconds{180}},
                                in_use);
  }

  support::FakeHttp http = {};
  cloud::Kubernetes kubernetes{http, "https://kube.test", "", [] { return cloud::Secret{"x"}; }};
};

json held(const json& duration, const std::string& renewed = "2023-11-14T22:12:20.000000Z") {
  return {{"holderIdentity", "other"},
          {"leaseDurationSeconds", duration},
          {"renewTime", renewed},
          {"leaseTransitions", 3}};
}

}  // namespace

TEST_CASE("leases: another holder's valid Lease, is left alone") {
  Fixture fixture(held(180));
  const auto holder = fixture.acquire();
  REQUIRE(holder.has_value());
  CHECK(holder->name == "other");
  CHECK(holder->left == seconds{120});
}

TEST_CASE("leases: expired Lease, is taken over under its resourceVersion") {
  Fixture fixture(held(60));
  CHECK_FALSE(fixture.acquire().has_value());
  const json sent = json::parse(fixture.http.sent.back().body);
  CHECK(sent.at("metadata").at("resourceVersion") == "77");
  CHECK(sent.at("spec").at("leaseTransitions") == 4);
}

TEST_CASE("leases: expired Lease of a holder that uses the address, is left alone") {
  Fixture fixture(held(60));
  std::string asked;
  const auto holder = fixture.acquire([&](const std::string& node) {
    asked = node;
    return true;
  });
  REQUIRE(holder.has_value());
  CHECK(holder->left == seconds{0});
  CHECK(asked == "other");
  CHECK_FALSE(fixture.acquire([](const std::string&) { return false; }).has_value());
}

TEST_CASE("leases: duration beyond int32, counts as a long one") {
  for (const std::int64_t duration :
       {std::int64_t{4'294'967'296}, std::numeric_limits<std::int64_t>::max()}) {
    Fixture fixture(held(duration, "9999-12-31T23:59:59Z"));
    const auto holder = fixture.acquire();
    REQUIRE(holder.has_value());
    CHECK(holder->left > std::chrono::hours{24});
  }
}

TEST_CASE("leases: fractional duration, is refused") {
  for (const json& duration : {json(1.5), json(1e300), json("180")}) {
    Fixture fixture(held(duration));
    const auto error = core::catch_error_except_signals([&] { fixture.acquire(); });
    REQUIRE(error.has_value());
    CHECK(error->exit() == Exit::software);
  }
}

TEST_CASE("leases: holder, is read with the time that the Lease has left") {
  const auto read = [](const json& spec) {
    Fixture fixture(spec);
    return cloud::read_holder(fixture.kubernetes, "egress", support::first_choice, {});
  };
  CHECK(read(held(180)).value().name == "other");
  CHECK(read(held(180)).value().left == seconds{120});
  CHECK(read(held(60)).value().left == seconds{0});
  CHECK_FALSE(read(json::object()).has_value());
}
