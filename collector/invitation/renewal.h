#pragma once
// Renews the collector's own certificate with the authority that `setup` made, before it ends.

#include <optional>
#include <string>

#include "collector/configuration/settings.h"
#include "core/time/time.h"
#include "net/certificates/bundle.h"

namespace crmpulse::collector {

/// How long a certificate holds that the collector signs itself. It is renewed when a third of that is left.
inline constexpr Duration kCertificateLifetime{std::chrono::hours{24 * 90}};
/// How long the authority holds.
inline constexpr Duration kAuthorityLifetime{std::chrono::hours{24 * 3652}};
/// Clocks of other machines may be behind by so much.
inline constexpr Duration kBackdated{std::chrono::hours{1}};
inline constexpr std::size_t kMostPemBytes = 1024UL * 1024;

/// What came of a look at the certificate.
struct Renewal {
  bool renewed = false;
  std::optional<std::string> fault;        ///< why it cannot be renewed though it is time
  std::optional<TimePoint> authority_end;  ///< unknown if its file cannot be read
};

/// Looks at the certificate in use and renews it if it is time: for the same names and the same key, so that one file
/// is replaced at once. Waits for files.
[[nodiscard]] Renewal renew_if_due(const AuthorityFiles& authority, const net::TlsFiles& tls, TimePoint now);

}  // namespace crmpulse::collector
