#include "tests/support/smtp_sink.h"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string_view>

namespace crmpulse::test {
namespace {

struct SslDelete {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};

std::string between(const std::string& line) {
  const auto open = line.find('<');
  const auto close = line.find('>', open);
  return open == std::string::npos || close == std::string::npos ? "" : line.substr(open + 1, close - open - 1);
}

}  // namespace

/// One connection, from greeting to its end.
class SmtpSink::Conversation {
 public:
  Conversation(SmtpSink& sink, int fd) : sink_(sink), fd_(fd) {}

  void hold() {
    if (!reply("GREETING", "220 sink ESMTP")) return;
    while (const std::optional<std::string> line = read_line()) {
      if (!obey(*line)) return;
    }
  }

 private:
  bool obey(const std::string& line) {
    const std::string verb = line.substr(0, line.find(' '));
    if (verb == "EHLO") return say(greeting());
    if (verb == "STARTTLS") return say("220 go ahead") && secure();
    if (verb == "AUTH") return authenticate(line);
    if (verb == "MAIL") {
      mail_.from = between(line);
      return reply(verb, "250 ok");
    }
    if (verb == "RCPT") {
      mail_.to = between(line);
      return reply(verb, "250 ok");
    }
    if (verb == "DATA") return take_data();
    if (verb == "QUIT") return say("221 bye") && false;
    return say("250 ok");
  }

  std::string greeting() const {
    std::string text = "250-sink\r\n";
    if (!sink_.options_.cert_file.empty() && !ssl_) text += "250-STARTTLS\r\n";
    if (sink_.options_.login) text += "250-AUTH PLAIN\r\n";
    if (!sink_.options_.mechanisms.empty()) text += "250-AUTH " + sink_.options_.mechanisms + "\r\n";
    return text + "250 8BITMIME";
  }

  bool authenticate(const std::string& line) {
    constexpr std::string_view kPlain = "AUTH PLAIN ";
    if (line.starts_with("AUTH LOGIN")) {
      mail_.login = "LOGIN";
      for (int part = line.size() > 11 ? 1 : 0; part < 2; ++part) {
        if (!say("334 ")) return false;
        mail_.login += " " + read_line().value_or("");
      }
    } else if (line.starts_with("AUTH CRAM-MD5")) {
      if (!say("334 PDE+")) return false;
      mail_.login = "CRAM-MD5 " + read_line().value_or("");
    } else if (line.starts_with(kPlain)) {
      mail_.login = line.substr(kPlain.size());
    } else {
      if (!say("334 ")) return false;
      mail_.login = read_line().value_or("");
    }
    return reply("AUTH", "235 welcome");
  }

  bool take_data() {
    std::string scripted;
    const bool other = sink_.scripted("DATA", scripted);
    if (other) return !scripted.empty() && say(scripted);
    if (!say("354 go on")) return false;
    mail_.data.clear();
    while (const std::optional<std::string> line = read_line()) {
      if (*line == ".") {
        std::string refused;
        const bool takes = !sink_.scripted(".", refused);
        if (takes) {
          mail_.tls = ssl_ != nullptr;
          const std::lock_guard lock{sink_.mutex_};
          sink_.mails_.push_back(mail_);
        }
        return takes ? say("250 taken") : !refused.empty() && say(refused);
      }
      mail_.data += (line->starts_with("..") ? line->substr(1) : *line) + "\r\n";
    }
    return false;
  }

  bool secure() {
    context_.reset(SSL_CTX_new(TLS_server_method()));
    if (SSL_CTX_use_certificate_chain_file(context_.get(), sink_.options_.cert_file.c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(context_.get(), sink_.options_.key_file.c_str(), SSL_FILETYPE_PEM) != 1)
      return false;
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), fd_);
    return SSL_accept(ssl_.get()) == 1;
  }

  bool reply(const std::string& command, const std::string& friendly) {
    std::string text = friendly;
    if (sink_.scripted(command, text) && text.empty()) return false;
    return say(text);
  }

  bool say(const std::string& text) const {
    const std::string line = text + "\r\n";
    const auto size = static_cast<int>(line.size());
    if (ssl_) return SSL_write(ssl_.get(), line.data(), size) == size;
    return ::send(fd_, line.data(), line.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(line.size());
  }

  std::optional<std::string> read_line() {
    while (true) {
      const auto end = heard_.find("\r\n");
      if (end != std::string::npos) {
        std::string line = heard_.substr(0, end);
        heard_.erase(0, end + 2);
        return line;
      }
      char buffer[4096];
      const auto got = ssl_ ? SSL_read(ssl_.get(), buffer, sizeof buffer) : ::recv(fd_, buffer, sizeof buffer, 0);
      if (got <= 0) return std::nullopt;
      heard_.append(buffer, static_cast<std::size_t>(got));
    }
  }

  SmtpSink& sink_;
  int fd_;
  std::unique_ptr<SSL_CTX, SslDelete> context_;
  std::unique_ptr<SSL, SslDelete> ssl_;
  std::string heard_;
  Mail mail_;
};

SmtpSink::SmtpSink(Options options) : options_(std::move(options)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 || ::listen(listener_, 16) != 0 ||
      ::pipe(wake_) != 0)
    throw std::runtime_error("cannot listen");
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

SmtpSink::~SmtpSink() {
  const char byte = 0;
  if (::write(wake_[1], &byte, 1) != 1) std::abort();
  thread_.join();
  for (const int fd : {listener_, wake_[0], wake_[1]}) ::close(fd);
}

void SmtpSink::serve() {
  while (true) {
    pollfd ready[2] = {{listener_, POLLIN, 0}, {wake_[0], POLLIN, 0}};
    ::poll(ready, 2, -1);
    if (ready[1].revents != 0) return;
    const int fd = ::accept(listener_, nullptr, nullptr);
    if (fd < 0) continue;
    Conversation{*this, fd}.hold();
    ::close(fd);
  }
}

std::vector<SmtpSink::Mail> SmtpSink::mails() const {
  const std::lock_guard lock{mutex_};
  return mails_;
}

void SmtpSink::answer(const std::string& command, std::deque<std::string> replies) {
  const std::lock_guard lock{mutex_};
  script_[command] = std::move(replies);
}

bool SmtpSink::scripted(const std::string& command, std::string& reply) {
  const std::lock_guard lock{mutex_};
  std::deque<std::string>& replies = script_[command];
  if (replies.empty()) return false;
  reply = replies.front();
  replies.pop_front();
  return true;
}

}  // namespace crmpulse::test
