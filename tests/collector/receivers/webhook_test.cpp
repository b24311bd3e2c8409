#include <catch2/catch.hpp>

#include "collector/delivery/retry_plan.h"
#include "collector/receivers/base/plain_http.h"
#include "collector/receivers/base/receiver.h"
#include "collector/receivers/table.h"
#include "net/base/crypto.h"
#include "tests/collector/support.h"

using namespace crmpulse;
using namespace crmpulse::collector;

namespace {

std::shared_ptr<const Receiver> webhook(const std::string& secret) {
  const test::TempDir directory;
  std::string yaml = "{name: oncall, type: webhook, url: \"https://example.com/hook\"";
  if (!secret.empty()) yaml += ", secret_file: " + directory.write("secret", secret);
  return test::receiver_from(yaml + "}");
}

net::ClientRequest attempt(const Receiver& receiver, const store::OutboxRow& row, TimePoint wall) {
  return std::get<net::ClientRequest>(receiver.prepare({&row, 1}, wall));
}

std::string header(const net::ClientRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.headers) {
    if (key == name) return value;
  }
  return "";
}

store::OutboxRow row(const std::string& id, const std::string& body) {
  store::OutboxRow made;
  made.id = id;
  made.body = body;
  return made;
}

net::ClientResponse answer(int status, const std::string& retry_after = "") {
  net::ClientResponse response;
  response.status = status;
  if (!retry_after.empty()) response.headers.emplace_back("retry-after", retry_after);
  return response;
}

}  // namespace

TEST_CASE("the webhook signs as the reference library of Standard Webhooks does") {
  const auto receiver = webhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  const auto request = attempt(*receiver, row("msg_p5jXN8AQM9LWM0D4loKWxJek", R"({"test": 2432232314})"),
                               from_unix_millis(1614265330'000));
  CHECK(header(request, "webhook-id") == "msg_p5jXN8AQM9LWM0D4loKWxJek");
  CHECK(header(request, "webhook-timestamp") == "1614265330");
  CHECK(header(request, "webhook-signature") == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST_CASE("the webhook signs non-trivial bodies with keys that are text") {
  const auto receiver = webhook("whsec_" + net::base64_encode("demo-not-a-real-secret-24b"));
  const std::string body =
      R"({"type":"health.state_changed","timestamp":"2026-01-02T03:04:05Z","data":{"crm":"acme-sf"}})";
  const auto request = attempt(*receiver, row("msg_01HDEMO", body), from_unix_millis(1767323045'000));
  CHECK(header(request, "webhook-signature") == "v1,BPQMnzsRur/cQCyYZIhygNRnP/KAPsrUshr49Wtdu6o=");
}

TEST_CASE("while secrets rotate, a message carries one signature of each") {
  const auto receiver =
      webhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\nwhsec_" + net::base64_encode("demo-not-a-real-secret-24b"));
  const auto request = attempt(*receiver, row("msg_p5jXN8AQM9LWM0D4loKWxJek", R"({"test": 2432232314})"),
                               from_unix_millis(1614265330'000));
  const std::string signatures = header(request, "webhook-signature");
  CHECK(signatures.starts_with("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v1,"));
}

TEST_CASE("without a secret nothing is signed") {
  const auto request = attempt(*webhook(""), row("a", "{}"), from_unix_millis(0));
  CHECK(header(request, "webhook-signature").empty());
  CHECK(header(request, "webhook-id") == "a");
}

TEST_CASE("what an answer of a plain endpoint means") {
  using Kind = Verdict::Kind;
  struct Case {
    int status;
    int attempts;
    Kind kind;
  };
  const auto cases = {Case{200, 1, Kind::delivered}, Case{204, 9, Kind::delivered}, Case{500, 30, Kind::retry},
                      Case{503, 1, Kind::retry},     Case{429, 9, Kind::retry},     Case{408, 9, Kind::retry},
                      Case{425, 9, Kind::retry},     Case{410, 1, Kind::dead},      Case{400, 1, Kind::retry},
                      Case{400, 3, Kind::retry},     Case{404, 9, Kind::retry},     Case{302, 1, Kind::retry},
                      Case{302, 30, Kind::retry},    Case{401, 9, Kind::retry},     Case{403, 9, Kind::retry},
                      Case{0, 50, Kind::retry}};
  for (const Case& one : cases) {
    INFO(one.status << " at attempt " << one.attempts);
    const Verdict verdict = classify_plain_http(answer(one.status), one.attempts, TimePoint{});
    CHECK(verdict.kind == one.kind);
    CHECK(verdict.gone == (one.status == 410));
  }
}

TEST_CASE("Retry-After is obeyed within a second and an hour") {
  CHECK(classify_plain_http(answer(429, "7"), 1, TimePoint{}).after == Duration{7000});
  CHECK(classify_plain_http(answer(503, "0"), 1, TimePoint{}).after == Duration{1000});
  CHECK(classify_plain_http(answer(503, "999999"), 1, TimePoint{}).after == Duration{3600'000});
  CHECK_FALSE(classify_plain_http(answer(503, "soon"), 1, TimePoint{}).after.has_value());
}

TEST_CASE("retries spread within a doubling bound, then every quarter of an hour, and end after a day") {
  RetryPlan plan{7};
  for (int i = 0; i < 200; ++i) {
    CHECK(*plan.next(1, Duration{}, {}) <= Duration{1000});
    CHECK(*plan.next(4, Duration{60'000}, {}) <= Duration{8000});
    CHECK(*plan.next(60, Duration{3500'000}, {}) <= Duration{300'000});
  }
  CHECK(plan.next(60, std::chrono::hours{2}, {}) == Duration{std::chrono::minutes{15}});
  CHECK(plan.next(1, Duration{}, Duration{7000}) == Duration{7000});
  CHECK_FALSE(plan.next(200, std::chrono::hours{24}, {}).has_value());
}

TEST_CASE("every receiver type of the table refuses settings without an address") {
  for (const ReceiverType& type : receiver_types()) {
    INFO(type.name);
    CHECK_THROWS(test::receiver_from("{name: a, type: " + std::string{type.name} + "}"));
  }
}
