// SPDX-License-Identifier: Apache-2.0
#include "integration/certificate.hpp"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace integration {
namespace {

void add_extension(X509* certificate, int type, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, type, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// An unsigned certificate that is valid for an hour.
Identity unsigned_identity(const std::string& name, long serial) {
  Identity identity;
  identity.key.reset(EVP_EC_gen("P-256"));
  identity.certificate.reset(X509_new());
  X509* certificate = identity.certificate.get();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, identity.key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  return identity;
}

void sign(const Identity& identity, const Identity& authority) {
  X509_set_issuer_name(identity.certificate.get(),
                       X509_get_subject_name(authority.certificate.get()));
  X509_sign(identity.certificate.get(), authority.key.get(), EVP_sha256());
}

}  // namespace

Identity make_authority(const std::string& name) {
  Identity identity = unsigned_identity(name, 1);
  add_extension(identity.certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
  add_extension(identity.certificate.get(), NID_key_usage, "critical,keyCertSign");
  sign(identity, identity);
  return identity;
}

Identity make_server(const Identity& authority, const std::string& address) {
  Identity identity = unsigned_identity("test server", 2);
  add_extension(identity.certificate.get(), NID_subject_alt_name, "IP:" + address);
  sign(identity, authority);
  return identity;
}

std::string render_pem(const Identity& identity) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_X509(memory.get(), identity.certificate.get());
  char* text = nullptr;
  const auto size = BIO_get_mem_data(memory.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

}  // namespace integration
