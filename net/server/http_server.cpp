#include "net/server/http_server.h"

#include <fmt/format.h>

#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "core/log.h"
#include "net/loop/loop_impl.h"
#include "net/server/http_connection.h"
#include "net/server/tls_server.h"

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

std::string sentence(const TlsFault& fault) {
  return fmt::format("tls: the {} {} cannot be used: {}", fault.key, fault.file, fault.why);
}

void set_tls(ServerState& state, const std::shared_ptr<LoadedTls>& tls) {
  const auto expiry = expiry_of(tls->context);
  state.certificate_expiry = expiry ? unix_millis(*expiry) : 0;
  const auto begin = begin_of(tls->context);
  state.certificate_begin = begin ? unix_millis(*begin) : 0;
  state.tls = {tls, &tls->context};
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

/// Has this client as many connections as one may have?
bool is_crowding(const ServerState& state, const std::string& client) {
  const auto counted = state.clients.find(client);
  return counted != state.clients.end() && counted->second >= state.options.max_connections_per_client;
}

void start_connection(const std::shared_ptr<ServerState>& state, tcp::socket socket) {
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  std::string client;
  if (state->options.max_connections_per_client > 0) {
    const std::string address = address_of(socket);
    if (!state->options.uncounted.contains(address)) client = client_of(address);
  }
  const bool crowding = !client.empty() && is_crowding(*state, client);
  if (crowding) state->crowded += 1;
  const bool full = !crowding && state->open >= state->options.max_connections && !make_place(*state);
  const bool refuse = full || crowding;
  if (refuse && state->refusing >= kMostRefusing) {
    if (full) state->refused += 1;
    return;
  }
  if (!refuse) state->accepted += 1;
  auto connection = std::make_shared<HttpConnection>(std::move(socket), state, refuse, full ? "" : std::move(client));
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
    if (!failing) log::warning("cannot accept connections; trying again", {{"error", error.message()}});
    failing = true;
    listener->pause.expires_after(kPauseAfterAcceptError);
    co_await listener->pause.async_wait(redirect_error(use_awaitable, error));
  }
}

}  // namespace

struct HttpServer::Impl {
  Impl(Loop& on, asio::io_context& io, ServerOptions options, Handler handler)
      : loop(on),
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

  Loop& loop;
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
  CRMPULSE_ON_LOOP(impl_->loop);
  impl_->stop_accepting();
  impl_->state->handler.reset();
  impl_->state->tasks.forget_joins();
  impl_->abort_connections();
}

Result<std::unique_ptr<HttpServer>> HttpServer::listen(Loop& loop, ServerOptions options, Handler handler) {
  CRMPULSE_ON_LOOP(loop);
  error_code error;
  const auto address = asio::ip::make_address(options.address, error);
  if (error) return Error(fmt::format("{} is not an address to listen on", options.address));
  auto server = std::unique_ptr<HttpServer>(new HttpServer());
  server->impl_ = std::make_unique<Impl>(loop, loop.impl().context, std::move(options), std::move(handler));
  Impl& impl = *server->impl_;
  const ServerOptions& given = impl.state->options;
  if (given.tls) {
    auto tls = load_tls(*given.tls);
    if (tls.has_error()) return Error(sentence(tls.error()));
    set_tls(*impl.state, *tls);
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
  CRMPULSE_ON_LOOP(impl_->loop);
  impl_->stop(grace, std::move(finished));
}

void HttpServer::replace_tls(const std::shared_ptr<LoadedTls>& tls) {
  CRMPULSE_ON_LOOP(impl_->loop);
  set_tls(*impl_->state, tls);
  for (HttpConnection* const connection : impl_->state->connections) connection->renew();
}

void HttpServer::limit_connections(int all, int per_client, Networks uncounted) {
  CRMPULSE_ON_LOOP(impl_->loop);
  ServerOptions& options = impl_->state->options;
  options.max_connections = all;
  options.max_connections_per_client = per_client;
  options.uncounted = std::move(uncounted);
}

void HttpServer::limit_memory(std::size_t arriving, std::size_t sending) {
  CRMPULSE_ON_LOOP(impl_->loop);
  impl_->state->options.max_arriving_bytes = arriving;
  impl_->state->options.max_sending_bytes = sending;
}

HttpServer::Stats HttpServer::stats() const {
  const ServerState& state = *impl_->state;
  Stats out;
  out.accepted = state.accepted;
  out.refused = state.refused;
  out.crowded = state.crowded;
  out.handshakes_failed = state.handshakes_failed;
  if (const std::int64_t expiry = state.certificate_expiry; expiry != 0)
    out.certificate_expiry = from_unix_millis(expiry);
  if (const std::int64_t begin = state.certificate_begin; begin != 0) out.certificate_begin = from_unix_millis(begin);
  out.malformed = state.malformed;
  out.open = state.open;
  out.displaced = state.displaced;
  out.arriving_bytes = state.arriving;
  out.too_slow = state.too_slow;
  return out;
}

}  // namespace crmpulse::net
