#include "net/server/http_connection.h"

#include <algorithm>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/error.hpp>
#include <utility>

#include "core/log.h"
#include "core/text/ascii.h"
#include "net/server/http_message.h"

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::awaitable;
using asio::redirect_error;
using asio::use_awaitable;
using boost::system::error_code;

namespace crmpulse::net {
namespace {

constexpr std::size_t kReadBytes = 16 * 1024;
constexpr std::size_t kBodyReadBytes = 64 * 1024;  ///< most bodies arrive in one piece then
constexpr Duration kCancelAgain{50};
constexpr Duration kRefusalTimeout = std::chrono::seconds{2};
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

/// Behind the copies of one Respond: the first answer counts, none at all is a 500.
class Responder {
 public:
  Responder(std::weak_ptr<HttpConnection> connection, asio::any_io_executor executor, std::uint64_t number)
      : connection_(std::move(connection)), executor_(std::move(executor)), number_(number) {}
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;

  ~Responder() {
    if (!answered_) answer(error_response(500, "internal", "the request was dropped without an answer"));
  }

  void answer(HttpResponse response) {
    answered_ = true;
    auto connection = connection_.lock();
    if (!connection) return;
    asio::dispatch(executor_,
                   [connection = std::move(connection), number = number_, response = std::move(response)]() mutable {
                     connection->take_answer(number, std::move(response));
                   });
  }

