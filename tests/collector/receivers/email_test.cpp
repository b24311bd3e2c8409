#include <catch2/catch.hpp>

#include "collector/receivers/mail/message.h"
#include "tests/collector/delivery/delivery_bench.h"
#include "tests/collector/receivers/mail_as_read.h"
#include "tests/collector/receivers/messages.h"
#include "tests/support/smtp_sink.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::test;
using namespace std::chrono_literals;
using Catch::Contains;
using store::DeliveryStatus;

namespace {

const TimePoint kNow = from_unix_millis(1795252230'000);

std::shared_ptr<const Receiver> email(const std::string& more) {
  return receiver_from("{name: mail, type: email, from: crmpulse@example.com, to: oncall@example.org, " + more + "}");
}

net::MailRequest mail_of(const Receiver& receiver, const store::OutboxRow& row) {
  return std::get<net::MailRequest>(receiver.prepare({&row, 1}, kNow));
}

bool ascii_lines(const std::string& message) {
  std::size_t line = 0;
  for (std::size_t i = 0; i < message.size(); ++i) {
    const char c = message[i];
    if (c == '\n' && (i == 0 || message[i - 1] != '\r')) return false;
    if (c == '\r' && (i + 1 == message.size() || message[i + 1] != '\n')) return false;
    if (static_cast<unsigned char>(c) > 126) return false;
    line = c == '\n' ? 0 : line + 1;
    if (line > 78) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("a mail says what a message says, in ASCII lines that every server takes") {
  for (const Language language : {Language::en, Language::zh}) {
    const auto receiver =
        email(std::string{"server: mail.example.com, language: "} + (language == Language::zh ? "zh" : "en"));
    for (const std::string& type : message_types()) {
      INFO(type);
      const store::OutboxRow row = message(type, {.language = language});
      const net::MailRequest mail = mail_of(*receiver, row);
      CHECK(ascii_lines(mail.message));
      CHECK_THAT(mail_header(mail.message, "Subject"), Contains("[crmpulse] "));
      if (type != "digest") CHECK_THAT(mail_header(mail.message, "Subject"), Contains("acme-sf"));
      CHECK_THAT(mail_text(mail.message), Contains(state_words(type, language)));
    }
  }
}

TEST_CASE("the mails of an incident are a thread, and each has an id that a second attempt repeats") {
  const auto receiver = email("server: mail.example.com");
  const store::OutboxRow opened = message("incident.opened");
  store::OutboxRow resolved = message("incident.resolved");
  resolved.id = "another";
  const std::string first = mail_of(*receiver, opened).message;
  const std::string second = mail_of(*receiver, resolved).message;
  CHECK(mail_header(first, "Message-ID") == "<" + opened.id + "@example.com>");
  CHECK(first == mail_of(*receiver, opened).message);
  CHECK(mail_header(second, "Message-ID") != mail_header(first, "Message-ID"));
  CHECK(mail_header(first, "References") == mail_header(second, "References"));
  CHECK(mail_header(first, "In-Reply-To") == mail_header(first, "References"));
  CHECK_THAT(mail_header(first, "References"), Contains("@example.com>"));
  CHECK(mail_header(first, "Auto-Submitted") == "auto-generated");
  CHECK(mail_header(first, "Date") == mail_date(kNow));
}

TEST_CASE("subjects are cut between characters and carry no header of their own") {
  std::string chinese;
  for (int i = 0; i < 40; ++i) chinese += "数据库响应缓慢";
  const std::string words = encoded_words(chinese);
  CHECK_THAT(words, Contains("\r\n =?UTF-8?B?"));
  CHECK(mail_header("Subject: " + words + "\r\n\r\n", "Subject") == chinese);
  CHECK(encoded_words("plain words") == "plain words");
  CHECK(encoded_words("=?UTF-8?B?aGk=?=").starts_with("=?UTF-8?B?PT9"));
  const store::OutboxRow row = message("incident.opened", {.crm = "a\r\nBcc: everyone@example.com"});
  const std::string mail = mail_of(*email("server: mail.example.com"), row).message;
  CHECK(mail_header(mail, "Bcc").empty());
  CHECK(mail.find("\r\nBcc:") == std::string::npos);
}

TEST_CASE("dates of mails are those of RFC 5322") {
  CHECK(mail_date(from_unix_millis(1795252230'000)) == "Sat, 21 Nov 2026 09:10:30 +0000");
  CHECK(mail_date(from_unix_millis(0)) == "Thu, 1 Jan 1970 00:00:00 +0000");
}

TEST_CASE("settings of mail: ports by security, TLS unless said otherwise, one recipient") {
  const store::OutboxRow row = message("test");
  CHECK(mail_of(*email("server: mail.example.com"), row).server == "mail.example.com:587");
  CHECK(mail_of(*email("server: mail.example.com"), row).security == net::MailRequest::Security::starttls);
  CHECK(mail_of(*email("server: mail.example.com, security: tls"), row).server == "mail.example.com:465");
  CHECK(mail_of(*email("server: \"[::1]:2525\", security: none"), row).server == "[::1]:2525");
  CHECK_THROWS_WITH(email("server: mail.example.com, username: me"), Contains("password_file"));
  CHECK_THROWS_WITH(email("server: mail.example.com, security: none, username: me, password_env: PATH"),
                    Contains("starttls or tls"));
  CHECK_THROWS_WITH(email("server: \"smtp://mail.example.com/x\""), Contains("HOST:PORT"));
  CHECK_THROWS_WITH(receiver_from("{name: m, type: email, server: a, from: b@example.com, to: \"c@d.org, e@f.org\"}"),
                    Contains("one address"));
}

TEST_CASE("a mail goes out, a 4yz is tried again after a minute, a 5yz is dead and somebody else hears of it") {
  SmtpSink sink;
  Sink other;
  sink.answer("RCPT", {"451 4.7.1 come back later", "250 ok", "550 5.1.1 no such user"});
  const auto receiver = email("security: none, server: \"" + sink.server() + "\"");
  DeliveryBench bench{{DeliveryBench::named("mail", receiver),
                       DeliveryBench::named("other", std::make_shared<PlainReceiver>(other.url()))}};
  const store::OutboxRow text = message("incident.opened");
  bench.tell({bench.row("mail", "crm/acme-sf", 1, "incident.opened", text.body)});
  bench.quiet();
  CHECK(bench.count(DeliveryStatus::pending) == 1);
  bench.pass(59s);
  CHECK(sink.mails().empty());
  bench.pass(2s);
  REQUIRE(sink.mails().size() == 1);
  CHECK(sink.mails()[0].to == "oncall@example.org");
  CHECK_THAT(mail_as_read(sink.mails()[0].data), Contains("acme-sf"));
  CHECK(bench.count(DeliveryStatus::delivered) == 1);

  bench.tell({bench.row("mail", "crm/b", 1, "incident.opened", text.body)});
  REQUIRE(eventually([&] { return bench.count(DeliveryStatus::dead) == 1; }));
  CHECK_THAT(bench.rows(DeliveryStatus::dead)[0].last_error, Contains("no such user"));
  CHECK(bench.rows(DeliveryStatus::dead)[0].last_code == 550);
  CHECK(eventually([&] { return other.requests().size() == 1; }));
}

TEST_CASE("the waits of mail grow to half an hour, and a refused connection is one of them") {
  const auto receiver = email("server: mail.example.com");
  CHECK(receiver->retry_wait(1) == Duration{1min});
  CHECK(receiver->retry_wait(2) == Duration{5min});
  CHECK(receiver->retry_wait(3) == Duration{15min});
  CHECK(receiver->retry_wait(4) == Duration{30min});
  CHECK(receiver->retry_wait(40) == Duration{30min});
  net::ClientResponse silence;
  CHECK(receiver->classify(silence, 90, kNow).kind == Verdict::Kind::retry);
}
