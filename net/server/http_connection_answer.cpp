// HttpConnection: how an answer is written, whole or as a stream, and what follows it.

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "core/text/ascii.h"
#include "core/time/clock.h"
#include "net/server/http_connection.h"
#include "net/server/http_message.h"

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::awaitable;
using asio::redirect_error;
using asio::use_awaitable;
using boost::system::error_code;

namespace crmpulse::net {
namespace {

constexpr std::size_t kWriteBytes = 64 * 1024;  ///< each of them within body_timeout, or the client reads too slowly
constexpr std::size_t kLingerBytes = 16 * 1024;
constexpr Duration kLinger = std::chrono::seconds{1};

}  // namespace

awaitable<void> HttpConnection::write_response(HttpResponse response) {
  add_common_headers(response);
  if (response.stream) keep_alive_ = false;
  const bool body_follows = !head_only_ && allows_body(response.status);
  std::string first = head_of(response, keep_alive_, wall_now());
  std::string_view rest;
  if (body_follows) rest = response.content();
  hold_answer(response);
  if (response.delivery == Delivery::half_of_body) rest = rest.substr(0, rest.size() / 2);
  if (rest.size() <= kWriteBytes) first.append(std::exchange(rest, {}));
  error_code error = asio::error::broken_pipe;
  if (response.delivery != Delivery::nothing) error = co_await write_all(first);
  if (!error) error = co_await write_all(rest);
  release_answer();
  if (response.stream && body_follows && !error) {
    error = co_await write_stream(response.stream);
  } else if (response.stream) {
    response.stream->abandon();
  }
  if (!error && response.delivery == Delivery::whole) co_return;
  keep_alive_ = false;
  broken_ = true;
}

/// A client that has gone is noticed by the next piece. Nothing is read meanwhile: what it sends is of the next
/// request.
awaitable<error_code> HttpConnection::write_stream(std::shared_ptr<StreamedBody> body) {
  streaming_ = body;
  body->on_news([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->answered_.cancel();
  });
  if (server_->stopping || tls_ != server_->tls) body->end();
  error_code error;
  error_code ignored;
  while (!error && !aborted_ && !body->done()) {
    const StreamedBody::Piece piece = body->take();
    if (piece) {
      error = co_await write_all(*piece);
    } else {
      disarm();
      co_await answered_.async_wait(redirect_error(use_awaitable, ignored));
    }
  }
  if (aborted_ && !error) error = asio::error::operation_aborted;
  body->abandon();
  streaming_.reset();
  co_return error;
}

void HttpConnection::add_common_headers(HttpResponse& response) const {
  for (const auto& common : server_->options.headers) {
    const bool there = std::any_of(response.headers.begin(), response.headers.end(),
                                   [&](const auto& own) { return ascii::same_without_case(own.first, common.first); });
    if (!there) response.headers.push_back(common);
  }
}

awaitable<error_code> HttpConnection::write_all(std::string_view bytes) {
  Transferred done;
  while (!bytes.empty() && !done.error) {
    arm(server_->options.body_timeout);
    std::string_view chunk = bytes.substr(0, kWriteBytes);
    bytes.remove_prefix(chunk.size());
    while (!chunk.empty() && !done.error) {
      done = co_await stream_->write_some(asio::buffer(chunk));
      chunk.remove_prefix(done.bytes);
      sent_ += done.bytes;
      if (timed_out_ && !done.error) done.error = asio::error::operation_aborted;
    }
  }
  co_return done.error;
}

awaitable<void> HttpConnection::reject(Rejection rejection) {
  if (rejection.status == 0) co_return;
  if (!refuse_)
    server_->malformed += 1;
  else if (client_.empty())
    server_->refused += 1;
  head_only_ = parser_->is_header_done() && parser_->get().method() == http::verb::head;
  HttpResponse response = error_response(rejection.status, rejection.code, rejection.message);
  if (rejection.status == 503) response.headers.emplace_back("Retry-After", "5");
  co_await write_response(std::move(response));
  co_await linger();
}

/// Closing with unread input in the socket would reset the connection and take our last answer away from the client:
/// wait for its end, for a bounded time.
awaitable<void> HttpConnection::linger() {
  if (broken_) co_return;
  error_code error;
  arm(kLinger);
  co_await stream_->end_writing();
  const bool all_read = request_read_ && buffer_.size() == 0 && stream_->socket().available(error) == 0;
  if (all_read) co_return;
  const auto space = buffer_.prepare(kLingerBytes);
  while (!error && !timed_out_) co_await stream_->socket().async_read_some(space, redirect_error(use_awaitable, error));
}

}  // namespace crmpulse::net
