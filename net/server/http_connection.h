#pragma once
// Private to net/: one connection of the HTTP server, and what the server's connections share.

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "net/loop/tasks.h"
#include "net/server/arriving_body.h"
#include "net/server/http_server.h"
#include "net/server/http_stream.h"

namespace crmpulse::net {

class HttpConnection;

/// The other end's IP address; IPv4 in IPv6 as IPv4. Empty when it has gone.
[[nodiscard]] std::string address_of(const boost::asio::ip::tcp::socket& socket);

/// Owned by the server and by each of its tasks: a task may end after the server has gone.
struct ServerState {
  ServerState(boost::asio::any_io_executor executor, ServerOptions given, Handler handle)
      : options(std::move(given)), handler(std::make_shared<Handler>(std::move(handle))), tasks(std::move(executor)) {}

  ServerOptions options;
  std::shared_ptr<Handler> handler;                ///< empty once the server has gone
  std::shared_ptr<boost::asio::ssl::context> tls;  ///< for new connections; null: plain
  TaskScope tasks;
  std::set<HttpConnection*> connections;            ///< of the loop's thread
  std::map<std::string, int, std::less<>> clients;  ///< connections of each that is counted
  std::atomic<std::size_t> arriving{0};             ///< bytes of bodies that are being read
  std::size_t sending = 0;                          ///< bytes of answers that are being written, shared ones once
  std::map<const std::string*, int> pages;          ///< shared answers, by how many connections write them
  int refusing = 0;                                 ///< connections that are there to be told 503
  bool stopping = false;

  // Read by stats() from any thread.
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::uint64_t> refused{0};
  std::atomic<std::uint64_t> malformed{0};
  std::atomic<std::uint64_t> crowded{0};
  std::atomic<std::uint64_t> handshakes_failed{0};
  std::atomic<std::int64_t> certificate_begin{0};   ///< Unix milliseconds; 0: none
  std::atomic<std::int64_t> certificate_expiry{0};  ///< likewise
  std::atomic<int> open{0};
  std::atomic<std::uint64_t> displaced{0};
  std::atomic<std::uint64_t> too_slow{0};
};

/// Requests one after the other until either side ends it. Lives in its task; on the loop's thread only.
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  /// `refuse`: the server is full; the first request is answered 503. `client`: whom to count it for, or empty.
  HttpConnection(boost::asio::ip::tcp::socket socket, std::shared_ptr<ServerState> server, bool refuse,
                 std::string client);
  ~HttpConnection();

  [[nodiscard]] static boost::asio::awaitable<void> serve(std::shared_ptr<HttpConnection> self);

  /// Ends now if no request is being handled, else after the current one.
  void stop_when_idle();
  /// The server has other certificates now: ends like stop_when_idle(), but not in the middle of its handshake.
  void renew();
  /// Ends now.
  void abort();
  /// Returns since when it has kept a place without a whole request, nullopt while a request is being handled.
  [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> waiting_since() const;
  /// A body that comes, or an answer that goes, too slowly for the room there is.
  enum class Flow { arriving, sending };
  /// Returns bytes a second so far, nullopt if it has no part in that or is too young to be called slow.
  [[nodiscard]] std::optional<double> pace(Flow flow) const;
  /// Ends now, and its room is free at once.
  void give_way();
  /// The answer to request `number`; late and second ones are dropped.
  void take_answer(std::uint64_t number, HttpResponse response);

 private:
  using Parser = boost::beast::http::request_parser<ArrivingBody>;
  /// Why a request is not served. Without a status nobody is left to answer.
  struct Rejection {
    int status = 0;
    std::string_view code;
    std::string_view message;
  };

  boost::asio::awaitable<void> serve_requests();
  boost::asio::awaitable<bool> serve_one_request();
  boost::asio::awaitable<bool> wait_for_first_byte();
  boost::asio::awaitable<bool> read_request();
  boost::asio::awaitable<boost::system::error_code> read_header();
  boost::asio::awaitable<boost::system::error_code> read_body();
  boost::asio::awaitable<boost::system::error_code> fill(std::size_t at_most);
  boost::asio::awaitable<HttpResponse> ask_handler();
  boost::asio::awaitable<void> write_response(HttpResponse response);
  boost::asio::awaitable<boost::system::error_code> write_stream(std::shared_ptr<StreamedBody> body);
  boost::asio::awaitable<boost::system::error_code> write_all(std::string_view bytes);
  boost::asio::awaitable<void> reject(Rejection rejection);
  boost::asio::awaitable<void> linger();

  [[nodiscard]] Rejection rejection_of(const boost::system::error_code& error) const;
  [[nodiscard]] std::optional<Rejection> check_header();
  [[nodiscard]] std::optional<Rejection> check_length() const;
  void ask_head_check();
  [[nodiscard]] bool take_room();
  void give_room();
  void hold_answer(const HttpResponse& response);
  void release_answer();
  [[nodiscard]] bool wants_continue() const;
  [[nodiscard]] HttpRequest take_head() const;
  void add_common_headers(HttpResponse& response) const;
  void call_handler(HttpRequest request, const Respond& respond);
  [[nodiscard]] bool client_gone();

  void arm(Duration within);
  void disarm();
  void set_deadline(Duration within);

  std::shared_ptr<ServerState> server_;
  const bool refuse_;
  const std::string client_;
  std::shared_ptr<boost::asio::ssl::context> tls_;  ///< what it was made with
  std::unique_ptr<HttpStream> stream_;
  std::string remote_address_;

  // A deadline cancels what the socket does, again and again until disarmed: a composed operation may have been
  // between two steps. The socket stays open, so that the client can be told.
  boost::asio::steady_timer deadline_;
  std::uint64_t deadline_number_ = 0;
  bool timed_out_ = false;

  boost::beast::flat_buffer buffer_;
  std::unique_ptr<Parser> parser_;                                      ///< of the current request
  HttpRequest head_;                                                    ///< of it, without its body
  Handler handler_;                                                     ///< of it, by the head check; may be empty
  std::optional<HttpResponse> refusal_;                                 ///< of it, by the head check
  std::size_t max_body_ = 0;                                            ///< of it
  std::size_t room_ = 0;                                                ///< taken of ServerState::arriving
  bool crowded_out_ = false;                                            ///< there was no room left for it
  std::optional<std::chrono::steady_clock::time_point> flowing_since_;  ///< its body, or its answer
  std::size_t sending_ = 0;                                             ///< taken of ServerState::sending
  std::size_t sent_ = 0;                                                ///< of the answer
  std::shared_ptr<const std::string> page_;                             ///< the answer, when it is a shared one
  bool shaken_ = false;                                                 ///< the handshake is over
  bool first_request_ = true;
  bool idle_ = true;  ///< no byte of a request read
  std::optional<std::chrono::steady_clock::time_point> waiting_since_ = std::chrono::steady_clock::now();
  bool keep_alive_ = true;
  bool head_only_ = false;
  bool request_read_ = false;  ///< the current request, to its last byte
  bool broken_ = false;        ///< an answer could not be written
  bool aborted_ = false;

  std::uint64_t request_number_ = 0;
  boost::asio::steady_timer answered_;  ///< never expires; cancelled when the answer is there
  std::optional<HttpResponse> answer_;
  std::shared_ptr<StreamedBody> streaming_;  ///< not null while it is written; its news cancels `answered_`
};

}  // namespace crmpulse::net
