#pragma once
// Makes certificates: an authority, and what it signs. Keys are P-256, serial numbers random, signatures ECDSA with
// SHA-256. Texts in, texts out; touches no files.

#include <string>
#include <string_view>
#include <vector>

#include "core/failure/error.h"
#include "core/time/time.h"

namespace crmpulse::net {

/// A certificate and its private key, in PEM form. The key is a secret.
struct CertifiedKey {
  std::string certificate;
  std::string key;
};

/// From when until when a certificate is valid; whole seconds count.
struct Validity {
  TimePoint begin;
  TimePoint end;
};

/// Makes an authority that signs certificates of servers and clients, but no other authorities.
[[nodiscard]] Result<CertifiedKey> make_authority(const std::string& common_name, Validity validity);

/// Returns what is wrong with a name that a certificate is to be for: it must be a host name in ASCII or an IP address.
[[nodiscard]] Result<void> check_certificate_name(std::string_view name);

/// Makes a server's certificate for these names, signed by the authority; it ends with that at the latest. With `key`,
/// a private key in PEM form, it is for that one, else for a new one. Error: a name is not valid, there is none, or
/// authority or key cannot be used.
[[nodiscard]] Result<CertifiedKey> issue_server_certificate(const CertifiedKey& authority,
                                                            const std::vector<std::string>& names, Validity validity,
                                                            std::string_view key = {});

/// Has the authority signed the first certificate of this text?
[[nodiscard]] Result<bool> is_issued_by(std::string_view certificate, std::string_view authority_certificate);

}  // namespace crmpulse::net
