#include "tests/net/support.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

namespace crmpulse::net::test {
namespace {

constexpr int kPatienceMs = 20'000;

sockaddr_in loopback(unsigned short port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

/// False at the end of the other side.
bool read_more(int fd, std::string& into) {
  pollfd ready{fd, POLLIN, 0};
  if (::poll(&ready, 1, kPatienceMs) != 1) throw std::runtime_error("the other side keeps quiet");
  char bytes[65536];
  const ssize_t got = ::recv(fd, bytes, sizeof bytes, 0);
  if (got <= 0) return false;
  into.append(bytes, static_cast<std::size_t>(got));
  return true;
}

void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

}  // namespace

Served::Served(Handler handler, ServerOptions options) {
  server_ = HttpServer::listen(loop_, std::move(options), std::move(handler)).value();
  port_ = server_->port();
  thread_ = std::thread([this] { loop_.run(); });
}

Served::~Served() {
  destroy_server();
  loop_.stop();
  thread_.join();
}

void Served::on_loop(const std::function<void()>& task) {
  std::promise<void> done;
  loop_.post([&] {
    task();
    done.set_value();
  });
  done.get_future().get();
}

void Served::destroy_server() {
  on_loop([this] { server_.reset(); });
}

std::string Served::url(std::string_view path, std::string_view scheme) const {
  return std::string(scheme) + "://127.0.0.1:" + std::to_string(port_) + std::string(path);
}

Handler answering(std::string body) {
  return [body = std::move(body)](const HttpRequest&, const Respond& respond) {
    HttpResponse response;
    response.body = body;
    respond(response);
  };
}

ClientRequest get(std::string url) {
  ClientRequest request;
  request.url = std::move(url);
  request.timeout = kPatience;
  return request;
}

ClientResponse fetch(HttpClient& client, ClientRequest request) {
  std::promise<ClientResponse> answer;
  auto future = answer.get_future();
  client.send(std::move(request), [&](ClientResponse response) { answer.set_value(std::move(response)); });
  return future.get();
}

RawClient::RawClient(unsigned short port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const sockaddr_in address = loopback(port);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("cannot connect");
}

RawClient::~RawClient() {
  ::close(fd_);
}

void RawClient::say(std::string_view text) {
  write_all(fd_, text);
}

void RawClient::end_writing() {
  ::shutdown(fd_, SHUT_WR);
}

bool RawClient::hears_something() {
  pollfd ready{fd_, POLLIN, 0};
  return ::poll(&ready, 1, 5) == 1;
}

bool RawClient::hear_more() {
  return read_more(fd_, heard_);
}

std::string RawClient::hear_all() {
  while (hear_more()) {
  }
  return std::exchange(heard_, {});
}

std::string RawClient::hear_until(std::string_view text) {
  while (heard_.find(text) == std::string::npos && hear_more()) {
  }
  return std::exchange(heard_, {});
}

std::string RawClient::hear_answer() {
  while (heard_.find("\r\n\r\n") == std::string::npos)
    if (!hear_more()) return std::exchange(heard_, {});
  const std::size_t head = heard_.find("\r\n\r\n") + 4;
  const std::size_t at = heard_.find("Content-Length: ");
  const std::size_t body = at < head ? std::stoul(heard_.substr(at + 16)) : 0;
  while (heard_.size() < head + body && hear_more()) {
  }
  std::string answer = heard_.substr(0, head + body);
  heard_.erase(0, answer.size());
  return answer;
}

std::string ask(Served& served, std::string_view text) {
  RawClient client(served.port());
  client.say(text);
  return client.hear_all();
}

std::string error_code_of(const std::string& answer) {
  const std::string mark = R"({"error":{"code":")";
  const std::size_t at = answer.find(mark);
  if (at == std::string::npos) return {};
  return answer.substr(at + mark.size(), answer.find('"', at + mark.size()) - at - mark.size());
}

RawServer::RawServer(std::function<void(int)> script) : script_(std::move(script)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 || ::listen(listener_, 16) != 0 ||
      ::pipe(wake_) != 0)
    throw std::runtime_error("cannot listen");
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] {
    std::vector<int> quiet;
    for (;;) {
      pollfd ready[2] = {{listener_, POLLIN, 0}, {wake_[0], POLLIN, 0}};
      ::poll(ready, 2, -1);
      if (ready[1].revents != 0) break;
      const int fd = ::accept(listener_, nullptr, nullptr);
      if (fd < 0) continue;
      accepted_ += 1;
      if (script_) {
        script_(fd);
        ::close(fd);
      } else {
        quiet.push_back(fd);
      }
    }
    for (const int fd : quiet) ::close(fd);
  });
}

RawServer::~RawServer() {
  const char byte = 0;
  if (::write(wake_[1], &byte, 1) != 1) std::abort();
  thread_.join();
  for (const int fd : {listener_, wake_[0], wake_[1]}) ::close(fd);
}

std::string RawServer::url(std::string_view scheme) const {
  return std::string(scheme) + "://127.0.0.1:" + std::to_string(port_) + "/";
}

std::string read_until(int fd, std::string_view text) {
  std::string heard;
  while (heard.find(text) == std::string::npos && read_more(fd, heard)) {
  }
  return heard;
}

void write_to(int fd, std::string_view text) {
  write_all(fd, text);
}

void wait_for_end(int fd) {
  std::string ignored;
  while (read_more(fd, ignored)) {
  }
}

}  // namespace crmpulse::net::test
