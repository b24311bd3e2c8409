#pragma once
// Private to net/: the server's side of TLS.

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <optional>

#include "core/time/time.h"
#include "net/server/http_server.h"

namespace crmpulse::net {

/// TLS 1.2 with forward secrecy and AEAD only, TLS 1.3; no renegotiation, no compression. With client_ca_file a client
/// must show a certificate of that authority. Never asks a terminal for a passphrase.
struct LoadedTls {
  boost::asio::ssl::context context{boost::asio::ssl::context::tls_server};
};

/// Until when the context's own certificate is valid.
[[nodiscard]] std::optional<TimePoint> expiry_of(boost::asio::ssl::context& context);
/// From when on it is.
[[nodiscard]] std::optional<TimePoint> begin_of(boost::asio::ssl::context& context);

}  // namespace crmpulse::net
