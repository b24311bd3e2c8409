#include "tests/net/certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>

namespace crmpulse::net::test {
namespace {

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
  void operator()(FILE* file) const { std::fclose(file); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

Owned<FILE> open(const std::string& path, const char* mode) {
  Owned<FILE> file(std::fopen(path.c_str(), mode));
  if (!file) throw std::runtime_error("cannot open " + path);
  return file;
}

std::time_t unix_seconds(TimePoint time) {
  return static_cast<std::time_t>(unix_millis(time) / 1000);
}

void set_name(X509_NAME* name, const std::string& common_name) {
  const auto* const text = reinterpret_cast<const unsigned char*>(common_name.c_str());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, text, -1, -1, 0);
}

void add_extension(X509* certificate, X509* issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Owned<X509_EXTENSION> extension(X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str()));
  if (!extension) throw std::runtime_error("no extension of " + value);
  X509_add_ext(certificate, extension.get(), -1);
}

Owned<X509> unsigned_certificate(const std::string& name, EVP_PKEY* key, TimePoint valid_until) {
  static long serial = 1;
  Owned<X509> certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial++);
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()), 0);
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()), unix_seconds(valid_until));
  X509_set_pubkey(certificate.get(), key);
  set_name(X509_get_subject_name(certificate.get()), name);
  return certificate;
}

KeyPair save(const std::string& base, X509* certificate, EVP_PKEY* key) {
  KeyPair files{base + ".pem", base + ".key"};
  PEM_write_X509(open(files.cert_file, "w").get(), certificate);
  PEM_write_PrivateKey(open(files.key_file, "w").get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return files;
}

}  // namespace

KeyPair CertificateStore::authority(const std::string& name) {
  const Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
  const Owned<X509> certificate = unsigned_certificate(name, key.get(), from_unix_millis(4'000'000'000'000));
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get()));
  add_extension(certificate.get(), certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
  add_extension(certificate.get(), certificate.get(), NID_key_usage, "critical,keyCertSign");
  X509_sign(certificate.get(), key.get(), EVP_sha256());
  return save(path(name), certificate.get(), key.get());
}

KeyPair CertificateStore::certificate(const std::string& name, const KeyPair& authority,
                                      const std::string& subject_alternative, TimePoint valid_until) {
  const Owned<X509> issuer(PEM_read_X509(open(authority.cert_file, "r").get(), nullptr, nullptr, nullptr));
  const Owned<EVP_PKEY> issuer_key(PEM_read_PrivateKey(open(authority.key_file, "r").get(), nullptr, nullptr, nullptr));
  const Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
  const Owned<X509> certificate = unsigned_certificate(name, key.get(), valid_until);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer.get()));
  add_extension(certificate.get(), issuer.get(), NID_subject_alt_name, subject_alternative);
  X509_sign(certificate.get(), issuer_key.get(), EVP_sha256());
  return save(path(name), certificate.get(), key.get());
}

}  // namespace crmpulse::net::test
