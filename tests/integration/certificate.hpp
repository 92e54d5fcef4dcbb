// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

namespace integration {

struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

// A new certificate with its key.
struct Identity {
  std::unique_ptr<X509, FreeCertificate> certificate = {};
  std::unique_ptr<EVP_PKEY, FreeKey> key = {};
};

// A certification authority.
Identity make_authority(const std::string& name);

// A server's identity for an IPv4 address, signed by `authority`.
Identity make_server(const Identity& authority, const std::string& address);

std::string render_pem(const Identity& identity);

}  // namespace integration
