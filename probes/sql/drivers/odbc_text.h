#pragma once
// Texts of the ODBC transport: connection strings and UTF-16, which its wide calls speak.

#include <cstdint>
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
/// Returns the name of the server that a driver we know will look up; nullopt for an address, a socket, a DSN.
[[nodiscard]] std::optional<std::string> server_name_in(std::string_view text);
/// May the address stand in place of that name? Not where MySQL's drivers check the certificate against it.
[[nodiscard]] bool takes_address(std::string_view text);
/// The string with one of the name's addresses; psqlodbc keeps the name beside it, for the certificate. And what lets
/// psqlodbc notice a connection that a firewall forgot. The drivers of PostgreSQL
/// and MariaDB heed no login timeout: they are told how many seconds the address has. An empty address changes nothing;
/// nor is anything added to a `pqopt` of the string's own.
[[nodiscard]] std::string with_address(std::string_view text, const std::string& address, std::uint64_t seconds);
/// `;PWD={…}` appended; an empty password adds nothing.
[[nodiscard]] std::string with_password(std::string_view text, const Secret& password);

/// Convert between the encodings; invalid UTF-8 (UTF-16) becomes U+FFFD.
[[nodiscard]] std::u16string to_utf16(std::string_view text);
void append_utf8(std::string& out, std::u16string_view text);

/// `[vendor][driver]ERROR: text;\nDETAIL: …` → `ERROR: text`.
[[nodiscard]] std::string primary_message(std::string_view text);

}  // namespace crmpulse::probes::sql
