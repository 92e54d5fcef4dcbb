// SPDX-License-Identifier: Apache-2.0
#include "integration/server.hpp"

#include <latch>

using core::Exit;
using httplib::Request;
using httplib::Response;
using integration::Client;
using integration::TestServer;
using io::Duration;

// libcurl against a server on 127.0.0.1. See http_limits_test.cpp and http_tls_test.cpp.

TEST_CASE("http: reply, has status, body and headers with lower-case names") {
  TestServer server;
  server->Get("/x", [](const Request&, Response& response) {
    response.status = 429;
    response.headers.emplace("RateLimit-Reset", "  1700000000 ");
    response.set_content("{\"id\":\"too_many_requests\"}", "application/json");
  });
  Client client;
  const auto response = client.get(server.url("/x"));
  CHECK(response.status == 429);
  CHECK(response.body == "{\"id\":\"too_many_requests\"}");
  CHECK(response.header("ratelimit-reset") == "1700000000");
  CHECK(response.header("content-type") == "application/json");
  CHECK(response.header("retry-after").empty());
}

TEST_CASE("http: request, is sent with its method, headers and body") {
  TestServer server;
  const auto echo = [](const Request& request, Response& response) {
    response.set_content(request.method + " " + request.get_header_value("Authorization") + " " +
                             request.get_header_value("Content-Type") + " " +
                             request.get_header_value("User-Agent") + " " + request.body,
                         "text/plain");
  };
  server->Post("/x", echo);
  server->Patch("/x", echo);
  server->Get("/x", echo);
  server->Delete("/x", echo);
  Client client;
  const auto said = [&](const std::string& method, const std::string& body) {
    return client.http
        ->send({.method = method,
                .url = server.url("/x"),
                .headers = {"Authorization: Bearer t", "Content-Type: application/json"},
                .body = body})
        .body;
  };
  const std::string rest = " Bearer t application/json do-egress-ip/" DO_EGRESS_IP_VERSION " ";
  CHECK(said("POST", "{\"type\":\"assign\"}") == "POST" + rest + "{\"type\":\"assign\"}");
  CHECK(said("PATCH", "{}") == "PATCH" + rest + "{}");
  CHECK(said("POST", "") == "POST" + rest);
  CHECK(said("DELETE", "") == "DELETE" + rest);
  CHECK(said("GET", "") == "GET" + rest);
}

TEST_CASE("http: API at a barred address, is not connected; other servers are") {
  TestServer server;
  server->Get("/x", [](const Request&, Response& response) { response.set_content("x", "t/p"); });
  Client client;
  client.http = io::open_http(client.clock, client.log, [](core::Ipv4 address) {
    return address == core::Ipv4{{127, 0, 0, 1}};
  });
  for (const auto api : {io::Server::digitalocean, io::Server::kubernetes}) {
    const auto failure = client.failure({.server = api, .url = server.url("/x")});
    CHECK(failure.exit() == core::Exit::config);
    CHECK(std::string(failure.what()).find("127.0.0.1 is within --destination") !=
          std::string::npos);
    CHECK(failure.hint().find("--direct 127.0.0.1/32") != std::string::npos);
  }
  CHECK(server.connections() == 0);
  CHECK(client.get(server.url("/x")).body == "x");
  client.http.reset();
}

TEST_CASE("http: several requests to one server, use one connection") {
  TestServer server;
  server->Get("/x", [](const Request&, Response& response) { response.set_content("x", "t/p"); });
  server->Post("/x", [](const Request&, Response& response) { response.set_content("y", "t/p"); });
  Client client;
  for (int count = 0; count < 5; ++count) {
    CHECK(client.get(server.url("/x")).body == "x");
    CHECK(client.http->send({.method = "POST", .url = server.url("/x"), .body = "{}"}).body == "y");
  }
  CHECK(server.connections() == 1);
  client.http.reset();
}

