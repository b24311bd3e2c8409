#include "net/http_server.h"

#include <fmt/format.h>
#include <openssl/ssl.h>

#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "core/log.h"
#include "net/http_connection.h"
#include "net/loop_impl.h"

namespace asio = boost::asio;
using asio::awaitable;
using asio::redirect_error;
using asio::use_awaitable;
using asio::ip::tcp;
using boost::system::error_code;

namespace crmpulse::net {
namespace {

constexpr Duration kPauseAfterAcceptError{100};
/// Beyond them a connection over the limit is closed without a word.
constexpr int kMostRefusing = 64;

Result<asio::ssl::context> tls_context(const TlsFiles& files) {
  asio::ssl::context context(asio::ssl::context::tls_server);
  error_code error;
  context.set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1, error);
  context.use_certificate_chain_file(files.cert_file, error);
  if (error) return Error(fmt::format("the certificate file {} cannot be used: {}", files.cert_file, error.message()));
  context.use_private_key_file(files.key_file, asio::ssl::context::pem, error);
  if (error) return Error(fmt::format("the key file {} cannot be used: {}", files.key_file, error.message()));
  if (SSL_CTX_check_private_key(context.native_handle()) != 1)
    return Error(fmt::format("the key file {} does not belong to the certificate {}", files.key_file, files.cert_file));
  if (files.client_ca_file.empty()) return context;
  context.load_verify_file(files.client_ca_file, error);
  if (error)
    return Error(
        fmt::format("the file of client authorities {} cannot be used: {}", files.client_ca_file, error.message()));
  context.set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert, error);
  // OpenSSL refuses to resume a session of a verified client without it.
  static constexpr unsigned char kSessionContext[] = "crmpulse";
  SSL_CTX_set_session_id_context(context.native_handle(), kSessionContext, sizeof(kSessionContext) - 1);
  return context;
}

struct Listener {
  explicit Listener(asio::io_context& context) : acceptor(context), pause(context) {}
  tcp::acceptor acceptor;
  asio::steady_timer pause;
};

error_code open_acceptor(tcp::acceptor& acceptor, tcp::endpoint endpoint) {
  error_code error;
  acceptor.open(endpoint.protocol(), error);
  // "All addresses" on a machine without IPv6.
  if (error == asio::error::address_family_not_supported && endpoint.address() == asio::ip::address_v6::any()) {
    endpoint.address(asio::ip::address_v4::any());
    acceptor.open(endpoint.protocol(), error);
  }
#ifndef _WIN32
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
#endif
  if (!error && endpoint.protocol() == tcp::v6())
    acceptor.set_option(asio::ip::v6_only(!endpoint.address().is_unspecified()), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  return error;
}

/// Idle and half-open connections must not keep others out: whoever has waited longest without a whole request goes.
bool make_place(ServerState& state) {
  HttpConnection* longest = nullptr;
  for (HttpConnection* const connection : state.connections) {
    const auto since = connection->waiting_since();
    if (since && (longest == nullptr || *since < longest->waiting_since())) longest = connection;
  }
  if (longest == nullptr) return false;
  longest->abort();
  state.displaced += 1;
  return true;
}

void start_connection(const std::shared_ptr<ServerState>& state, tcp::socket socket) {
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  const bool full = state->open >= state->options.max_connections && !make_place(*state);
  if (full && state->refusing >= kMostRefusing) {
    state->refused += 1;
    return;
  }
  if (!full) state->accepted += 1;
  auto connection = std::make_shared<HttpConnection>(std::move(socket), state, full);
  state->tasks.spawn("http connection", HttpConnection::serve(std::move(connection)));
}

/// Ends only with the server: an error (no file descriptor left) passes.
awaitable<void> accept_connections(std::shared_ptr<ServerState> state, std::shared_ptr<Listener> listener) {
  bool failing = false;
  while (!state->stopping) {
    error_code error;
    tcp::socket socket(listener->acceptor.get_executor());
    co_await listener->acceptor.async_accept(socket, redirect_error(use_awaitable, error));
    if (state->stopping) co_return;
    if (!error) {
      failing = false;
      start_connection(state, std::move(socket));
      continue;
    }
    if (!failing) log::warning("connections cannot be accepted, trying on", {{"error", error.message()}});
    failing = true;
    listener->pause.expires_after(kPauseAfterAcceptError);
    co_await listener->pause.async_wait(redirect_error(use_awaitable, error));
  }
}

}  // namespace

struct HttpServer::Impl {
  Impl(asio::io_context& io, ServerOptions options, Handler handler)
      : context(io),
        state(std::make_shared<ServerState>(io.get_executor(), std::move(options), std::move(handler))),
        listener(std::make_shared<Listener>(io)),
        grace_timer(io) {}

  void stop_accepting() {
    state->stopping = true;
    error_code ignored;
    listener->acceptor.close(ignored);
    listener->pause.cancel();
  }

  void abort_connections() {
    for (HttpConnection* const connection : state->connections) connection->abort();
  }

  void stop(Duration grace, std::function<void()> finished);

  asio::io_context& context;
  std::shared_ptr<ServerState> state;
  std::shared_ptr<Listener> listener;
  asio::steady_timer grace_timer;
  unsigned short port = 0;
};

void HttpServer::Impl::stop(Duration grace, std::function<void()> finished) {
  stop_accepting();
  for (HttpConnection* const connection : state->connections) connection->stop_when_idle();
  state->tasks.join(std::move(finished));
  grace_timer.expires_after(grace);
  grace_timer.async_wait([state = state](error_code error) {
    if (error) return;
    for (HttpConnection* const connection : state->connections) connection->abort();
  });
}

HttpServer::HttpServer() = default;

HttpServer::~HttpServer() {
  if (!impl_) return;
  impl_->stop_accepting();
  impl_->state->handler.reset();
  impl_->state->tasks.forget_joins();
  impl_->abort_connections();
}

Result<std::unique_ptr<HttpServer>> HttpServer::listen(Loop& loop, ServerOptions options, Handler handler) {
  error_code error;
  const auto address = asio::ip::make_address(options.address, error);
  if (error) return Error(fmt::format("{} is not an address to listen on", options.address));
  auto server = std::unique_ptr<HttpServer>(new HttpServer());
  server->impl_ = std::make_unique<Impl>(loop.impl().context, std::move(options), std::move(handler));
  Impl& impl = *server->impl_;
  const ServerOptions& given = impl.state->options;
  if (given.tls) {
    auto tls = tls_context(*given.tls);
    if (!tls) return tls.error();
    impl.state->tls.emplace(std::move(*tls));
  }
  error = open_acceptor(impl.listener->acceptor, tcp::endpoint(address, given.port));
  if (error) return Error(fmt::format("cannot listen on {} port {}: {}", given.address, given.port, error.message()));
  impl.port = impl.listener->acceptor.local_endpoint().port();
  impl.state->tasks.spawn("http listener", accept_connections(impl.state, impl.listener));
  return server;
}

unsigned short HttpServer::port() const {
  return impl_->port;
}

void HttpServer::stop(Duration grace, std::function<void()> finished) {
  impl_->stop(grace, std::move(finished));
}

HttpServer::Stats HttpServer::stats() const {
  const ServerState& state = *impl_->state;
  return {state.accepted, state.refused, state.malformed, state.open, state.displaced};
}

}  // namespace crmpulse::net
