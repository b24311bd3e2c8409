// `test-alert` over every kind of way: HTTP, mail, an answer that is only "accepted".

#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "collector/commands.h"
#include "tests/collector/receivers/mail_as_read.h"
#include "tests/collector/support.h"
#include "tests/support/smtp_sink.h"

using namespace crmpulse;
using namespace crmpulse::test;

namespace {

/// The exit code of `test-alert` for the one receiver of this file.
int try_out(const std::string& receiver) {
  const TempDir directory;
  directory.write("rules.yaml", kQuickRules);
  directory.write("remedies.yaml", kRemedies);
  const std::string file = directory.write(
      "collector.yaml",
      fmt::format("state_dir: {}\nrules: [rules.yaml]\nremedies: [remedies.yaml]\nreceivers:\n  - {{name: "
                  "one, {}}}\n",
                  directory.path("state"), receiver));
  return collector::test_alert(file, "one");
}

net::HttpResponse json(int status, const std::string& body) {
  return {status, {{"Content-Type", "application/json"}}, body};
}

}  // namespace

TEST_CASE("test-alert sends a mail") {
  SmtpSink sink;
  const std::string receiver =
      fmt::format("type: email, server: \"{}\", security: none, from: a@example.com, to: b@example.com", sink.server());
  CHECK(try_out(receiver) == 0);
  REQUIRE(sink.mails().size() == 1);
  CHECK(mail_header(sink.mails()[0].data, "Subject").find("test message") != std::string::npos);
  sink.answer("RCPT", {"550 5.1.1 no such user"});
  CHECK(try_out(receiver) == 1);
}

TEST_CASE("test-alert asks what became of what was only accepted") {
  Sink good{{json(202, R"({"requestId":"a"})"), json(200, R"({"data":{"isSuccess":true,"status":"Created alert"}})")}};
  CHECK(try_out(fmt::format("type: opsgenie, api_key_env: PATH, url: \"{}\"", good.url())) == 0);
  CHECK(good.requests().size() == 2);
  Sink bad{{json(202, R"({"requestId":"a"})"), json(200, R"({"data":{"isSuccess":false,"status":"No such team"}})")}};
  CHECK(try_out(fmt::format("type: opsgenie, api_key_env: PATH, url: \"{}\"", bad.url())) == 1);
}

TEST_CASE("test-alert says so when nothing was delivered, and tries a receiver that only hears of incidents") {
  Sink sink{{{500, {}, ""}}};
  CHECK(try_out(fmt::format("type: webhook, url: \"{}\"", sink.url())) == 1);
  CHECK(try_out(fmt::format("type: cloudevents, url: \"{}\"", sink.url())) == 0);
  CHECK(try_out(fmt::format("type: zapier, url: \"{}\"", sink.url())) == 0);
  CHECK(try_out(fmt::format("type: ifttt, url: \"{}\"", sink.url())) == 0);
  CHECK(try_out(fmt::format("type: alertmanager, url: \"{}\"", sink.url())) == 0);
  CHECK(sink.requests().back().path.find("/api/v2/alerts") != std::string::npos);
  CHECK(try_out(fmt::format("type: pagerduty, routing_key_env: PATH, url: \"{}\"", sink.url())) == 1);
}