// Each server answers only after the other got its request, so requests in sequence would hang.
TEST_CASE("http: two servers, are asked in parallel") {
  std::latch both(2);
  const auto meet = [&](const Request&, Response& response) {
    both.arrive_and_wait();
    response.set_content("met", "text/plain");
  };
  TestServer first;
  TestServer second;
  first->Get("/x", meet);
  second->Get("/x", meet);
  Client client(Duration{5'000});
  const auto one = client.http->start({.url = first.url("/x")});
  const auto two = client.http->start({.url = second.url("/x")});
  CHECK(client.http->wait(one).body == "met");
  CHECK(client.http->wait(two).body == "met");
}

TEST_CASE("http: replies, may be awaited in any order or never") {
  TestServer server;
  server->Get("/a", [](const Request&, Response& response) { response.set_content("a", "t/p"); });
  server->Get("/b", [](const Request&, Response& response) { response.set_content("b", "t/p"); });
  Client client;
  const auto a = client.http->start({.url = server.url("/a")});
  const auto b = client.http->start({.url = server.url("/b")});
  client.http->start({.url = server.url("/a")});
  CHECK(client.http->wait(b).body == "b");
  CHECK(client.http->wait(a).body == "a");
}

TEST_CASE("http: cancelled request, does not affect the others") {
  TestServer server;
  server->Get("/held", [&](const Request&, Response&) { server.hold(); });
  server->Get("/x", [](const Request&, Response& response) { response.set_content("x", "t/p"); });
  Client client;
  const auto held = client.http->start({.url = server.url("/held")});
  client.http->cancel(held);
  client.http->cancel(held);
  CHECK(client.get(server.url("/x")).body == "x");
}

TEST_CASE("http: counts, show requests by server and replies by status") {
  TestServer server;
  server->Get("/good", [](const Request&, Response& response) { response.status = 204; });
  Client client;
  client.http->send({.server = io::Server::digitalocean, .url = server.url("/x")});
  client.http->send({.server = io::Server::digitalocean, .url = server.url("/x")});
  client.http->send({.server = io::Server::kubernetes, .url = server.url("/x")});
  CHECK(client.http->counts() == io::RequestCounts{2, 0, 1});
  client.http->send({.server = io::Server::kubernetes, .url = server.url("/good")});
  CHECK(
      core::catch_error_except_signals([&] { client.http->send({.url = "http://127.0.0.1:1/"}); }));
  client.http->cancel(client.http->start({.url = server.url("/x")}));
  CHECK(client.http->counts() == io::RequestCounts{2, 2, 2});
  CHECK(client.http->replies() == io::ReplyCounts{{{io::Server::digitalocean, 404}, 2},
                                                  {{io::Server::kubernetes, 204}, 1},
                                                  {{io::Server::kubernetes, 404}, 1}});
}

TEST_CASE("http: source address, is the local one of the connection") {
  TestServer server;
  server->Get("/who", [](const Request& request, Response& response) {
    response.set_content(request.remote_addr, "text/plain");
  });
  Client client;
  CHECK(client.get(server.url("/who")).body == "127.0.0.1");
  CHECK(client.http->send({.url = server.url("/who"), .source = core::Ipv4{{127, 0, 0, 2}}}).body ==
        "127.0.0.2");
  CHECK(client.get(server.url("/who")).body == "127.0.0.1");
  CHECK(client.failure({.url = server.url("/who"), .source = core::Ipv4{{192, 0, 2, 77}}}).exit() ==
        Exit::unavailable);
}

TEST_CASE("http: redirect, is not followed, so the token reaches no other host") {
  TestServer other;
  TestServer server;
  server->Get("/x",
              [&](const Request&, Response& response) { response.set_redirect(other.url("/x")); });
  Client client;
  const auto response =
      client.http->send({.url = server.url("/x"), .headers = {"Authorization: Bearer t"}});
  CHECK(response.status == 302);
  CHECK(other.connections() == 0);
}

TEST_CASE("http: schemes other than http and https, are refused") {
  Client client;
  for (const std::string url :
       {"file:///etc/hostname", "ftp://127.0.0.1/x", "gopher://127.0.0.1/"}) {
    CHECK(client.failure({.url = url}).exit() == Exit::unavailable);
  }
}

TEST_CASE("http: no listener, ends with unavailable and names the URL") {
  std::string url;
  {
    const TestServer server;
    url = server.url("/x");
  }
  Client client;
  const auto failure = client.failure({.url = url});
  CHECK(failure.exit() == Exit::unavailable);
  CHECK(std::string(failure.what()).starts_with("cannot reach " + url + ": "));
}

TEST_CASE("http: metadata, is never asked through a proxy") {
  TestServer proxy;
  TestServer server;
  server->Get("/x", [](const Request&, Response& response) { response.set_content("x", "t/p"); });
  setenv("http_proxy", proxy.url("").c_str(), 1);
  setenv("all_proxy", proxy.url("").c_str(), 1);
  Client client;
  CHECK(client.get(server.url("/x")).body == "x");
  unsetenv("http_proxy");
  unsetenv("all_proxy");
  CHECK(proxy.connections() == 0);
}

TEST_CASE("http: probe, opens its own connection") {
  TestServer server;
  server->Get("/x", [](const Request&, Response&) {});
  Client client;
  client.get(server.url("/x"));
  client.http->send({.url = server.url("/x"), .fresh = true});
  CHECK(server.connections() == 2);
}

TEST_CASE("http: drop_idle_connections, later requests open new ones") {
  TestServer server;
  server->Get("/x", [](const Request&, Response&) {});
  Client client;
  client.get(server.url("/x"));
  client.http->drop_idle_connections();
  client.get(server.url("/x"));
  client.get(server.url("/x"));
  CHECK(server.connections() == 2);
}

TEST_CASE("http: Kubernetes at an IPv6 address, is reached") {
  TestServer server(std::make_unique<httplib::Server>(), "::1");
  server->Get("/x", [](const Request&, Response& response) { response.status = 201; });
  Client client;
  CHECK(client.http->send({.server = io::Server::kubernetes, .url = server.url("/x")}).status ==
        201);
}
