#include "net/client/mail_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "core/text/ascii.h"
#include "net/client/transfer_loop.h"

namespace crmpulse::net {
namespace {

/// libcurl sees that a server has said nothing for too long only when it is called.
constexpr Duration kLook{1000};
/// QUIT is waited for on the thread that all mails share.
constexpr long kReplySeconds = 20;
constexpr std::size_t kMaxReply = 500;
/// Ways to log in, in the order they are tried; over TLS the plain ones work everywhere. The last is whatever libcurl
/// and the server both speak.
constexpr std::array<std::string_view, 3> kLogins{"PLAIN", "LOGIN", "*"};

class Mail final : public Transfer {
 public:
  Mail(MailRequest request, HttpClient::Callback callback)
      : Transfer(std::move(callback)), request_(std::move(request)), deadline_(Clock::now() + request_.timeout) {}
  /// Each mail has a connection of its own, to the same server for many.
  [[nodiscard]] std::string way() const override { return {}; }
  [[nodiscard]] Clock::time_point deadline() const override { return deadline_; }
  [[nodiscard]] std::optional<Duration> next_look() const override { return kLook; }
  /// nullopt: this way of logging in is not the server's, and another is left.
  [[nodiscard]] std::optional<ClientResponse> finish(CURLcode code) override;

 private:
  void set_options() override;
  static std::size_t on_read(char* buffer, std::size_t size, std::size_t count, void* self);
  static std::size_t on_reply(char* data, std::size_t size, std::size_t count, void* self);
  [[nodiscard]] bool turn_to_next_login(CURLcode code);
  void set_security();
  void set_envelope();
  void heed_login(std::string_view line);
  /// The server offers no login that may be used; none was tried.
  [[nodiscard]] bool no_login(CURLcode code) const {
    return held_back_ || (code == CURLE_LOGIN_DENIED && needs_login() && refusing_code() == 0);
  }
  [[nodiscard]] bool needs_login() const { return !request_.username.empty() && !logged_in_; }
  [[nodiscard]] bool offered(std::string_view mechanism) const;
  [[nodiscard]] int refusing_code() const;
  [[nodiscard]] Failure failure_of(CURLcode code) const;
  [[nodiscard]] Failure timeout() const;

  MailRequest request_;
  Clock::time_point deadline_;  ///< of this way of logging in
  std::unique_ptr<curl_slist, CurlDelete> recipients_;
  std::string from_;
  std::size_t sent_ = 0;
  std::string reply_;       ///< the server's newest line; the client's answers to challenges never pass here
  std::string mechanisms_;  ///< what the server's AUTH offers, in capitals with a blank around each; empty: nothing
  std::size_t login_ = 0;   ///< of kLogins
  bool logged_in_ = false;
  bool held_back_ = false;  ///< the server would have taken the mail without the login that is configured
};

void Mail::set_options() {
  deadline_ = Clock::now() + request_.timeout;
  sent_ = 0;
  reply_.clear();
  mechanisms_.clear();
  logged_in_ = held_back_ = false;
  CURL* const handle = easy_.get();
  const std::string scheme = request_.security == MailRequest::Security::tls ? "smtps" : "smtp";
  const std::string url = fmt::format("{}://{}", scheme, request_.server);
  const long timeout = static_cast<long>(std::max<Duration::rep>(request_.timeout.count(), 1));
  curl_easy_setopt(handle, CURLOPT_PRIVATE, this);
  curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, timeout);
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, timeout);
  curl_easy_setopt(handle, CURLOPT_SERVER_RESPONSE_TIMEOUT, kReplySeconds);
  // Mail servers stand inside; a proxy of the environment is meant for the web.
  curl_easy_setopt(handle, CURLOPT_PROXY, "");
  // A mail in some minutes: a kept connection would only time out at the server.
  curl_easy_setopt(handle, CURLOPT_FRESH_CONNECT, 1L);
  curl_easy_setopt(handle, CURLOPT_FORBID_REUSE, 1L);
  set_security();
  set_envelope();
}