 private:
  std::weak_ptr<HttpConnection> connection_;
  asio::any_io_executor executor_;
  std::uint64_t number_;
  bool answered_ = false;
};

bool closes_connection(const HttpResponse& response) {
  return std::any_of(response.headers.begin(), response.headers.end(), [](const auto& header) {
    return ascii::same_without_case(header.first, "connection") && ascii::same_without_case(header.second, "close");
  });
}

std::unique_ptr<HttpStream> stream_for(asio::ip::tcp::socket socket, asio::ssl::context* tls) {
  if (tls != nullptr) return tls_stream(std::move(socket), *tls);
  return plain_stream(std::move(socket));
}

}  // namespace

std::string address_of(const asio::ip::tcp::socket& socket) {
  error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  if (error) return {};
  const auto address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
  return address.to_string();
}

HttpConnection::HttpConnection(asio::ip::tcp::socket socket, std::shared_ptr<ServerState> server, bool refuse,
                               std::string client)
    : server_(std::move(server)),
      refuse_(refuse),
      client_(std::move(client)),
      tls_(server_->tls),
      remote_address_(address_of(socket)),
      deadline_(socket.get_executor()),
      answered_(socket.get_executor(), asio::steady_timer::time_point::max()) {
  stream_ = stream_for(std::move(socket), tls_.get());
  server_->connections.insert(this);
  if (!client_.empty()) server_->clients[client_] += 1;
  if (refuse_)
    server_->refusing += 1;
  else
    server_->open += 1;
}

HttpConnection::~HttpConnection() {
  server_->connections.erase(this);
  give_room();
  release_answer();
  const auto counted = server_->clients.find(client_);
  if (!client_.empty() && --counted->second == 0) server_->clients.erase(counted);
  if (refuse_)
    server_->refusing -= 1;
  else
    server_->open -= 1;
}

awaitable<void> HttpConnection::serve(std::shared_ptr<HttpConnection> self) {
  co_await self->serve_requests();
  self->disarm();
}

awaitable<void> HttpConnection::serve_requests() {
  arm(refuse_ ? kRefusalTimeout : server_->options.header_timeout);
  const error_code error = co_await stream_->handshake();
  shaken_ = true;
  bool go_on = !error && !timed_out_;
  if (!go_on && !aborted_) server_->handshakes_failed += 1;
  while (go_on) go_on = co_await serve_one_request();
}

awaitable<bool> HttpConnection::serve_one_request() {
  const bool begun = co_await wait_for_first_byte();
  if (!begun) co_return false;
  const bool complete = co_await read_request();
  if (!complete) co_return false;
  waiting_since_.reset();
  HttpResponse response;
  keep_alive_ = request_read_ && parser_->keep_alive();
  head_only_ = parser_->get().method() == http::verb::head;
  if (refusal_)
    response = std::move(*refusal_);
  else
    response = co_await ask_handler();
  if (aborted_) co_return false;
  if (server_->stopping || tls_ != server_->tls || closes_connection(response)) keep_alive_ = false;
  co_await write_response(std::move(response));
  first_request_ = false;
  waiting_since_ = std::chrono::steady_clock::now();
  if (!keep_alive_) co_await linger();
  co_return keep_alive_;
}

awaitable<bool> HttpConnection::wait_for_first_byte() {
  if (buffer_.size() > 0) co_return true;
  if (server_->stopping) co_return false;
  // Renewed while the answer was written.
  if (!first_request_ && tls_ != server_->tls) co_return false;
  idle_ = true;
  if (!first_request_) arm(server_->options.idle_timeout);
  const error_code error = co_await fill(kReadBytes);
  idle_ = false;
  co_return !error;
}

/// True when the request is complete and may be served, or is refused for its head; else the client has been told why,
/// where that is possible.
awaitable<bool> HttpConnection::read_request() {
  parser_ = std::make_unique<Parser>();
  refusal_.reset();
  handler_ = nullptr;
  request_read_ = false;
  parser_->header_limit(static_cast<std::uint32_t>(server_->options.max_header_bytes));
  max_body_ = server_->options.max_body_bytes;
  parser_->body_limit(max_body_);
  keep_alive_ = false;
  arm(refuse_ ? kRefusalTimeout : server_->options.header_timeout);
  error_code error = co_await read_header();
  std::optional<Rejection> rejection;
  if (error)
    rejection = rejection_of(error);
  else
    rejection = check_header();
  if (!rejection) ask_head_check();
  if (!rejection && !refusal_) rejection = check_length();
  if (!rejection && !refusal_) {
    arm(server_->options.body_timeout);
    error = co_await read_body();
    if (error) rejection = rejection_of(error);
  }
  give_room();
  disarm();
  request_read_ = !rejection && parser_->is_done();
  if (rejection) co_await reject(*rejection);
  co_return !rejection;
}

/// The parser bounds what it has not understood yet; many small fields are bounded here.
awaitable<error_code> HttpConnection::read_header() {
  error_code error;
  std::size_t taken = 0;
  while (!error && !parser_->is_header_done()) {
    const std::size_t bytes = parser_->put(buffer_.data(), error);
    buffer_.consume(bytes);
    taken += bytes;
    if (error == http::error::need_more) error = co_await fill(kReadBytes);
    if (!error && taken > server_->options.max_header_bytes) error = http::error::header_limit;
  }
  co_return error;
}

awaitable<error_code> HttpConnection::read_body() {
  error_code error;
  flowing_since_ = std::chrono::steady_clock::now();
  if (wants_continue() && buffer_.size() == 0) error = co_await write_all(kContinue);
  while (!error && !parser_->is_done()) {
    error = http::error::need_more;
    if (buffer_.size() > 0) buffer_.consume(parser_->put(buffer_.data(), error));
    if (!take_room()) error = asio::error::no_memory;
    if (error == http::error::need_more) error = co_await fill(kBodyReadBytes);
  }
  co_return error;
}

awaitable<error_code> HttpConnection::fill(std::size_t at_most) {
  if (buffer_.size() > server_->options.max_header_bytes + kBodyReadBytes) co_return http::error::header_limit;
  const auto space = buffer_.prepare(at_most);
  const Transferred done = co_await stream_->read_some(space);
  buffer_.commit(done.bytes);
  if (timed_out_ && !done.error) co_return asio::error::operation_aborted;
  co_return done.error;
}

awaitable<HttpResponse> HttpConnection::ask_handler() {
  HttpRequest request = std::move(head_);
  request.body = std::move(parser_->get().body());
  parser_.reset();
  request_number_ += 1;
  answer_.reset();
  request.gone = [connection = weak_from_this()] {
    const auto self = connection.lock();
    return !self || self->client_gone();
  };
  auto responder = std::make_shared<Responder>(weak_from_this(), deadline_.get_executor(), request_number_);
  Respond respond = [responder](HttpResponse response) { responder->answer(std::move(response)); };
  responder.reset();
  call_handler(std::move(request), respond);
  respond = nullptr;
  error_code ignored;
  while (!answer_ && !aborted_) co_await answered_.async_wait(redirect_error(use_awaitable, ignored));
  HttpResponse response;
  if (answer_) response = std::move(*answer_);
  co_return response;
}

/// A closed connection is readable and gives nothing. One that has sent more already (or over TLS its farewell) counts
/// as open.
bool HttpConnection::client_gone() {
  if (aborted_) return true;
  auto& socket = stream_->socket();
  error_code error;
  socket.non_blocking(true, error);
  if (error) return true;
  char byte = 0;
  const std::size_t read = socket.receive(asio::buffer(&byte, 1), asio::socket_base::message_peek, error);
  return read == 0 && error != asio::error::would_block && error != asio::error::try_again;
}

void HttpConnection::call_handler(HttpRequest request, const Respond& respond) {
  const Handler chosen = std::exchange(handler_, nullptr);
  const std::shared_ptr<Handler> handler = server_->handler;
  if (!handler) return;
  try {
    (chosen ? chosen : *handler)(std::move(request), respond);
  } catch (const std::exception& error) {
    log::error("a request's handler threw", {{"error", error.what()}});
    respond(internal_error());
  }
}

void HttpConnection::take_answer(std::uint64_t number, HttpResponse response) {
  if (number != request_number_ || answer_) return;
  if (!is_sendable(response)) {
    log::error("a request's handler gave an answer that cannot be sent", {{"status", std::to_string(response.status)}});
    response = internal_error();
  }
  answer_ = std::move(response);
  answered_.cancel();
}

void HttpConnection::stop_when_idle() {
  if (idle_) arm(Duration::zero());
  if (streaming_) streaming_->end();
}

std::optional<std::chrono::steady_clock::time_point> HttpConnection::waiting_since() const {
  if (aborted_ || refuse_) return std::nullopt;
  return waiting_since_;
}

void HttpConnection::renew() {
  if (shaken_) stop_when_idle();
}

void HttpConnection::abort() {
  aborted_ = true;
  answered_.cancel();
  error_code ignored;
  stream_->socket().close(ignored);
}

void HttpConnection::arm(Duration within) {
  timed_out_ = false;
  set_deadline(within);
}

void HttpConnection::disarm() {
  deadline_number_ += 1;
  deadline_.cancel();
  timed_out_ = false;
}

void HttpConnection::set_deadline(Duration within) {
  deadline_number_ += 1;
  deadline_.expires_after(within);
  deadline_.async_wait([weak = weak_from_this(), number = deadline_number_](error_code error) {
    const auto self = weak.lock();
    if (error || !self || number != self->deadline_number_) return;
    self->timed_out_ = true;
    error_code ignored;
    self->stream_->socket().cancel(ignored);
    self->set_deadline(kCancelAgain);
  });
}

}  // namespace crmpulse::net
