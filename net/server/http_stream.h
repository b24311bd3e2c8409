#pragma once
// Private to net/: one accepted connection as bytes, plain or TLS.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <memory>

namespace crmpulse::net {

/// Both may be there: what was read or written before the error.
struct Transferred {
  boost::system::error_code error;
  std::size_t bytes = 0;
};

class HttpStream {
 public:
  virtual ~HttpStream() = default;
  virtual boost::asio::awaitable<boost::system::error_code> handshake() = 0;
  virtual boost::asio::awaitable<Transferred> read_some(boost::asio::mutable_buffer into) = 0;
  virtual boost::asio::awaitable<Transferred> write_some(boost::asio::const_buffer from) = 0;
  /// Says that nothing more will be written, and for TLS that this end is meant.
  virtual boost::asio::awaitable<void> end_writing() = 0;
  virtual boost::asio::ip::tcp::socket& socket() = 0;
};

[[nodiscard]] std::unique_ptr<HttpStream> plain_stream(boost::asio::ip::tcp::socket socket);
[[nodiscard]] std::unique_ptr<HttpStream> tls_stream(boost::asio::ip::tcp::socket socket,
                                                     boost::asio::ssl::context& context);

}  // namespace crmpulse::net