void Mail::set_security() {
  CURL* const handle = easy_.get();
  const bool starttls = request_.security == MailRequest::Security::starttls;
  curl_easy_setopt(handle, CURLOPT_USE_SSL, static_cast<long>(starttls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
  set_tls(request_.tls);
  if (request_.username.empty()) return;
  curl_easy_setopt(handle, CURLOPT_USERNAME, request_.username.c_str());
  curl_easy_setopt(handle, CURLOPT_PASSWORD, request_.password.reveal().c_str());
  curl_easy_setopt(handle, CURLOPT_LOGIN_OPTIONS, fmt::format("AUTH={}", kLogins.at(login_)).c_str());
}

void Mail::set_envelope() {
  CURL* const handle = easy_.get();
  from_ = "<" + request_.from + ">";
  recipients_.reset(curl_slist_append(nullptr, ("<" + request_.to + ">").c_str()));
  curl_easy_setopt(handle, CURLOPT_MAIL_FROM, from_.c_str());
  curl_easy_setopt(handle, CURLOPT_MAIL_RCPT, recipients_.get());
  curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(handle, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request_.message.size()));
  curl_easy_setopt(handle, CURLOPT_READFUNCTION, &Mail::on_read);
  curl_easy_setopt(handle, CURLOPT_READDATA, this);
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, &Mail::on_reply);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, this);
}

std::size_t Mail::on_read(char* buffer, std::size_t size, std::size_t count, void* self) {
  Mail& mail = *static_cast<Mail*>(self);
  // libcurl goes on without a login when the server offers none that it may use.
  if (mail.needs_login()) {
    mail.held_back_ = true;
    return CURL_READFUNC_ABORT;
  }
  const std::size_t bytes = std::min(size * count, mail.request_.message.size() - mail.sent_);
  std::memcpy(buffer, mail.request_.message.data() + mail.sent_, bytes);
  mail.sent_ += bytes;
  return bytes;
}

std::size_t Mail::on_reply(char* data, std::size_t size, std::size_t count, void* self) {
  const std::string_view line{data, size * count};
  Mail& mail = *static_cast<Mail*>(self);
  mail.heed_login(line);
  // The answer to QUIT decides nothing.
  if (!line.starts_with("221")) mail.reply_ = std::string{line.substr(0, kMaxReply)};
  return line.size();
}

/// RFC 4954: `250-AUTH PLAIN LOGIN` in the answer to EHLO (some write `AUTH=`), 235 when the login is accepted.
void Mail::heed_login(std::string_view line) {
  if (line.starts_with("235")) logged_in_ = true;
  if (line.size() < 9 || !line.starts_with("250")) return;
  std::string text{line.substr(4, kMaxReply)};
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    if (c == '\r' || c == '\n' || c == '=') return ' ';
    return ascii::upper(c);
  });
  if (text.starts_with("AUTH ")) mechanisms_ = text.substr(4) + ' ';
}

bool Mail::offered(std::string_view mechanism) const {
  return mechanism == "*" || mechanisms_.find(fmt::format(" {} ", mechanism)) != std::string::npos;
}

bool Mail::turn_to_next_login(CURLcode code) {
  if (!needs_login() || mechanisms_.empty()) return false;
  const int refused = refusing_code();
  // 500 to 504: the command or its argument is not known; 534 and 538: too weak, or not this way.
  const bool not_this_way =
      no_login(code) ||
      (code == CURLE_LOGIN_DENIED && ((refused >= 500 && refused <= 504) || refused == 534 || refused == 538));
  if (!not_this_way) return false;
  for (++login_; login_ < kLogins.size(); ++login_) {
    if (offered(kLogins.at(login_))) return true;
  }
  return false;
}

