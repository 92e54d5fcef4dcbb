// SPDX-License-Identifier: Apache-2.0
#include "integration/certificate.hpp"
#include "integration/server.hpp"
#include "unit/temporary_folder.hpp"

using core::Exit;
using httplib::Request;
using httplib::Response;
using integration::Client;
using integration::Identity;
using integration::TestServer;

// Certificates are verified against the given CA only.

namespace {

struct Tls {
  explicit Tls(const std::string& address = "127.0.0.1", int newest = TLS1_3_VERSION)
      : identity(integration::make_server(authority, address)),
        server(std::make_unique<httplib::SSLServer>([this, newest](SSL_CTX& context) {
          SSL_CTX_use_certificate(&context, identity.certificate.get());
          SSL_CTX_use_PrivateKey(&context, identity.key.get());
          SSL_CTX_set_security_level(&context, 0);
          SSL_CTX_set_min_proto_version(&context, TLS1_VERSION);
          SSL_CTX_set_max_proto_version(&context, newest);
          return true;
        })) {
    server->Get("/x", [](const Request&, Response& response) { response.set_content("x", "t/p"); });
  }

  io::Request request(const Identity& trusted) const {
    return {.url = server.url("/x", "https"),
            .headers = {"Authorization: Bearer t"},
            .ca_file = folder.write("ca.pem", integration::render_pem(trusted))};
  }

  unit::TemporaryFolder folder = {};
  Identity authority = integration::make_authority("our authority");
  Identity identity;
  TestServer server;
};

}  // namespace

TEST_CASE("http: certificate of the given CA, is accepted") {
  Tls tls;
  Client client;
  CHECK(client.http->send(tls.request(tls.authority)).body == "x");
  CHECK(client.http->send(tls.request(tls.authority)).body == "x");
  CHECK(tls.server.connections() == 1);
}

TEST_CASE("http: certificate of another CA, is refused before anything is sent") {
  Tls tls;
  Client client;
  const auto failure = client.failure(tls.request(integration::make_authority("another")));
  CHECK(failure.exit() == Exit::unavailable);
  CHECK(std::string(failure.what()).find("certificate") != std::string::npos);
  // Another CA of the same name is refused.
  const auto pretender = integration::make_authority("our authority");
  CHECK(client.failure(tls.request(pretender)).exit() == Exit::unavailable);
  CHECK(tls.server.connections() == 0);
}

TEST_CASE("http: certificate of a CA that the system does not know, is refused") {
  Tls tls;
  auto request = tls.request(tls.authority);
  request.ca_file.clear();
  CHECK(Client{}.failure(request).exit() == Exit::unavailable);
  CHECK(tls.server.connections() == 0);
}

TEST_CASE("http: certificate of another address, is refused") {
  Tls tls("127.0.0.9");
  CHECK(Client{}.failure(tls.request(tls.authority)).exit() == Exit::unavailable);
  CHECK(tls.server.connections() == 0);
}

TEST_CASE("http: CA file without certificates, trusts no server") {
  Tls tls;
  auto request = tls.request(tls.authority);
  request.ca_file = tls.folder.write("empty.pem", "");
  CHECK(Client{}.failure(request).exit() == Exit::unavailable);
}

TEST_CASE("http: TLS older than 1.2, is refused") {
  Tls modern("127.0.0.1", TLS1_2_VERSION);
  CHECK(Client{}.http->send(modern.request(modern.authority)).body == "x");
  Tls old("127.0.0.1", TLS1_1_VERSION);
  CHECK(Client{}.failure(old.request(old.authority)).exit() == Exit::unavailable);
  CHECK(old.server.connections() == 0);
}
