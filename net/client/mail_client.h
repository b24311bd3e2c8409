#pragma once
// Sends mail: SMTP through libcurl, on the HTTP client's terms (a thread of its own, callbacks, no secrets in texts).

#include <functional>
#include <memory>
#include <string>

#include "core/secret.h"
#include "core/time/time.h"
#include "net/client/http_client.h"

namespace crmpulse::net {

struct MailRequest {
  std::string server;  ///< host:port
  enum class Security { starttls, tls, none };
  Security security = Security::starttls;  ///< `starttls`: refused when the server does not offer it
  std::string username;                    ///< empty: no login; else a server that offers none gets nothing
  Secret password;
  std::string from;     ///< envelope address
  std::string to;       ///< one recipient: a partial refusal is then a refusal
  std::string message;  ///< RFC 5322, CRLF line ends
  Duration timeout{std::chrono::seconds{30}};
  ClientTls tls;
};

/// Thread-safe.
class MailClient {
 public:
  MailClient();
  ~MailClient();

  /// `status` is the SMTP reply code that decided (250 when the mail was taken), 0 without one; see failure. On the
  /// client's thread: hand over to your own, do not block, do not throw.
  void send(MailRequest request, HttpClient::Callback callback);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace crmpulse::net
