// Receivers that track incidents themselves, and those without a layout: what they send and what they make of answers.

#include <catch2/catch.hpp>

#include <boost/json.hpp>

#include "collector/message/stored.h"
#include "net/base/crypto.h"
#include "tests/collector/delivery/delivery_bench.h"
#include "tests/collector/receivers/messages.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::test;
using namespace std::chrono_literals;
using Catch::Contains;
using Kind = Verdict::Kind;
using store::DeliveryStatus;

namespace {

const TimePoint kNow = from_unix_millis(1795252230'000);

net::ClientRequest request_of(const Receiver& receiver, const store::OutboxRow& row) {
  return std::get<net::ClientRequest>(receiver.prepare({&row, 1}, kNow));
}

boost::json::value sent(const Receiver& receiver, const std::string& type, const MessageOptions& options = {}) {
  return boost::json::parse(request_of(receiver, message(type, options)).body);
}

net::ClientResponse answer(int status, const std::string& body = "") {
  net::ClientResponse response;
  response.status = status;
  response.body = body;
  return response;
}

std::string header(const net::ClientRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.headers) {
    if (key == name) return value;
  }
  return "";
}

std::shared_ptr<const Receiver> pagerduty() {
  return receiver_from("{name: pd, type: pagerduty, routing_key_env: PATH}");
}

std::shared_ptr<const Receiver> opsgenie(const std::string& more = "") {
  return receiver_from("{name: og, type: opsgenie, api_key_env: PATH" + more + "}");
}

}  // namespace

TEST_CASE("PagerDuty: one incident a subject, triggered by what is wrong, resolved by its end") {
  const auto receiver = pagerduty();
  CHECK(request_of(*receiver, message("incident.opened")).url == "https://events.pagerduty.com/v2/enqueue");
  const boost::json::value opened = sent(*receiver, "incident.opened");
  CHECK(opened.at("event_action") == "trigger");
  CHECK(opened.at("dedup_key") == "crm/acme-sf");
  CHECK(opened.at("payload").at("severity") == "critical");
  CHECK(opened.at("payload").at("source") == "acme-sf");
  CHECK(opened.at("payload").at("component") == "salesforce");
  CHECK_THAT(std::string{opened.at("payload").at("summary").as_string()},
             Contains("POOR") && Contains("4.13 s (poor from 3 s)"));
  CHECK_THAT(std::string{opened.at("links").at(0).at("href").as_string()}, Contains("https://"));
  for (const char* type : {"incident.escalated", "incident.improved", "incident.reminder", "incident.flapping"}) {
    INFO(type);
    CHECK(sent(*receiver, type).at("event_action") == "trigger");
    CHECK(sent(*receiver, type).at("dedup_key") == "crm/acme-sf");
  }
  CHECK(sent(*receiver, "incident.improved").at("payload").at("severity") == "warning");
  CHECK(sent(*receiver, "incident.flapping").at("payload").at("severity") == "warning");
  const boost::json::value resolved = sent(*receiver, "incident.resolved");
  CHECK(resolved.at("event_action") == "resolve");
  CHECK(resolved.at("dedup_key") == "crm/acme-sf");
  CHECK(resolved.as_object().if_contains("payload") == nullptr);
  CHECK(sent(*receiver, "agent.returned").at("event_action") == "resolve");
  CHECK(sent(*receiver, "vendor.recovered").at("event_action") == "resolve");
}

namespace {

/// An acknowledged message as the collector queues it.
store::OutboxRow acknowledged(const std::string& by) {
  store::OutboxRow row = message("incident.acknowledged");
  Message told = read_message(row);
  told.acked_by = by;
  row.body = stored_message(told);
  return row;
}

net::HttpRequest webhook(std::vector<std::pair<std::string, std::string>> headers, std::string body) {
  net::HttpRequest request;
  request.method = "POST";
  request.headers = std::move(headers);
  request.body = std::move(body);
  return request;
}

}  // namespace

TEST_CASE("PagerDuty: an acknowledgement is its own event on the same key, without a payload") {
  const boost::json::value event = boost::json::parse(request_of(*pagerduty(), acknowledged("ana")).body);
  CHECK(event.at("event_action") == "acknowledge");
  CHECK(event.at("dedup_key") == "crm/acme-sf");
  CHECK(event.as_object().if_contains("payload") == nullptr);
}

TEST_CASE("Opsgenie: an acknowledgement names who made it") {
  const net::ClientRequest request = request_of(*opsgenie(), acknowledged("ana"));
  CHECK(request.method == "POST");
  CHECK(request.url == "https://api.opsgenie.com/v2/alerts/crm%2Facme-sf/acknowledge?identifierType=alias");
  const boost::json::value body = boost::json::parse(request.body);
  CHECK(body.at("user") == "ana");
  CHECK(body.at("source") == "crmpulse");
}

