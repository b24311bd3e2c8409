#pragma once
// HTTP/1.1 server; Beast stays in http_server.cpp.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/failure/error.h"
#include "core/time/time.h"
#include "net/base/endpoint.h"
#include "net/base/networks.h"
#include "net/loop/loop.h"
#include "net/server/streamed_body.h"

namespace crmpulse::net {

struct HttpRequest {
  std::string method;
  std::string path;                                       ///< decoded, without the query
  std::map<std::string, std::string, std::less<>> query;  ///< of a name that stands there twice, the first value
  std::vector<std::string> repeated_parameters;           ///< names that stand in the query more than once
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::string remote_address;
  /// Loop's thread only. Returns true if the client has closed its connection, as far as the system knows: what it
  /// waits for need not be finished. May be empty.
  std::function<bool()> gone = nullptr;
  /// Returns the value of a header (its name compared without case), empty if it is absent.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

/// What of an answer is sent before the connection is closed: a broken server, for rehearsals and tests.
enum class Delivery { whole, half_of_body, nothing };

/// A `Date` among the headers replaces the server's own; lengths and `Connection` are the server's business
/// (`Connection: close` asks for it).
struct HttpResponse {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  Delivery delivery = Delivery::whole;
  /// Not null: sent instead of `body`. Its memory is one for all it is sent to.
  std::shared_ptr<const std::string> shared = nullptr;
  /// Not null: sent instead of `body`, without a length: the end of the connection is its end. Ended when the server
  /// stops or its certificate changes.
  std::shared_ptr<StreamedBody> stream = nullptr;
  [[nodiscard]] std::string_view content() const { return shared ? std::string_view{*shared} : std::string_view{body}; }
};

/// Returns the time in the form of the header `Date`.
[[nodiscard]] std::string http_date(TimePoint time);

/// Answers one request; call it exactly once, on the loop's thread, now or later. If it is dropped uncalled the client
/// gets 500. If the client has gone the answer is dropped.
using Respond = std::function<void(HttpResponse)>;
/// A HEAD request comes to the handler as GET; the body of its answer is not sent. What the handler throws becomes a
/// 500 and a log line. Every error the server answers itself is JSON: `{"error":{"code":"…","message":"…"}}`.
using Handler = std::function<void(HttpRequest, Respond)>;

struct TlsFiles {
  std::string cert_file;
  std::string key_file;
  std::string client_ca_file;  ///< not empty: clients must show a certificate of this CA
  bool operator==(const TlsFiles&) const = default;
};

/// Which of the files cannot be used, and why.
struct TlsFault {
  std::string key;  ///< `cert_file`, `key_file`, `client_ca_file`
  std::string file;
  std::string why;
};
/// Certificates and key as they were read.
struct LoadedTls;
using TlsResult = boost::system::result<std::shared_ptr<LoadedTls>, TlsFault>;
/// Reads the files as listen() does. Waits for the disk.
[[nodiscard]] TlsResult load_tls(const TlsFiles& files);

/// Detects that the files were replaced. A renewal writes one after the other, so new files count only if they are the
/// same from one look to the next. Waits for the disk.
class TlsWatch {
 public:
  /// Sets the files to watch. Their present state counts as known.
  void follow(TlsFiles files);
  /// Looks at the files; call it now and then. Returns true once for each new state of the files.
  [[nodiscard]] bool rested_anew();

 private:
  TlsFiles files_;
  std::string last_;
  std::string taken_;
};

/// What is said about a request when its headers are there and nothing of its body is.
struct HeadVerdict {
  std::optional<HttpResponse> refusal;  ///< the answer; the body is not read
  std::size_t max_body_bytes = 0;       ///< of this request; the server's own bound holds too
  Handler handler;                      ///< of this request; empty: the server's
};
/// The request has no body yet.
using HeadCheck = std::function<HeadVerdict(const HttpRequest& head)>;

struct ServerOptions {
  std::string address = "127.0.0.1";
  unsigned short port = 0;  ///< 0: any free port, see port()
  std::optional<TlsFiles> tls;
  std::size_t max_body_bytes = 32 * 1024 * 1024;
  std::size_t max_header_bytes = 16 * 1024;
  /// Beyond, the connection that has waited longest without a whole request is closed; without such a one, 503.
  int max_connections = 1024;
  /// Likewise for one client (client_of); 0: no bound of its own.
  int max_connections_per_client = 0;
  Networks uncounted;  ///< clients without that bound
  /// What has come of all bodies that are arriving. Beyond, the slowest of them goes, or the newest is answered 503.
  std::size_t max_arriving_bytes = 128 * 1024 * 1024;
  /// Of all answers that clients have not taken yet, shared ones once. Beyond, the slowest client goes.
  std::size_t max_sending_bytes = 128 * 1024 * 1024;
  HeadCheck check_head;  ///< may be empty
  /// On every answer that does not have them itself, also on those to what was not a request.
  std::vector<std::pair<std::string, std::string>> headers;
  Duration header_timeout{std::chrono::seconds{10}};
  Duration body_timeout{std::chrono::seconds{30}};
  Duration idle_timeout{std::chrono::seconds{60}};
};

/// Listens from construction; every connection is a coroutine in one task scope. stop() ends accepting, lets current
/// requests finish for a bounded time, then closes.
class HttpServer {
 public:
  /// `handler` may be empty if check_head names one for every request it lets through.
  [[nodiscard]] static Result<std::unique_ptr<HttpServer>> listen(Loop& loop, ServerOptions options, Handler handler);
  /// Connections are closed at once; the handler and `finished` of stop() are not called any more. Destroy it before
  /// the Loop, on the loop's thread or while nobody runs the loop.
  ~HttpServer();
  [[nodiscard]] unsigned short port() const;
  /// Loop's thread only. `finished` is called there when the last connection has gone, at the latest when `grace` is
  /// over and the rest have been closed.
  void stop(Duration grace, std::function<void()> finished);
  /// Loop's thread only; of a server that has TLS. New connections use `tls`, those that stand end after their request.
  void replace_tls(const std::shared_ptr<LoadedTls>& tls);
  /// Loop's thread only. Connections that stand are left alone.
  void limit_connections(int all, int per_client, Networks uncounted);
  /// Loop's thread only. max_arriving_bytes and max_sending_bytes.
  void limit_memory(std::size_t arriving, std::size_t sending);

  struct Stats {
    std::uint64_t accepted = 0;  ///< without the refused
    std::uint64_t refused = 0;   ///< over max_connections
    std::uint64_t crowded = 0;   ///< over max_connections_per_client
    std::uint64_t handshakes_failed = 0;
    std::optional<TimePoint> certificate_begin;
    std::optional<TimePoint> certificate_expiry;
    std::uint64_t malformed = 0;  ///< answered 400, 408, 413, 417, 431, 501 before a handler saw them
    int open = 0;
    std::uint64_t displaced = 0;       ///< closed without a whole request, to make place for a newer one
    std::uint64_t arriving_bytes = 0;  ///< memory of bodies that are not whole yet
    std::uint64_t too_slow = 0;        ///< closed since there was no room for what they had not taken, or not sent yet
  };
  /// Thread-safe.
  [[nodiscard]] Stats stats() const;

 private:
  HttpServer();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace crmpulse::net
