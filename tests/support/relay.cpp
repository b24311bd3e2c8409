#include "tests/support/relay.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>
#include <string_view>

namespace crmpulse::test {
namespace {

sockaddr_in address_of(const std::string& address, unsigned short port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  ::inet_pton(AF_INET, address.c_str(), &out.sin_addr);
  return out;
}

int listening(const std::string& address, unsigned short& port, int backlog) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in own = address_of(address, port);
  if (::bind(socket, reinterpret_cast<sockaddr*>(&own), sizeof own) != 0 || ::listen(socket, backlog) != 0)
    throw std::runtime_error("cannot listen on " + address);
  socklen_t size = sizeof own;
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&own), &size);
  port = ntohs(own.sin_port);
  return socket;
}

void close_with_reset(int socket) {
  const linger at_once{1, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(socket);
}

}  // namespace

Relay::Relay(unsigned short server_port) : server_port_(server_port), listener_(listening("127.0.0.1", port_, 16)) {
  thread_ = std::thread{[this] { loop(); }};
}

Relay::~Relay() {
  stop_ = true;
  thread_.join();
  for (const Pair& pair : pairs_) {
    ::close(pair.client);
    if (pair.server >= 0) ::close(pair.server);
  }
  ::close(listener_);
}

void Relay::forget() {
  const std::lock_guard lock{mutex_};
  for (Pair& pair : pairs_) pair.way = Way::forget;
}

void Relay::reset_at_next_byte() {
  const std::lock_guard lock{mutex_};
  for (Pair& pair : pairs_) pair.way = Way::reset;
}

void Relay::replace(std::string from, std::string to) {
  if (from.size() != to.size()) throw std::invalid_argument("a replacement of another length");
  const std::lock_guard lock{mutex_};
  from_ = std::move(from);
  to_ = std::move(to);
}

void Relay::lose_answer_to(std::string text) {
  const std::lock_guard lock{mutex_};
  lost_text_ = std::move(text);
}

void Relay::take_client() {
  const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0) return;
  ++connections_;
  if (forget_new_) {
    pairs_.push_back({client, -1, Way::forget});
    return;
  }
  const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to = address_of("127.0.0.1", server_port_);
  if (::connect(server, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
    ::close(server);
    ::close(client);
    return;
  }
  pairs_.push_back({client, server, Way::carry});
}

bool Relay::carry(Pair& pair, bool from_client) {
  std::array<char, 65536> bytes{};
  const ssize_t size = ::recv(from_client ? pair.client : pair.server, bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  if (pair.way == Way::forget && size > 0) return true;
  if (pair.way == Way::reset && from_client && size > 0) {
    close_with_reset(pair.client);
    ::close(pair.server);
    return false;
  }
  if (from_client && size > 0 && !from_.empty()) {
    const auto end = bytes.begin() + size;
    const auto found = std::search(bytes.begin(), end, from_.begin(), from_.end());
    if (found != end) std::copy(to_.begin(), to_.end(), found);
  }
  if (from_client && size > 0 && !lost_text_.empty() &&
      std::string_view{bytes.data(), static_cast<std::size_t>(size)}.find(lost_text_) != std::string_view::npos) {
    pair.answer_is_lost = true;
    ++lost_;
  }
  if (!from_client && pair.answer_is_lost) {
    close_with_reset(pair.client);
    ::close(pair.server);
    return false;
  }
  const int to = from_client ? pair.server : pair.client;
  if (size > 0 && ::send(to, bytes.data(), static_cast<std::size_t>(size), MSG_NOSIGNAL) == size) return true;
  ::close(pair.client);
  if (pair.server >= 0) ::close(pair.server);
  return false;
}

void Relay::loop() {
  while (!stop_) {
    std::vector<pollfd> waiting{{listener_, POLLIN, 0}};
    {
      const std::lock_guard lock{mutex_};
      for (const Pair& pair : pairs_) {
        waiting.push_back({pair.client, POLLIN, 0});
        waiting.push_back({pair.server, POLLIN, 0});
      }
    }
    if (::poll(waiting.data(), waiting.size(), 20) <= 0) continue;
    const std::lock_guard lock{mutex_};
    for (std::size_t i = (waiting.size() - 1) / 2; i-- > 0;) {
      bool open = true;
      if (waiting[1 + 2 * i].revents != 0) open = carry(pairs_[i], true);
      if (open && waiting[2 + 2 * i].revents != 0) open = carry(pairs_[i], false);
      if (!open) pairs_.erase(pairs_.begin() + static_cast<std::ptrdiff_t>(i));
    }
    if (waiting[0].revents != 0) take_client();
  }
}

SilentAddress::SilentAddress(int last_byte, unsigned short port)
    : address_("127.0.0." + std::to_string(last_byte)), port_(port) {
  sockets_.push_back(listening(address_, port_, 0));
  // Until one is left waiting: then the queue is full.
  for (int i = 0; i < 64; ++i) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockets_.push_back(socket);
    sockaddr_in to = address_of(address_, port_);
    (void)::connect(socket, reinterpret_cast<sockaddr*>(&to), sizeof to);
    pollfd waiting{socket, POLLOUT, 0};
    if (::poll(&waiting, 1, 200) == 0) return;
  }
  throw std::runtime_error("the queue of " + address_ + " does not fill");
}

SilentAddress::~SilentAddress() {
  for (const int socket : sockets_) ::close(socket);
}

}  // namespace crmpulse::test
