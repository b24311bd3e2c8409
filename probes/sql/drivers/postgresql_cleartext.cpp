#include "probes/sql/drivers/postgresql_cleartext.h"

#include "probes/sql/driver/sockets.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

namespace crmpulse::probes::sql {
namespace {

// Message formats: https://www.postgresql.org/docs/15/protocol-message-formats.html
constexpr char kAuthentication = 'R';
constexpr std::uint32_t kCleartextPassword = 3;
constexpr int kAuthenticationBytes = 9;  // type, length, which one

std::uint32_t number_at(const unsigned char* bytes) {
  return std::uint32_t{bytes[0]} << 24U | std::uint32_t{bytes[1]} << 16U | std::uint32_t{bytes[2]} << 8U |
         std::uint32_t{bytes[3]};
}

/// Walks over the messages that are there; the last may be cut off.
bool asks_for_cleartext(const unsigned char* bytes, std::size_t size) {
  for (std::size_t at = 0; at + kAuthenticationBytes <= size;) {
    const std::uint32_t length = number_at(bytes + at + 1);
    if (bytes[at] == kAuthentication && number_at(bytes + at + 5) == kCleartextPassword) return true;
    if (length < 4) return false;  // not this protocol: libpq will say so
    at += std::size_t{1} + length;
  }
  return false;
}

}  // namespace

std::optional<SqlError> ClearTextGuard::look(PGconn* connection, const Limits& limits) {
  const int socket = PQsocket(connection);
  const bool authenticating = PQstatus(connection) == CONNECTION_AWAITING_RESPONSE;
  // A request cut in two must not get past: poll() then tells of nine bytes, or of the end, and not before.
  const int low_water = authenticating ? kAuthenticationBytes : 1;
  ::setsockopt(socket, SOL_SOCKET, SO_RCVLOWAT, &low_water, sizeof low_water);
  const Wait waited = wait_for(socket, POLLIN, limits);
  const int one = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_RCVLOWAT, &one, sizeof one);
  if (waited == Wait::expired) return expired(Stage::connect, limits);
  if (!authenticating) return std::nullopt;
  std::array<unsigned char, 4096> bytes{};
  const ssize_t size = ::recv(socket, bytes.data(), bytes.size(), MSG_PEEK | MSG_DONTWAIT);
  if (size <= 0 || !asks_for_cleartext(bytes.data(), static_cast<std::size_t>(size))) return std::nullopt;
  return SqlError{Stage::auth,
                  Reason::refused,
                  {},
                  "the server asks for the password in clear, and the connection is without TLS; use TLS, or allow it "
                  "with cleartext_password=allow in the url",
                  true};
}

}  // namespace crmpulse::probes::sql
