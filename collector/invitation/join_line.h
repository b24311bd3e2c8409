#pragma once
// The line that makes another machine's agent join: where to, whom to trust, and with which code.

#include <string>
#include <string_view>

#include "collector/configuration/settings.h"
#include "core/failure/error.h"
#include "core/words/language.h"

namespace crmpulse::collector {

/// What an agent needs to know of the collector to reach it.
struct JoinAddress {
  std::string url;      ///< `https://collector.example.com:9460`, without a slash at the end
  std::string ca_hash;  ///< fingerprint of `tls.ca_file`; empty if there is none: the system's authorities are trusted
};

/// Finds out where other machines reach the collector: `url` if that is given, else `external_url`, else the first name
/// of the certificate and the port. Error: nothing of that is known, or no agent could join there; it says what to do,
/// in `language`. Waits for files.
[[nodiscard]] Result<JoinAddress> join_address(const Settings& settings, const std::string& url = {},
                                               Language language = Language::en);

/// `crmpulse-agent join URL --ca-hash sha256:… --code …`
[[nodiscard]] std::string join_line(const JoinAddress& address, std::string_view code);

}  // namespace crmpulse::collector
