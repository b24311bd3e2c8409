#pragma once
// Texts of the ODBC transport: connection strings and UTF-16, which its wide calls speak.

#include <optional>
#include <string>
#include <string_view>

#include "core/failure/error.h"
#include "core/secret.h"

namespace crmpulse::probes::sql {

/// What is wrong with `Driver={…};Server=…;UID=…`, if anything: shape, or a password in it.
[[nodiscard]] std::optional<Error> fault_of_connection_string(std::string_view text);
/// Beyond this machine a connection is encrypted or not made, as far as the driver's word for it is known: it is
/// appended unless the string speaks of TLS itself.
[[nodiscard]] std::string with_tls(std::string_view text);
/// Does the string ask a driver for MySQL or MariaDB for a connection with TLS or none? MariaDB's, up to 3.2 at least,
/// takes its own FORCETLS for a wish: with a server that has no TLS it goes on in clear.
[[nodiscard]] bool wants_tls_of_mysql(std::string_view text);
/// What lets psqlodbc notice a connection that a firewall forgot, appended unless the string has a `pqopt` of its own.
[[nodiscard]] std::string with_keepalive(std::string_view text);
/// `;PWD={…}` appended; an empty password adds nothing.
[[nodiscard]] std::string with_password(std::string_view text, const Secret& password);

/// Convert between the encodings; invalid UTF-8 (UTF-16) becomes U+FFFD.
[[nodiscard]] std::u16string to_utf16(std::string_view text);
void append_utf8(std::string& out, std::u16string_view text);

/// `[vendor][driver]ERROR: text;\nDETAIL: …` → `ERROR: text`.
[[nodiscard]] std::string primary_message(std::string_view text);

}  // namespace crmpulse::probes::sql
