#include "net/server/http_stream.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace asio = boost::asio;
using asio::awaitable;
using asio::redirect_error;
using asio::use_awaitable;
using boost::system::error_code;
using Socket = asio::ip::tcp::socket;

namespace crmpulse::net {
namespace {

/// The same for both kinds: `stream` is a socket or TLS over one.
template <class Stream>
awaitable<Transferred> read_from(Stream* stream, asio::mutable_buffer into) {
  Transferred done;
  done.bytes = co_await stream->async_read_some(into, redirect_error(use_awaitable, done.error));
  co_return done;
}

template <class Stream>
awaitable<Transferred> write_to(Stream* stream, asio::const_buffer from) {
  Transferred done;
  done.bytes = co_await stream->async_write_some(from, redirect_error(use_awaitable, done.error));
  co_return done;
}

class PlainStream final : public HttpStream {
 public:
  explicit PlainStream(Socket socket) : socket_(std::move(socket)) {}

  awaitable<error_code> handshake() override { co_return error_code(); }
  awaitable<Transferred> read_some(asio::mutable_buffer into) override { return read_from(&socket_, into); }
  awaitable<Transferred> write_some(asio::const_buffer from) override { return write_to(&socket_, from); }

  awaitable<void> end_writing() override {
    error_code ignored;
    socket_.shutdown(Socket::shutdown_send, ignored);
    co_return;
  }

  Socket& socket() override { return socket_; }

 private:
  Socket socket_;
};

class TlsStream final : public HttpStream {
 public:
  TlsStream(Socket socket, asio::ssl::context& context) : stream_(std::move(socket), context) {}

  awaitable<error_code> handshake() override {
    error_code error;
    co_await stream_.async_handshake(asio::ssl::stream_base::server, redirect_error(use_awaitable, error));
    co_return error;
  }

  awaitable<Transferred> read_some(asio::mutable_buffer into) override { return read_from(&stream_, into); }
  awaitable<Transferred> write_some(asio::const_buffer from) override { return write_to(&stream_, from); }

  awaitable<void> end_writing() override {
    error_code ignored;
    co_await stream_.async_shutdown(redirect_error(use_awaitable, ignored));
    socket().shutdown(Socket::shutdown_send, ignored);
  }

  Socket& socket() override { return stream_.next_layer(); }

 private:
  asio::ssl::stream<Socket> stream_;
};

}  // namespace

std::unique_ptr<HttpStream> plain_stream(Socket socket) {
  return std::make_unique<PlainStream>(std::move(socket));
}

std::unique_ptr<HttpStream> tls_stream(Socket socket, asio::ssl::context& context) {
  return std::make_unique<TlsStream>(std::move(socket), context);
}

}  // namespace crmpulse::net
