#pragma once
// What `join` says to the collector: whose certificate it trusts, and the code of its invitation for a token.

#include <optional>
#include <string>

#include "core/failure/error.h"
#include "core/secret.h"
#include "core/words/language.h"
#include "net/certificates/bundle.h"

namespace crmpulse::agent {

/// Fetches the collector's authority from `url` (`https://collector:9460`) and compares it with the fingerprint of the
/// invitation. Until then nobody has verified who answers: an error, in `language`, if it is not the one.
/// Blocks.
[[nodiscard]] Result<net::CertificateBundle> fetch_authority(const std::string& url, const std::string& fingerprint,
                                                             Language language);

/// What the collector gives for a code.
struct Membership {
  std::string agent;  ///< as the collector knows it
  Secret token;
};

/// Trades the code at `url`, whose certificate must be of an authority in `ca_file` (empty: of the system's) and for
/// its host. A collector that is busy is asked again for a while. Error: it was refused, or the collector was not
/// reached; it says what to do, in `language`. Blocks.
[[nodiscard]] Result<Membership> trade_code(const std::string& url, const std::string& ca_file, const Secret& code,
                                            Language language);

}  // namespace crmpulse::agent
