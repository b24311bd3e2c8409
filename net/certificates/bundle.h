#pragma once
// Certificates that are given to others: read from PEM, told apart by their fingerprint, and what stands in them.

#include <string>
#include <string_view>
#include <vector>

#include "core/failure/error.h"
#include "core/time/time.h"

namespace crmpulse::net {

/// One or more certificates, as a client trusts them.
struct CertificateBundle {
  std::string pem;          ///< the certificates alone, whatever else stood beside them
  std::string fingerprint;  ///< `sha256:` and 64 hex digits, of all of them in their order
  TimePoint end;            ///< of the one that ends first
};

/// Reads all certificates of a text. Of one certificate the fingerprint is what `openssl x509 -fingerprint -sha256`
/// gives, in small letters and without colons. Error: there is none, or one cannot be read.
[[nodiscard]] Result<CertificateBundle> read_bundle(std::string_view pem);

/// Returns a fingerprint as read_bundle() writes it: also from capitals and with colons between the digits. Error: it
/// is not a SHA-256.
[[nodiscard]] Result<std::string> parse_fingerprint(std::string_view text);

/// What the first certificate of a file says of itself.
struct CertificateFacts {
  std::vector<std::string> names;  ///< its subject alternative names, in their order: `crm.example`, `192.0.2.7`
  TimePoint begin;
  TimePoint end;
};
[[nodiscard]] Result<CertificateFacts> read_certificate(std::string_view pem);

}  // namespace crmpulse::net
