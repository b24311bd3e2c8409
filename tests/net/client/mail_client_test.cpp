#include <catch2/catch.hpp>

#include "net/client/mail_client.h"
#include "tests/net/certificates.h"
#include "tests/net/support.h"
#include "tests/support/smtp_sink.h"

using namespace crmpulse;
using namespace crmpulse::net;
using namespace crmpulse::net::test;
using Catch::Contains;
using crmpulse::test::SmtpSink;

namespace {

const TimePoint kFuture = from_unix_millis(3'000'000'000'000);

MailRequest mail_to(const std::string& server, MailRequest::Security security = MailRequest::Security::none) {
  MailRequest request;
  request.server = server;
  request.security = security;
  request.from = "crmpulse@example.com";
  request.to = "oncall@example.com";
  request.message = "Subject: hello\r\n\r\nfirst\r\n.second begins with a dot\r\n";
  request.timeout = kPatience;
  return request;
}

ClientResponse post(MailRequest request) {
  std::promise<ClientResponse> answer;
  MailClient client;
  client.send(std::move(request), [&answer](ClientResponse response) { answer.set_value(std::move(response)); });
  return answer.get_future().get();
}

/// What the server says to `command` and what the client makes of it.
ClientResponse refused(const std::string& command, const std::string& reply) {
  SmtpSink sink;
  sink.answer(command, {reply});
  ClientResponse response = post(mail_to(sink.server()));
  CHECK(sink.mails().empty());
  return response;
}

}  // namespace

TEST_CASE("a mail arrives as it was written, dots at the beginning of lines included") {
  SmtpSink sink;
  const ClientResponse response = post(mail_to(sink.server()));
  CHECK(response.status == 250);
  CHECK_FALSE(response.failure);
  REQUIRE(sink.mails().size() == 1);
  const SmtpSink::Mail mail = sink.mails()[0];
  CHECK(mail.from == "crmpulse@example.com");
  CHECK(mail.to == "oncall@example.com");
  CHECK(mail.data == "Subject: hello\r\n\r\nfirst\r\n.second begins with a dot\r\n");
  CHECK_FALSE(mail.tls);
}

TEST_CASE("the reply that refused a mail is its status, with the server's words") {
  CHECK(refused("MAIL", "451 4.7.1 greylisted").status == 451);
  CHECK(refused("RCPT", "550 5.1.1 no such user").status == 550);
  CHECK(refused("DATA", "554 5.7.1 no").status == 554);
  const ClientResponse late = refused(".", "452 4.3.1 no room");
  CHECK(late.status == 452);
  CHECK_THAT(late.body, Contains("no room"));
  CHECK(refused("GREETING", "421 4.3.2 too busy").status == 421);
}

TEST_CASE("a connection that breaks after the text has no status: it may have been taken") {
  const ClientResponse response = refused(".", "");
  CHECK(response.status == 0);
  REQUIRE(response.failure);
  CHECK(response.failure->stage == Stage::response);
}

TEST_CASE("without STARTTLS on offer nothing is sent") {
  SmtpSink sink;
  const ClientResponse response = post(mail_to(sink.server(), MailRequest::Security::starttls));
  CHECK(response.status == 0);
  REQUIRE(response.failure);
  CHECK(response.failure->stage == Stage::tls);
  CHECK_THAT(response.failure->message, Contains("STARTTLS"));
  CHECK(sink.mails().empty());
}

TEST_CASE("over STARTTLS the name and password go, and only there") {
  CertificateStore store;
  const KeyPair authority = store.authority("ca");
  const KeyPair server = store.certificate("server", authority, "IP:127.0.0.1", kFuture);
  SmtpSink sink{{server.cert_file, server.key_file, true}};
  MailRequest request = mail_to(sink.server(), MailRequest::Security::starttls);
  request.tls.ca_file = authority.cert_file;
  request.username = "crmpulse";
  request.password = Secret{"hidden"};
  CHECK(post(request).status == 250);
  REQUIRE(sink.mails().size() == 1);
  CHECK(sink.mails()[0].tls);
  CHECK(sink.mails()[0].login == "AGNybXB1bHNlAGhpZGRlbg==");

  sink.answer("AUTH", {"535 5.7.8 wrong"});
  const ClientResponse response = post(request);
  CHECK(response.status == 535);
  CHECK(response.body.find("hidden") == std::string::npos);
}

namespace {

/// A mail with a login to a server whose AUTH offers `mechanisms`; empty: no AUTH at all.
class LoginRun {
 public:
  explicit LoginRun(std::string mechanisms)
      : authority_(store_.authority("ca")),
        server_(store_.certificate("server", authority_, "IP:127.0.0.1", kFuture)),
        sink({server_.cert_file, server_.key_file, false, std::move(mechanisms)}) {}