TEST_CASE("PagerDuty: its webhook counts when it is signed, and only what a person acknowledged") {
  const TempDir secrets;
  const std::string secret = secrets.write("secret", "a-secret-of-theirs");
  const auto receiver =
      receiver_from("{name: pd, type: pagerduty, routing_key_env: PATH, webhook_secret_file: \"" + secret + "\"}");
  const std::string body =
      R"({"event":{"id":"E1","event_type":"incident.acknowledged","occurred_at":"2026-11-21T09:12:00.123Z",)"
      R"("agent":{"summary":"Ana","type":"user_reference"},"data":{"incident_key":"crm/acme-sf"}}})";
  const std::string right = "v1=" + net::hex(net::hmac_sha256("a-secret-of-theirs", body));
  const auto read = [&](const std::string& signature, const std::string& text) {
    return receiver->read_callback(webhook({{"X-PagerDuty-Signature", signature}}, text)).value();
  };
  for (const std::string& signature : {right, "v1=00," + right, right + ", v1=00"}) {
    INFO(signature);
    const Callback callback = read(signature, body);
    CHECK(callback.kind == Callback::Kind::acknowledged);
    CHECK(callback.id == "E1");
    CHECK(callback.key == "crm/acme-sf");
    CHECK(callback.author == "Ana");
    CHECK(callback.at == parse_time("2026-11-21T09:12:00.123Z").value());
  }
  for (const std::string& signature :
       {std::string{}, std::string{"v1="}, right.substr(3), right + "0", "v2=" + right.substr(3)})
    CHECK(read(signature, body).kind == Callback::Kind::refused);
  CHECK(read(right, body + " ").kind == Callback::Kind::refused);
  const auto signed_kind = [&](const std::string& text) {
    return read("v1=" + net::hex(net::hmac_sha256("a-secret-of-theirs", text)), text).kind;
  };
  CHECK(signed_kind("not json") == Callback::Kind::ignored);
  CHECK(signed_kind(R"({"event":{"event_type":"pagey.ping"}})") == Callback::Kind::ignored);
  CHECK(signed_kind(R"({"event":{"event_type":"incident.resolved"}})") == Callback::Kind::ignored);
  // Ours, which comes back.
  CHECK(signed_kind(
            R"({"event":{"event_type":"incident.acknowledged","agent":{"type":"inbound_integration_reference"}}})") ==
        Callback::Kind::ignored);
  CHECK_FALSE(pagerduty()->read_callback(webhook({{"X-PagerDuty-Signature", right}}, body)).has_value());
}

TEST_CASE("Opsgenie: its webhook counts when it shows the secret, and ours does not come back") {
  const TempDir secrets;
  const auto receiver = opsgenie(", webhook_secret_file: \"" + secrets.write("secret", "a-secret-of-ours") + "\"");
  const std::string body =
      R"({"action":"Acknowledge","source":{"name":"web","type":"API"},"alert":{"alertId":"a-1","alias":"crm/acme-sf",)"
      R"("username":"ana@example.com","updatedAt":1795252230123000000}})";
  const auto read = [&](const std::string& header, const std::string& text) {
    return receiver->read_callback(webhook({{"Authorization", header}}, text)).value();
  };
  const Callback callback = read("Bearer a-secret-of-ours", body);
  CHECK(callback.kind == Callback::Kind::acknowledged);
  CHECK(callback.key == "crm/acme-sf");
  CHECK(callback.author == "ana@example.com");
  CHECK(callback.at == from_unix_millis(1795252230123));
  for (const char* wrong : {"", "Bearer ", "Bearer a-secret-of-our", "Bearer a-secret-of-ours ", "a-secret-of-ours"})
    CHECK(read(wrong, body).kind == Callback::Kind::refused);
  CHECK(read("Bearer a-secret-of-ours", R"({"action":"Close","alert":{"alias":"crm/acme-sf"}})").kind ==
        Callback::Kind::ignored);
  CHECK(read("Bearer a-secret-of-ours", R"({"action":"Acknowledge","source":{"name":"crmpulse"},"alert":{}})").kind ==
        Callback::Kind::ignored);
  CHECK_FALSE(opsgenie()->read_callback(webhook({}, body)).has_value());
}

