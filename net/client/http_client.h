#pragma once
// HTTP client: libcurl's multi interface on a thread of its own (its resolver can block), keep-alive, HTTP/2 over TLS.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/failure/error.h"
#include "core/failure/failure.h"
#include "core/time/time.h"
#include "net/base/reach.h"

namespace crmpulse::net {

struct ClientTls {
  std::string ca_file;    ///< empty: the system's
  std::string cert_file;  ///< mTLS
  std::string key_file;
};

struct ClientRequest {
  std::string method = "GET";
  std::string url;  ///< http or https; other schemes are refused
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  Duration timeout{std::chrono::seconds{10}};  ///< of the whole exchange
  std::size_t max_response_bytes = 1024 * 1024;
  bool fresh_connection = false;
  ClientTls tls;
  std::string proxy;  ///< `http://proxy:3128`, also https, socks5, socks5h; empty: as the environment says
  Forbid forbid = Forbid::nothing;  ///< addresses no connection is made to; with a proxy the proxy's is what counts
  int max_redirects = 0;  ///< how many are followed; the answer after the last allowed one must not be another
};

/// Seconds since the start of the request at which the phase ended would be cumulative; these are the lengths of the
/// phases themselves. Zero for phases a reused connection did not need.
struct HttpPhases {
  double dns = 0;
  double connect = 0;
  double tls = 0;
  double first_byte = 0;
  double transfer = 0;
  double total = 0;
};

struct ClientResponse {
  int status = 0;  ///< 0 when there was no complete answer (nor headers, nor body); see failure
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
  std::string body;
  HttpPhases phases;
  std::optional<Failure> failure;  ///< stage and reason when the exchange itself failed (not for a status code)
  std::optional<TimePoint> certificate_expiry;  ///< the server's; only of a connection this request made itself
  [[nodiscard]] std::string_view header(std::string_view lower_case_name) const;
};

/// Thread-safe. Secrets in URLs or headers never appear in Failure texts.
///
/// Redirects are followed to http and https only, from https to https only. Another origin (scheme, host or port) gets
/// neither our headers, but for Accept and the like, nor our certificate, and never a body.
class HttpClient {
 public:
  struct Options {
    std::string user_agent;            ///< default: crmpulse/VERSION
    int max_connections_per_host = 6;  ///< in use at once, each by one request; further requests to it wait their turn
    int max_in_flight = 1000;          ///< further requests wait their turn inside their own timeout
    int max_kept_connections = 2000;   ///< idle ones; two for each of 1,000 hosts
    int max_connections = 0;           ///< open at once, idle ones included; 0: no bound but the system's
  };
  HttpClient();
  explicit HttpClient(Options options);
  /// Requests in flight are ended with a `request`/`skipped` failure; their callbacks run before this returns. Not from
  /// a callback.
  ~HttpClient();

  using Callback = std::function<void(ClientResponse)>;
  /// The callback runs on the client's thread: hand over to your own, do not block, do not throw.
  void send(ClientRequest request, Callback callback);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace crmpulse::net
