// SPDX-License-Identifier: Apache-2.0
#include "integration/server.hpp"

using core::Exit;
using httplib::Request;
using httplib::Response;
using integration::Client;
using integration::TestServer;
using io::Duration;

// Malicious or broken servers, and the limits against them.

namespace {

constexpr Duration far_from_any_limit{5'000};

core::Error quick_failure(Client& client, const io::Request& request) {
  const auto before = client.clock.elapsed();
  const auto failure = client.failure(request);
  CHECK(client.clock.elapsed() - before < far_from_any_limit);
  return failure;
}

// Sends `chunk` endlessly.
void never_end(Response& response, const std::string& chunk) {
  response.set_chunked_content_provider(
      "application/json", [chunk](std::size_t, httplib::DataSink& sink) {
        return sink.is_writable() && sink.write(chunk.data(), chunk.size());
      });
}

}  // namespace

TEST_CASE("http: server never answers, the request ends at its limit") {
  TestServer server;
  server->Get("/x", [&](const Request&, Response&) { server.hold(); });
  Client client(Duration{200});
  const auto failure = quick_failure(client, {.url = server.url("/x")});
  CHECK(failure.exit() == Exit::unavailable);
  CHECK(client.clock.elapsed() >= Duration{190});
}

TEST_CASE("http: POST is never answered, ends at its limit too") {
  TestServer server;
  server->Post("/x", [&](const Request&, Response&) { server.hold(); });
  Client client(Duration{200});
  CHECK(quick_failure(client, {.method = "POST", .url = server.url("/x")}).exit() ==
        Exit::unavailable);
}

TEST_CASE("http: deadline, no request outlasts it by more than a moment") {
  TestServer server;
  server->Get("/x", [&](const Request&, Response&) { server.hold(); });
  Client client(Duration{60'000}, Duration{200});
  CHECK(quick_failure(client, {.url = server.url("/x")}).exit() == Exit::unavailable);
}

TEST_CASE("http: after the deadline, a request fails at once") {
  TestServer server;
  server->Get("/x", [&](const Request&, Response&) { server.hold(); });
  Client client(Duration{60'000}, Duration{0});
  CHECK(quick_failure(client, {.url = server.url("/x")}).exit() == Exit::unavailable);
}

TEST_CASE("http: body beyond the general limit, is refused") {
  TestServer server;
  const std::string body(std::size_t{17} << 20U, 'x');
  server->Get("/x", [&](const Request&, Response& response) {
    response.set_content(body, "application/json");
  });
  Client client;
  const auto failure = client.failure({.url = server.url("/x")});
  CHECK(failure.exit() == Exit::software);
  CHECK(std::string(failure.what()).ends_with("the reply is larger than 16384 KiB"));
}

TEST_CASE("http: body beyond the request's limit, is refused") {
  TestServer server;
  server->Get("/x", [&](const Request&, Response& response) {
    response.set_content(std::string(4'097, 'x'), "text/plain");
  });
  Client client;
  io::Request request{.url = server.url("/x"), .largest_reply = 4'096};
  CHECK(std::string(client.failure(request).what()).ends_with("the reply is larger than 4 KiB"));
  request.largest_reply = 4'097;
  CHECK(client.http->send(request).body.size() == 4'097);
}

TEST_CASE("http: endless body, is refused or ends at the limit") {
  TestServer server;
  server->Get("/fast", [](const Request&, Response& response) {
    never_end(response, std::string(65'536, 'x'));
  });
  Client client;
  CHECK(client.failure({.url = server.url("/fast")}).exit() == Exit::software);
}

TEST_CASE("http: body that stops early, ends at the limit") {
  TestServer server;
  server->Get("/x", [&](const Request&, Response& response) {
    response.set_content_provider(1000, "application/json",
                                  [&](std::size_t, std::size_t, httplib::DataSink& sink) {
                                    sink.write("{", 1);
                                    server.hold();
                                    return false;
                                  });
  });
  Client client(Duration{300});
  CHECK(quick_failure(client, {.url = server.url("/x")}).exit() == Exit::unavailable);
}

TEST_CASE("http: body shorter than its length, is no reply") {
  TestServer server;
  server->Get("/x", [](const Request&, Response& response) {
    response.set_content_provider(1000, "application/json",
                                  [](std::size_t, std::size_t, httplib::DataSink& sink) {
                                    sink.write("{}", 2);
                                    return false;
                                  });
  });
  Client client;
  CHECK(quick_failure(client, {.url = server.url("/x")}).exit() == Exit::unavailable);
}

TEST_CASE("http: too many headers, the rest is dropped") {
  TestServer server;
  server->Get("/x", [](const Request&, Response& response) {
    for (int count = 0; count < 500; ++count) {
      response.set_header("x-" + std::to_string(count), "y");
    }
  });
  Client client;
  CHECK(client.get(server.url("/x")).headers.size() == 200);
}

TEST_CASE("http: signal while a GET waits, ends it at once") {
  TestServer server;
  Client client(Duration{60'000});
  server->Get("/x", [&](const Request&, Response&) {
    client.clock.interrupt();
    server.hold();
  });
  CHECK(quick_failure(client, {.url = server.url("/x")}).exit() == Exit::terminated);
}

TEST_CASE("http: signal while a POST waits, does not end it because its effect matters") {
  TestServer server;
  Client client;
  server->Post("/x", [&](const Request&, Response& response) {
    client.clock.interrupt();
    response.set_content("done", "text/plain");
  });
  CHECK(client.http->send({.method = "POST", .url = server.url("/x")}).body == "done");
}
