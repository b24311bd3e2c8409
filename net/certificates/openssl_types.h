#pragma once
// Private to net/certificates: OpenSSL's objects with an owner, and their way to and from PEM.

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/failure/error.h"
#include "core/time/time.h"

namespace crmpulse::net {

struct OpensslDelete {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
  void operator()(ASN1_OCTET_STRING* bytes) const { ASN1_OCTET_STRING_free(bytes); }
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
};
template <class T>
using Openssl = std::unique_ptr<T, OpensslDelete>;

/// Returns the newest error of this thread as text, and forgets all of them.
[[nodiscard]] std::string openssl_error();

/// All certificates of a text in PEM form, in its order. Error: there is none, or one cannot be read.
[[nodiscard]] Result<std::vector<Openssl<X509>>> certificates_of(std::string_view pem);
/// A private key without a passphrase.
[[nodiscard]] Result<Openssl<EVP_PKEY>> key_of(std::string_view pem);
[[nodiscard]] std::string pem_of(X509* certificate);
[[nodiscard]] std::string pem_of(EVP_PKEY* key);
[[nodiscard]] std::string der_of(X509* certificate);
[[nodiscard]] std::optional<TimePoint> time_of(const ASN1_TIME* time);

}  // namespace crmpulse::net
