// Mail: one recipient a receiver, so that each has a queue, a language and a dead letter of its own; a list is one
// address of a mailing list, or one receiver each.

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "collector/message/stored.h"
#include "collector/notice/plain_text.h"
#include "collector/receivers/base/receiver.h"
#include "collector/receivers/mail/message.h"
#include "collector/receivers/mail/types.h"
#include "core/failure/failure.h"
#include "net/base/crypto.h"
#include "net/base/pem.h"
#include "net/base/url.h"

namespace crmpulse::collector {
namespace {

using Security = net::MailRequest::Security;

constexpr std::size_t kMaxAddress = 254;
constexpr std::size_t kMaxSubject = 200;
/// RFC 5321 asks for half an hour between attempts; somebody waits for this one.
constexpr std::array<Duration, 4> kWaits{std::chrono::minutes{1}, std::chrono::minutes{5}, std::chrono::minutes{15},
                                         std::chrono::minutes{30}};

std::string domain_of(const std::string& address) {
  return address.substr(address.find('@') + 1);
}

class Email final : public Receiver {
 public:
  Email(net::MailRequest envelope, Audience audience)
      : envelope_(std::move(envelope)), audience_(std::move(audience)) {}

  Outgoing prepare(Batch batch, TimePoint wall) const override {
    const store::OutboxRow& row = batch.front();
    Message message = read_message(row);
    const Notice notice = notice_of(message, audience_);
    MailText mail;
    mail.from = envelope_.from;
    mail.to = envelope_.to;
    mail.subject = one_line(fmt::format("[crmpulse] {}", headline(notice, audience_.language)), kMaxSubject);
    mail.text = plain_text(notice, audience_.language);
    mail.message_id = fmt::format("{}@{}", row.id, domain_of(envelope_.from));
    // All mails of an incident stand under one another; the first of them is nobody's.
    const std::string thread = notice.incident.empty() ? row.dedup_key : notice.incident;
    mail.thread = fmt::format("{}@{}", net::hex(net::sha256(thread)).substr(0, 32), domain_of(envelope_.from));
    mail.date = wall;
    if (message.attachment) {
      Attachment& file = *message.attachment;
      mail.file = MailFile{std::move(file.name), std::move(file.media_type), std::move(file.content)};
    }
    net::MailRequest request = envelope_;
    request.message = compose_mail(mail);
    return request;
  }

  bool attaches() const override { return true; }

  Verdict classify(const net::ClientResponse& response, int /*attempts*/, TimePoint /*wall*/) const override {
    const int code = response.status;
    if (code == 0) {
      return {Verdict::Kind::retry, {}, response.failure ? response.failure->message : "no answer", false};
    }
    const std::string why = response.body.empty() ? fmt::format("SMTP {}", code)
                                                  : fmt::format("SMTP {}: {}", code, one_line(response.body, 150));
    if (code >= 200 && code < 300) return {Verdict::Kind::delivered, {}, why, false};
    // Of the recipient or the mail itself. What else is refused (the login, the whole session) may be so for an hour.
    const bool final = code >= 550 && code <= 554;
    return {final ? Verdict::Kind::dead : Verdict::Kind::retry, {}, why, false};
  }

  std::optional<Duration> retry_wait(int attempts) const override {
    const auto last = static_cast<int>(kWaits.size());
    return kWaits.at(static_cast<std::size_t>(std::clamp(attempts, 1, last) - 1));
  }

 private:
  net::MailRequest envelope_;
  Audience audience_;
};

bool is_address(const std::string& text) {
  const auto at = text.find('@');
  const bool shape = at != std::string::npos && at > 0 && at + 1 < text.size() && text.find('@', at + 1) == text.npos;
  const auto usable = [](char c) {
    return c > 32 && c < 127 && std::string_view{"<>()[],;:\\\""}.find(c) == std::string_view::npos;
  };
  return shape && text.size() <= kMaxAddress && std::all_of(text.begin(), text.end(), usable);
}

void read_mail_address(config::Reader& item, std::string_view key, std::string& out) {
  if (item.require(key, out) && !is_address(out))
    item.problem(
        key, "must be one address like oncall@example.com; for more people use a receiver each or a list's address");
}

void read_server(config::Reader& item, net::MailRequest& envelope) {
  std::size_t security = 0;
  item.get_choice("security", security, {"starttls", "tls", "none"});
  envelope.security = std::array{Security::starttls, Security::tls, Security::none}.at(security);
  if (!item.require("server", envelope.server)) return;
  const Result<net::Url> url = net::parse_url("smtp://" + envelope.server, net::Schemes::any);
  if (!url) return item.problem("server", url.error().message);
  if (url->has_login() || url->path != "/" || !url->query.empty() || !url->fragment.empty())
    return item.problem("server", "must be HOST or HOST:PORT");
  envelope.server = fmt::format("{}:{}", url->host, url->port != 0 ? url->port : std::array{587, 465, 25}.at(security));
}

void read_login(config::Reader& item, net::MailRequest& envelope) {
  const bool named = item.get("username", envelope.username);
  const bool has_password = item.get_secret("password", envelope.password, config::SecretForm::password);
  if (named && !has_password) item.missing("password_file");
  if (!named && has_password) item.missing("username");
  if (named && envelope.security == Security::none)
    item.problem("username", "a password needs security: starttls or tls");
}

}  // namespace

std::unique_ptr<Receiver> read_email(config::Reader& item, const ReceiverSettings& common) {
  const std::size_t before = item.problem_count();
  net::MailRequest envelope;
  read_server(item, envelope);
  read_login(item, envelope);
  read_mail_address(item, "from", envelope.from);
  read_mail_address(item, "to", envelope.to);
  if (item.get_path("ca_file", envelope.tls.ca_file)) {
    if (const auto fault = net::authorities_fault(envelope.tls.ca_file)) item.problem("ca_file", *fault);
  }
  if (item.problem_count() > before) return nullptr;
  return std::make_unique<Email>(std::move(envelope), common.audience());
}

}  // namespace crmpulse::collector