TEST_CASE("PagerDuty: limits of summary and key, severity of missing data") {
  const auto receiver = pagerduty();
  std::string endless(5000, 'x');
  store::OutboxRow row = message("incident.opened", {.crm = endless, .long_text = endless});
  row.dedup_key = "crm/" + endless;
  const boost::json::value event = boost::json::parse(request_of(*receiver, row).body);
  CHECK(event.at("payload").at("summary").as_string().size() <= 1024);
  CHECK(event.at("dedup_key").as_string().size() <= 255);
  row = message("incident.opened");
  row.body = R"({"type":"incident.opened","crm":"a","state":"sub_healthy","data_status":"no_data"})";
  CHECK(boost::json::parse(request_of(*receiver, row).body).at("payload").at("severity") == "error");
}

TEST_CASE("PagerDuty: only its own 202 counts, a 400 is final") {
  const auto receiver = pagerduty();
  CHECK(receiver->classify(answer(202), 1, kNow).kind == Kind::delivered);
  CHECK(receiver->classify(answer(200), 1, kNow).kind == Kind::retry);
  CHECK(receiver->classify(answer(400, R"({"status":"invalid event","errors":[]})"), 1, kNow).kind == Kind::dead);
  CHECK(receiver->classify(answer(400, "<html>"), 99, kNow).kind == Kind::retry);
  CHECK(receiver->classify(answer(429), 99, kNow).kind == Kind::retry);
}

TEST_CASE("Opsgenie: create, change the priority, close, all by our alias") {
  const auto receiver = opsgenie(", teams: [crm-ops]");
  const net::ClientRequest create = request_of(*receiver, message("incident.opened"));
  CHECK(create.method == "POST");
  CHECK(create.url == "https://api.opsgenie.com/v2/alerts");
  CHECK(header(create, "Authorization").starts_with("GenieKey "));
  const boost::json::value alert = boost::json::parse(create.body);
  CHECK(alert.at("alias") == "crm/acme-sf");
  CHECK(alert.at("priority") == "P1");
  CHECK(alert.at("responders").at(0).at("name") == "crm-ops");
  CHECK_THAT(std::string{alert.at("description").as_string()}, Contains("Lightning Usage App"));

  const net::ClientRequest better = request_of(*receiver, message("incident.improved"));
  CHECK(better.method == "PUT");
  CHECK(better.url == "https://api.opsgenie.com/v2/alerts/crm%2Facme-sf/priority?identifierType=alias");
  CHECK(boost::json::parse(better.body).at("priority") == "P3");

  const net::ClientRequest close = request_of(*receiver, message("incident.resolved"));
  CHECK(close.method == "POST");
  CHECK(close.url == "https://api.opsgenie.com/v2/alerts/crm%2Facme-sf/close?identifierType=alias");

  const auto jsm = opsgenie(", url: \"https://api.atlassian.com/jsm/ops/integration/v2/alerts/\"");
  CHECK(request_of(*jsm, message("test")).url == "https://api.atlassian.com/jsm/ops/integration/v2/alerts");
}

