// Messages in the outbox: as they are queued today, as earlier programs queued them, as later ones may.

#include "collector/message/stored.h"

#include <catch2/catch.hpp>

#include <fmt/format.h>
#include <boost/json.hpp>
#include <protozero/pbf_writer.hpp>

#include "collector/notice/notice.h"
#include "collector/receivers/table.h"
#include "collector/receivers/webhook/body.h"
#include "tests/collector/delivery/delivery_bench.h"
#include "tests/collector/receivers/messages.h"
#include "tests/collector/receivers/settings_for.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::test;

namespace {

namespace json = boost::json;

const TimePoint kNow = from_unix_millis(1795252230'000);

/// Every field is set, to nothing that is its default.
Message full_message() {
  Message message;
  message.type = Event::escalated;
  message.at = kNow;
  message.language = Language::zh;
  message.subject = "acme-sf";
  message.kind = "salesforce";
  message.state = Level::poor;
  message.previous = Level::sub_healthy;
  message.crm_state = Level::healthy;
  message.data_status = DataStatus::stale;
  message.score = 0;
  message.reason = "score";
  message.since = kNow - std::chrono::minutes{5};
  message.incident = "01JD75ZK4GWVQ2M8R3T6Y9BCDE";
  message.opened = kNow - std::chrono::hours{1};
  message.link = "https://crm-health.example.com/incidents/01JD75ZK4GWVQ2M8R3T6Y9BCDE";
  message.failing = {{"latency",
                      "latency_slow",
                      "seconds",
                      "read",
                      Level::poor,
                      DataStatus::stale,
                      4.134,
                      3.0,
                      Worse::below,
                      1.0,
                      3.0,
                      true,
                      kNow,
                      {"Look.", "请看。"},
                      "crm_operation_duration_seconds",
                      "p75"},
                     {}};
  message.fault = Fault{"vendor", "it answers slowly", "响应缓慢"};
  message.changes = {{kNow, "schema", "1", "2", "Lead", "branch-1", {"the schema changed", "数据结构已变更"}}};
  message.evidence = {"read: 503", ""};
  message.listed = {{"bolt-sf", "salesforce", Level::healthy, "01J"}, {"core-sf", "salesforce", std::nullopt, ""}};
  message.unlisted = 10;
  message.instances = {"NA45"};
  message.undelivered = "incident.opened";
  message.about = "crm/acme";
  message.why = "HTTP 500";
  message.ahead = std::chrono::hours{26};
  message.text = {"Something.", "某事。"};
  return message;
}

store::OutboxRow row_of(std::string body) {
  store::OutboxRow row;
  row.dedup_key = "crm/acme-sf";
  row.event = Event::opened;
  row.level = 2;
  row.created = kNow;
  row.body = std::move(body);
  return row;
}

std::string sent(const Receiver& receiver, const store::OutboxRow& row) {
  const Outgoing outgoing = receiver.prepare({&row, 1}, kNow);
  if (const auto* mail = std::get_if<net::MailRequest>(&outgoing)) return mail->message;
  return std::get<net::ClientRequest>(outgoing).body;
}

json::object webhook_of(const store::OutboxRow& row) {
  return json::parse(sent(*receiver_from(R"({name: hook, type: webhook, url: "https://example.com/"})"), row))
      .as_object();
}

}  // namespace

TEST_CASE("a message comes back from the outbox with every fact it was queued with") {
  const std::string body = stored_message(full_message());
  const Message read = read_message(row_of(body));
  CHECK(stored_message(read) == body);
  CHECK(webhook_body(read) == webhook_body(full_message()));
  CHECK(read.type == Event::escalated);
  CHECK(read.language == Language::zh);
  CHECK(read.score == 0.0);
  REQUIRE(read.failing.size() == 2);
  CHECK(read.failing[0].working_time);
  CHECK(read.failing[0].worse == Worse::below);
  CHECK(read.failing[0].metric == "crm_operation_duration_seconds");
  CHECK(read.failing[0].aggregator == "p75");
  CHECK_FALSE(read.failing[1].value.has_value());
  CHECK(read.changes.at(0).agent == "branch-1");
  CHECK(read.evidence == std::vector<std::string>{"read: 503", ""});
  CHECK_FALSE(read.listed.at(1).state.has_value());
  CHECK(read.ahead == std::chrono::hours{26});
}

TEST_CASE("what an earlier program queued as JSON is told as if it had been queued today", "[slow]") {
  for (const ReceiverType& type : receiver_types()) {
    if (!receiver_contracts().at(type.name).for_people) continue;
    for (const Language language : {Language::en, Language::zh}) {
      const auto receiver =
          receiver_from(fmt::format("{{name: oncall, type: {}, language: {}, {}}}", type.name,
                                    language == Language::zh ? "zh" : "en", receiver_contracts().at(type.name).keys));
      for (const std::string& event : message_types()) {
        INFO(type.name << " " << event);
        CHECK(sent(*receiver, queued_as_json(event, {.language = language})) ==
              sent(*receiver, message(event, {.language = language})));
      }
    }
  }
}

TEST_CASE("a webhook has the fields that it had when messages were queued as JSON") {
  for (const std::string& event : message_types()) {
    if (event == "report" || event == "goal") continue;  // there was none then
    INFO(event);
    const json::object earlier = json::parse(queued_as_json(event).body).as_object();
    const json::object today = webhook_of(message(event));
    for (const auto& [key, value] : earlier) {
      INFO(key);
      REQUIRE(today.contains(key));
      // What it says and what to do are put into words when it is sent; a change names what it was and is.
      if (key != "text" && key != "remedy" && key != "changes") CHECK(today.at(key) == value);
    }
  }
}

TEST_CASE("what an earlier program queued as JSON goes to a webhook as it is, also through the outbox") {
  Sink sink;
  DeliveryBench bench{{DeliveryBench::named(
      "hook", receiver_from(fmt::format("{{name: hook, type: webhook, url: \"{}\"}}", sink.url())))}};
  const std::string body = queued_as_json("incident.opened").body;
  bench.tell({bench.row("hook", "crm/acme-sf", 1, "incident.opened", body),
              bench.row("hook", "crm/bolt-sf", 1, "incident.resolved", message("incident.resolved").body)});
  bench.quiet();
  REQUIRE(sink.requests().size() == 2);
  CHECK(sink.requests()[0].body == body);
  CHECK(json::parse(sink.requests()[1].body).at("type") == "incident.resolved");
}

TEST_CASE("what a later program adds to a message is skipped, and the rest is told") {
  std::string body = stored_message(full_message());
  protozero::pbf_writer more{body};
  more.add_string(900, "a fact of tomorrow");
  more.add_double(901, 1);
  more.add_string(3, "a time as text");
  more.add_uint32(7, 77);
  const Message read = read_message(row_of(body));
  CHECK(read.at == kNow);
  CHECK(read.subject == "acme-sf");
  CHECK_FALSE(notice_of(read, Language::en).title.empty());

  Message unknown = full_message();
  unknown.type = EventName{"incident.of_tomorrow"};
  const Notice notice = read_notice(row_of(stored_message(unknown)), Language::en);
  CHECK(notice.title == "acme-sf — incident.of_tomorrow");
  CHECK(notice.summary == "Something.");
}

TEST_CASE("a stored message that is cut short or damaged anywhere is still told", "[slow]") {
  const std::string whole = stored_message(full_message());
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const Notice notice = read_notice(row_of(whole.substr(0, size)), Language::en);
    CHECK_FALSE(notice.title.empty());
    CHECK_FALSE(webhook_of(row_of(whole.substr(0, size))).empty());
  }
  for (std::size_t at = 2; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    CHECK_FALSE(read_notice(row_of(damaged), Language::zh).title.empty());
  }
}