/// Its code, when the newest reply refused something.
int Mail::refusing_code() const {
  const bool refused = reply_.size() >= 3 && (reply_[0] == '4' || reply_[0] == '5') &&
                       std::all_of(reply_.begin(), reply_.begin() + 3, [](char c) { return c >= '0' && c <= '9'; });
  return refused ? std::atoi(reply_.substr(0, 3).c_str()) : 0;
}

std::optional<ClientResponse> Mail::finish(CURLcode code) {
  if (turn_to_next_login(code)) return std::nullopt;
  ClientResponse response;
  if (code == CURLE_OK) {
    response.status = 250;
    response.body = one_line(reply_);
    return response;
  }
  if (no_login(code)) {
    const std::string& peer = request_.server;
    response.failure = Failure{
        Stage::auth, Reason::credentials,
        one_line(mechanisms_.empty()
                     ? fmt::format("{} does not offer a login (AUTH), but one is configured; nothing was sent", peer)
                     : fmt::format("{} offers the logins{}and none of them can be used; nothing was sent", peer,
                                   mechanisms_))};
    return response;
  }
  // A connection that broke after a friendly reply does not count as a refusal.
  if (const int refused = refusing_code(); refused != 0 && code != CURLE_OPERATION_TIMEDOUT) {
    response.status = refused;
    response.body = one_line(reply_);
    return response;
  }
  response.failure = failure_of(code);
  return response;
}

Failure Mail::timeout() const {
  const auto passed = [this](CURLINFO phase) {
    curl_off_t microseconds = 0;
    curl_easy_getinfo(easy_.get(), phase, &microseconds);
    return microseconds > 0;
  };
  const std::string within = fmt::format("within {}", format_duration(request_.timeout));
  if (!passed(CURLINFO_NAMELOOKUP_TIME_T))
    return {Stage::resolve, Reason::timeout, fmt::format("the name of {} did not resolve {}", request_.server, within)};
  if (!passed(CURLINFO_CONNECT_TIME_T))
    return {Stage::connect, Reason::timeout, fmt::format("no connection to {} {}", request_.server, within)};
  return {Stage::response, Reason::timeout, fmt::format("{} did not take the mail {}", request_.server, within)};
}

Failure Mail::failure_of(CURLcode code) const {
  const std::string& peer = request_.server;
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT: return timeout();
    case CURLE_COULDNT_RESOLVE_HOST:
      return {Stage::resolve, Reason::unreachable, fmt::format("the name of {} does not resolve", peer)};
    case CURLE_COULDNT_CONNECT: return {Stage::connect, Reason::refused, fmt::format("no connection to {}", peer)};
    case CURLE_USE_SSL_FAILED:
      return {Stage::tls, Reason::refused, fmt::format("{} does not offer STARTTLS; nothing was sent", peer)};
    case CURLE_SSL_CONNECT_ERROR:
      return {Stage::tls, Reason::bad_content, fmt::format("{} does not complete a TLS handshake", peer)};
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
      return {Stage::tls, Reason::certificate, fmt::format("the certificate of {} is not accepted", peer)};
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
      return {Stage::tls, Reason::certificate, "the certificate files of this receiver cannot be used"};
    case CURLE_LOGIN_DENIED:
      return {Stage::auth, Reason::credentials, fmt::format("{} does not accept the name and password", peer)};
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
      return {Stage::response, Reason::unreachable, fmt::format("the connection to {} broke", peer)};
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return {Stage::response, Reason::bad_content, fmt::format("what {} says is not SMTP", peer)};
    default:
      return {Stage::request, Reason::internal, fmt::format("mail over {} failed: {}", peer, curl_easy_strerror(code))};
  }
}

}  // namespace

struct MailClient::Impl {
  TransferLoop loop{HttpClient::Options{}};
};

MailClient::MailClient() : impl_(std::make_unique<Impl>()) {}

MailClient::~MailClient() = default;

void MailClient::send(MailRequest request, HttpClient::Callback callback) {
  impl_->loop.enqueue(std::make_unique<Mail>(std::move(request), std::move(callback)));
}

}  // namespace crmpulse::net