  ClientResponse send() {
    MailRequest request = mail_to(sink.server(), MailRequest::Security::starttls);
    request.tls.ca_file = authority_.cert_file;
    request.username = "crmpulse";
    request.password = Secret{"hidden"};
    return post(std::move(request));
  }

 private:
  CertificateStore store_;
  KeyPair authority_;
  KeyPair server_;

 public:
  SmtpSink sink;
};

}  // namespace

TEST_CASE("a login that is configured and not offered is an error, not a mail without it") {
  LoginRun none{""};
  const ClientResponse response = none.send();
  CHECK(response.status == 0);
  REQUIRE(response.failure);
  CHECK(response.failure->stage == Stage::auth);
  CHECK_THAT(response.failure->message, Contains("does not offer a login"));
  CHECK(none.sink.mails().empty());

  LoginRun foreign{"X-OURS-ONLY"};
  const ClientResponse other = foreign.send();
  REQUIRE(other.failure);
  CHECK_THAT(other.failure->message, Contains("X-OURS-ONLY"));
  CHECK(foreign.sink.mails().empty());
}

TEST_CASE("the login falls back to what both sides speak") {
  const std::string login = "LOGIN Y3JtcHVsc2U= aGlkZGVu";
  SECTION("only LOGIN is offered") {
    LoginRun run{"LOGIN"};
    CHECK(run.send().status == 250);
    REQUIRE(run.sink.mails().size() == 1);
    CHECK(run.sink.mails()[0].login == login);
  }
  SECTION("PLAIN is offered and not known when it comes to it") {
    LoginRun run{"PLAIN LOGIN"};
    run.sink.answer("AUTH", {"504 5.5.4 unrecognized authentication type"});
    CHECK(run.send().status == 250);
    REQUIRE(run.sink.mails().size() == 1);
    CHECK(run.sink.mails()[0].login == login);
  }
  SECTION("only a challenge is offered") {
    LoginRun run{"CRAM-MD5"};
    CHECK(run.send().status == 250);
    REQUIRE(run.sink.mails().size() == 1);
    CHECK(run.sink.mails()[0].login.starts_with("CRAM-MD5 "));
  }
  SECTION("a plain way is preferred to one that libcurl would try first") {
    LoginRun run{"DIGEST-MD5 NTLM PLAIN"};
    CHECK(run.send().status == 250);
    REQUIRE(run.sink.mails().size() == 1);
    CHECK(run.sink.mails()[0].login == "AGNybXB1bHNlAGhpZGRlbg==");
  }
}

TEST_CASE("a wrong password is tried once") {
  LoginRun run{"PLAIN LOGIN CRAM-MD5"};
  run.sink.answer("AUTH", {"535 5.7.8 wrong"});
  CHECK(run.send().status == 535);
  CHECK(run.sink.mails().empty());
}

TEST_CASE("a mail server with a certificate nobody vouches for gets nothing") {
  CertificateStore store;
  const KeyPair authority = store.authority("ca");
  const KeyPair server = store.certificate("server", authority, "IP:127.0.0.1", kFuture);
  SmtpSink sink{{server.cert_file, server.key_file, false}};
  const ClientResponse response = post(mail_to(sink.server(), MailRequest::Security::starttls));
  REQUIRE(response.failure);
  CHECK(response.failure->reason == Reason::certificate);
  CHECK(sink.mails().empty());
}

TEST_CASE("a mail server that refuses connections or says nothing is a failure, not a hang") {
  const ClientResponse nobody = post(mail_to("127.0.0.1:1"));
  CHECK(nobody.status == 0);
  REQUIRE(nobody.failure);
  CHECK(nobody.failure->stage == Stage::connect);

  const RawServer silent{{}};
  MailRequest request = mail_to("127.0.0.1:" + std::to_string(silent.port()));
  request.timeout = Duration{300};
  const ClientResponse late = post(request);
  REQUIRE(late.failure);
  CHECK(late.failure->reason == Reason::timeout);
}

TEST_CASE("a mail client that goes answers what is under way", "[slow]") {
  const RawServer silent{{}};
  std::promise<ClientResponse> answer;
  {
    MailClient client;
    client.send(mail_to("127.0.0.1:" + std::to_string(silent.port())),
                [&answer](ClientResponse response) { answer.set_value(std::move(response)); });
    REQUIRE(eventually([&] { return silent.accepted() == 1; }));
  }
  const ClientResponse response = answer.get_future().get();
  REQUIRE(response.failure);
  CHECK(response.failure->reason == Reason::skipped);
}