TEST_CASE("Opsgenie: limits of message and description") {
  std::string endless;
  while (endless.size() < 30'000) endless += "数据库响应缓慢 ";
  const boost::json::value alert = sent(*opsgenie(), "incident.opened", {.crm = endless, .long_text = endless});
  CHECK(alert.at("message").as_string().size() <= 130);
  CHECK(alert.at("description").as_string().size() <= 15'000);
}

TEST_CASE("Opsgenie: accepted is not delivered, the request's own status is") {
  const auto receiver = opsgenie();
  const auto question =
      receiver->confirm(answer(202, R"({"result":"Request will be processed","requestId":"43a2-9"})"));
  REQUIRE(question.has_value());
  CHECK(question->method == "GET");
  CHECK(question->url == "https://api.opsgenie.com/v2/alerts/requests/43a2-9");
  CHECK_FALSE(receiver->confirm(answer(202, "nonsense")).has_value());
  const auto verdict = [&](int status, const std::string& body) {
    return receiver->classify_confirmation(answer(status, body), 1, kNow).kind;
  };
  CHECK(verdict(200, R"({"data":{"isSuccess":true,"status":"Created alert"}})") == Kind::delivered);
  CHECK(verdict(200, R"({"data":{"isSuccess":false,"status":"Alert does not exist"}})") == Kind::delivered);
  CHECK(verdict(200, R"({"data":{"isSuccess":false,"status":"Responder not found"}})") == Kind::dead);
  CHECK(verdict(404, R"({"message":"Request not found. It might not be processed, yet."})") == Kind::retry);
  CHECK(verdict(503, "") == Kind::retry);
  CHECK(verdict(200, "{}") == Kind::retry);
  const std::string own = R"({"message":"Key format is not valid!","requestId":"r7"})";
  for (const int status : {401, 403, 422}) {
    CHECK(receiver->classify(answer(status, own), 1, kNow).kind == Kind::dead);
    CHECK(receiver->classify(answer(status, "<html>"), 99, kNow).kind == Kind::retry);
  }
}

TEST_CASE("Opsgenie as it behaves: 202, not looked at yet, then refused") {
  const auto json = [](int status, const std::string& body) {
    return net::HttpResponse{status, {{"Content-Type", "application/json"}}, body};
  };
  Sink sink{{json(202, R"({"requestId":"r1"})"), json(404, "{}"),
             json(200, R"({"data":{"isSuccess":false,"status":"Team not found"}})")}};
  const auto receiver = opsgenie(", url: \"" + sink.url() + "\"");
  DeliveryBench bench{{DeliveryBench::named("og", receiver)}};
  bench.tell({bench.row("og", "crm/a", 1, "incident.opened", message("incident.opened").body)});
  REQUIRE(eventually([&] { return sink.requests().size() == 2; }));
  REQUIRE(eventually([&] {
    bench.advance(1s);
    return bench.count(DeliveryStatus::dead) == 1;
  }));
  CHECK_THAT(bench.rows(DeliveryStatus::dead)[0].last_error, Contains("Team not found"));
  CHECK(sink.requests().size() == 3);
}

TEST_CASE("CloudEvents: the message in its envelope, signed over the bytes that go") {
  const auto receiver = receiver_from(
      "{name: ce, type: cloudevents, url: \"https://example.com/events\", source: /crmpulse/eu1, token_env: PATH}");
  const store::OutboxRow row = message("incident.opened");
  const net::ClientRequest request = request_of(*receiver, row);
  CHECK(header(request, "Content-Type").starts_with("application/cloudevents+json"));
  CHECK(header(request, "Authorization").starts_with("Bearer "));
  CHECK(header(request, "webhook-signature").empty());
  const boost::json::value event = boost::json::parse(request.body);
  CHECK(event.at("specversion") == "1.0");
  CHECK(event.at("id").as_string() == row.id);
  CHECK(event.at("source") == "/crmpulse/eu1");
  CHECK(event.at("type") == "crmpulse.incident.opened");
  CHECK(event.at("subject").as_string() == row.dedup_key);
  CHECK(event.at("time").as_string() == format_time(row.created));
  const auto webhook = receiver_from(R"({name: hook, type: webhook, url: "https://example.com/"})");
  CHECK(event.at("data") == boost::json::parse(request_of(*webhook, row).body));
  CHECK(receiver->classify(answer(415), 1, kNow).kind == Kind::dead);
  CHECK(receiver->classify(answer(410), 1, kNow).gone);

  const TempDir secrets;
  const std::string secret = secrets.write("secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  const auto with_secret =
      receiver_from("{name: ce, type: cloudevents, url: \"https://example.com/\", secret_file: \"" + secret + "\"}");
  const net::ClientRequest both = request_of(*with_secret, row);
  const std::string stamp = std::to_string(unix_millis(kNow) / 1000);
  const std::string key = *net::base64_decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  CHECK(header(both, "webhook-signature") ==
        "v1," + net::base64_encode(net::hmac_sha256(key, row.id + "." + stamp + "." + both.body)));
}

TEST_CASE("Zapier gets flat fields, the same in every message, IFTTT its three values") {
  const auto zapier = receiver_from("{name: z, type: zapier, url: \"https://example.com/hooks\"}");
  const boost::json::object known = sent(*zapier, "test").as_object();
  for (const std::string& type : message_types()) {
    INFO(type);
    const boost::json::object fields = sent(*zapier, type).as_object();
    CHECK(fields.size() == known.size());
    for (const auto& [name, value] : fields) {
      CHECK(known.contains(name));
      CHECK(value.is_string());
    }
  }
  const boost::json::object opened = sent(*zapier, "incident.opened").as_object();
  CHECK(opened.at("crm") == "acme-sf");
  CHECK(opened.at("level") == "poor");
  CHECK_THAT(std::string{opened.at("value").as_string()}, Contains("4.13 s"));

  const auto ifttt = receiver_from("{name: i, type: ifttt, url: \"https://example.com/trigger\"}");
  const store::OutboxRow row = message("incident.opened");
  const boost::json::object values = boost::json::parse(request_of(*ifttt, row).body).as_object();
  CHECK(values.size() == 3);
  CHECK(values.at("value3").as_string() == row.id);
  const std::string own = R"({"errors":[{"message":"You sent an invalid key."}]})";
  CHECK(ifttt->classify(answer(401, own), 1, kNow).kind == Kind::dead);
  CHECK(ifttt->classify(answer(401), 99, kNow).kind == Kind::retry);
  CHECK(zapier->classify(answer(401), 1, kNow).kind == Kind::retry);
}
