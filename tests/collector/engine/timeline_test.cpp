// What an incident's page tells: every change, message, operator and change marker, in time order.

#include <catch2/catch.hpp>

#include <set>

#include "collector/message/change_text.h"
#include "collector/message/describe.h"
#include "collector/message/vocabulary.h"
#include "tests/collector/collector_fixture.h"
#include "tests/collector/core_fixture.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::test;
using namespace std::chrono_literals;

namespace {

namespace json = boost::json;

const TimePoint kStart = parse_time("2026-11-21T09:00:00Z").value();

CollectorFiles told(const Sink& sink) {
  CollectorFiles files;
  files.receivers = fmt::format("  - {{name: oncall, type: webhook, url: \"{}\"}}\n", sink.url());
  return files;
}

int write(const RunningCollector& running, const std::vector<Sample>& samples) {
  return send(write_call(running.base(), wire::encode(samples))).status;
}

std::string incident_of(const RunningCollector& running, const std::string& crm) {
  return std::string{running.get_json("/api/v1/crms/" + crm).at("incident").at("id").as_string()};
}

json::array timeline(const RunningCollector& running, const std::string& id) {
  return running.get_json("/api/v1/incidents/" + id).at("timeline").as_array();
}

const json::value* find(const json::array& lines, std::string_view type) {
  for (const json::value& line : lines) {
    if (line.at("type").as_string() == type) return &line;
  }
  return nullptr;
}

bool in_time_order(const json::array& lines) {
  TimePoint last{};
  for (const json::value& line : lines) {
    const TimePoint at = parse_time(std::string_view{line.at("at").as_string()}).value();
    if (at < last) return false;
    last = at;
  }
  return true;
}

/// The status of a CRM whose one rule is at `level`.
rules::CrmStatus status_at(Level level) {
  rules::CrmStatus status;
  status.crm = "acme";
  status.state = level;
  status.data_status = DataStatus::fresh;
  status.incident = rules::IncidentStatus{"I1", level, Level::poor, kStart};
  rules::RuleStatus rule;
  rule.rule = rule.dimension = "latency";
  rule.level = level;
  rule.value = 5;
  status.rules = {rule};
  return status;
}

}  // namespace

TEST_CASE("a timeline has states, dimensions, messages with what became of them, and evidence, in time order") {
  Sink sink;
  const RunningCollector running{told(sink)};
  const std::string line = fmt::format(
      R"({{"at":"{}","crm":"acme","kind":"tryton","agent":"branch-1","operation":"read","stage":"request","reason":"timeout","text":"too slow"}})",
      format_time(running.now() - 5s));
  REQUIRE(send({"POST", running.base() + "/api/v1/evidence", {}, line}).status == 204);
  REQUIRE(running.write_latency("acme", 5) == 204);
  const std::string id = incident_of(running, "acme");
  REQUIRE(eventually([&] {
    const json::array lines = timeline(running, id);
    const json::value* message = find(lines, "message");
    return message != nullptr && message->at("outcome").is_object() &&
           message->at("outcome").at("status").as_string() == "delivered";
  }));
  const json::array lines = timeline(running, id);
  CHECK(in_time_order(lines));
  REQUIRE(find(lines, "state") != nullptr);
  CHECK(find(lines, "state")->at("state").as_string() == "poor");
  CHECK(find(lines, "state")->at("previous").as_string() == "healthy");
  CHECK(find(lines, "state")->at("text").at("zh").as_string() == "状态：不良");
  REQUIRE(find(lines, "dimension") != nullptr);
  CHECK(find(lines, "dimension")->at("dimension").as_string() == "latency");
  CHECK(find(lines, "dimension")->at("value").to_number<double>() == 5);
  REQUIRE(find(lines, "evidence") != nullptr);
  CHECK(find(lines, "evidence")->at("text").at("en").as_string() == "too slow");
  const json::value message = *find(lines, "message");
  CHECK(message.at("receiver").as_string() == "oncall");
  CHECK(message.at("event").as_string() == "incident.opened");
  CHECK(message.at("outcome").at("attempts").to_number<int>() == 1);
  CHECK(parse_time(std::string_view{message.at("outcome").at("at").as_string()}).has_value());
  CHECK(message.at("delivery").as_string() == sink.requests().at(0).header("webhook-id"));
  CHECK(message.at("text").at("en").as_string() == "Delivered to oncall: opened");
  CHECK(message.at("text").at("zh").as_string() == "已送达 oncall：发生");
  CHECK_THAT(running.get("/plain/incidents/" + id).body, Catch::Contains("Delivered to oncall: opened"));
}

TEST_CASE("a message is queued in the timeline until its receiver has answered") {
  Sink sink{{net::HttpResponse{503, {{"Retry-After", "3600"}}, ""}}};
  const RunningCollector running{told(sink)};
  REQUIRE(running.write_latency("acme", 5) == 204);
  const std::string id = incident_of(running, "acme");
  REQUIRE(eventually([&] { return sink.requests().size() == 1 && find(timeline(running, id), "message") != nullptr; }));
  const json::array lines = timeline(running, id);
  const json::value& text = find(lines, "message")->at("text");
  CHECK(text.at("en").as_string() == "Queued for oncall: opened");
  CHECK(text.at("zh").as_string() == "等待送达 oncall：发生");
  CHECK_THAT(running.get("/plain/incidents/" + id).body,
             Catch::Contains("Queued for oncall: opened<br>等待送达 oncall：发生"));
}

TEST_CASE("a timeline goes on after a restart and has nothing twice") {
  RunningCollector running;
  REQUIRE(running.write_latency("acme", 1.5) == 204);
  const std::string id = incident_of(running, "acme");
  running.stop();
  running.start();
  // Later than those before the restart, however quick it was.
  std::vector<Sample> worse;
  for (int i = 1; i <= 6; ++i)
    worse.push_back(
        sample("crm_operation_duration_seconds", "acme", 5, running.now() + i * 1s, {{"operation", "read"}}));
  REQUIRE(write(running, worse) == 204);
  REQUIRE(eventually([&] {
    int states = 0;
    for (const json::value& line : timeline(running, id)) states += line.at("type").as_string() == "state" ? 1 : 0;
    return states == 2;
  }));
  int dimensions = 0;
  for (const json::value& line : timeline(running, id))
    dimensions += line.at("type").as_string() == "dimension" ? 1 : 0;
  CHECK(dimensions == 2);
}

TEST_CASE("a new version shortly before is in the message, the incident and its timeline") {
  Sink sink;
  const RunningCollector running{told(sink)};
  const TimePoint now = running.now();
  const auto info = [&](const std::string& version, Duration ago) {
    return sample("crm_info", "acme", 1, now - ago, {{"version", version}, {"instance", "EU5"}});
  };
  REQUIRE(write(running, {info("6.0", 40min)}) == 204);
  REQUIRE(write(running, {info("6.0", 20min), info("6.2", 10min)}) == 204);
  REQUIRE(running.write_latency("acme", 5) == 204);
  REQUIRE(eventually([&] { return sink.requests().size() == 1; }));
  const json::value body = json::parse(sink.requests().at(0).body);
  REQUIRE(body.at("changes").as_array().size() == 1);
  const json::value change = body.at("changes").at(0);
  CHECK(change.at("what").as_string() == "version");
  CHECK(change.at("from").as_string() == "6.0");
  CHECK(change.at("to").as_string() == "6.2");
  CHECK(change.at("at").as_string() == format_time(now - 10min));
  CHECK(change.at("text").at("zh").as_string() == "CRM 版本由 6.0 变为 6.2");
  CHECK(std::string{body.at("text").at("en").as_string()}.find("version changed from 6.0 to 6.2") != std::string::npos);
  const std::string id = incident_of(running, "acme");
  REQUIRE(eventually([&] { return running.get("/api/v1/incidents/" + id).status == 200; }));
  CHECK(running.get_json("/api/v1/incidents/" + id).at("changes").as_array().size() == 1);
  CHECK(find(timeline(running, id), "change") != nullptr);
}

TEST_CASE("a reload says which rules changed, also in incidents that are open") {
  RunningCollector running;
  REQUIRE(running.write_latency("acme", 5) == 204);
  const std::string id = incident_of(running, "acme");
  std::string rules = kQuickRules;
  rules.replace(rules.find("weight: 1"), 9, "weight: 2");
  running.files().rules = rules;
  running.write_files();
  REQUIRE(send({"POST", running.base() + "/-/reload", {}, ""}).status == 200);
  REQUIRE(eventually([&] { return find(timeline(running, id), "change") != nullptr; }));
  const json::value change = *find(timeline(running, id), "change");
  CHECK(change.at("what").as_string() == "configuration");
  CHECK(change.at("to").as_string() == "latency");
  CHECK(change.at("from").is_null());
}

TEST_CASE("late samples are told in the timeline and change no state") {
  ManualClock clock{kStart};
  const TempDir directory;
  Core core{directory, clock};
  core.latency(5, 5);
  const TimePoint now = clock.now();
  std::vector<Sample> old;
  for (int i = 0; i < 10; ++i)
    old.push_back(
        sample("crm_operation_duration_seconds", "acme", 0.1, now - 10min + i * kSecond, {{"operation", "read"}}));
  core.write(old);
  CHECK(core.status().state == Level::poor);
  core.latency(5, 20);
  int found = 0;
  for (const json::value& line : core.timeline(core.incidents().at(0).id)) {
    if (line.at("type").as_string() != "late") continue;
    ++found;
    CHECK(line.at("samples").to_number<int>() == 10);
    CHECK(line.at("at").as_string() == format_time(now - 10min));
    CHECK(line.at("to").as_string() == format_time(now - 10min + 9 * kSecond));
  }
  CHECK(found == 1);
  CHECK(core.outbox().size() == 1);
}

TEST_CASE("every way that a delivery may end has words, and every event") {
  using store::DeliveryStatus;
  std::set<std::string> said;
  for (const auto status : {DeliveryStatus::pending, DeliveryStatus::delivered, DeliveryStatus::dead,
                            DeliveryStatus::superseded, DeliveryStatus::abandoned}) {
    const Bilingual text = delivery_words("oncall", "incident.resolved", status);
    CHECK_THAT(text.en, Catch::Contains("oncall") && Catch::EndsWith(": resolved"));
    CHECK_THAT(text.zh, Catch::Contains("oncall") && Catch::EndsWith("：恢复"));
    said.insert(text.en);
    said.insert(text.zh);
  }
  said.insert(past_delivery_words("oncall", "incident.resolved").zh);
  CHECK(said.size() == 11);
  for (const Event event : all_events()) {
    INFO(to_string(event));
    CHECK_THAT(std::string{event_words(to_string(event), Language::zh)}, !Catch::Contains("."));
    CHECK(event_words(to_string(event), Language::zh) != to_string(event));
    CHECK_THAT(std::string{event_words(to_string(event), Language::en)}, !Catch::Contains("."));
  }
}

TEST_CASE("a timeline is bounded, says how much it leaves out, and never leaves out the end", "[slow]") {
  IncidentStore book;
  const CrmRegistry crms;
  const config::Remedies remedies;
  const ChangeMarkers changes;
  const Operations operations;
  const IncidentStore::Context context{crms, remedies, changes, operations};
  std::size_t lines = 0;
  for (int i = 0; i < 3000; ++i) {
    const Level level = i % 2 == 0 ? Level::poor : Level::sub_healthy;
    const auto stored = book.update("acme", status_at(level), context, kStart + i * 1s);
    REQUIRE(stored.size() == 1);
    lines += book.take_events().size();
  }
  CHECK(lines == static_cast<std::size_t>(IncidentStore::kMostEvents));
  const auto ended = book.update("acme", std::nullopt, context, kStart + 1h);
  REQUIRE(ended.size() == 1);
  const auto last = book.take_events();
  REQUIRE(last.size() == 1);
  CHECK(json::parse(last[0].body).at("state").as_string() == "resolved");
  CHECK(json::parse(ended[0].detail).at("timeline_omitted").to_number<int>() == 5000);
}

TEST_CASE("one marker for a change that two agents see, none for a first sight or a value that comes and goes") {
  ChangeMarkers book;
  const auto see = [&](const char* agent, const char* version, Duration after) {
    const Series series =
        make_series(wire::series_key("crm_info", {{"crm", "acme"}, {"agent", agent}, {"version", version}}));
    book.observe(series, kStart + after, 1);
  };
  see("a", "6.0", 0s);
  see("b", "6.0", 1s);
  CHECK(book.between("acme", nullptr, kStart, kStart + 1h).empty());
  CHECK(book.take_new().size() == 2);
  see("a", "6.2", 60s);
  see("b", "6.2", 61s);
  CHECK(book.between("acme", nullptr, kStart, kStart + 1h).size() == 1);
  see("a", "6.0", 120s);
  see("a", "6.2", 180s);
  CHECK(book.between("acme", nullptr, kStart, kStart + 1h).size() == 1);
  see("a", "5.0", 10s);
  CHECK(book.between("acme", nullptr, kStart, kStart + 1h).size() == 1);
  see("a", "7.0", 2h);
  CHECK(book.between("acme", nullptr, kStart + 1h, kStart + 3h).size() == 1);
  CHECK(book.between("beta", nullptr, kStart, kStart + 3h).empty());
}

TEST_CASE("a schema and an agent are marked too, the agent for the CRMs it watches") {
  ChangeMarkers book;
  const Series schema =
      make_series(wire::series_key("crm_schema_fingerprint", {{"crm", "acme"}, {"agent", "a"}, {"object", "Lead"}}));
  book.observe(schema, kStart, 123456);
  book.observe(schema, kStart + 1min, 123457);
  const auto runs = [](const char* version) {
    return make_series(wire::series_key("crm_agent_info", {{"agent", "a"}, {"version", version}}));
  };
  book.observe(runs("1.0"), kStart, 1);
  book.observe(runs("1.1"), kStart + 2min, 1);
  CrmFacts facts;
  facts.sights["a"] = {};
  CHECK(book.between("acme", nullptr, kStart, kStart + 1h).size() == 1);
  const auto both = changes_around(book, "acme", &facts, kStart + 30min, kStart + 31min);
  REQUIRE(both.size() == 2);
  CHECK(both[0].object == "Lead");
  CHECK(both[0].text.en == "the schema of Lead changed");
  CHECK(both[1].text.en == "the agent's version changed from 1.0 to 1.1");
  CHECK(changes_around(book, "acme", &facts, kStart + 2h, kStart + 2h).empty());

  ChangeMarkers again;
  again.load(book.take_new());
  CHECK(again.between("acme", &facts, kStart, kStart + 1h).size() == 2);
  book.observe(schema, kStart + 3min, 123457);
  CHECK(book.take_new().empty());
}

TEST_CASE("incidents and deliveries come page by page") {
  Sink sink;
  const RunningCollector running{told(sink)};
  for (const char* crm : {"a", "b", "c"}) REQUIRE(running.write_latency(crm, 5) == 204);
  REQUIRE(eventually([&] { return running.get_json("/api/v1/incidents").at("incidents").as_array().size() == 3; }));
  REQUIRE(eventually([&] { return sink.requests().size() == 3; }));
  for (const std::string list : {"incidents", "deliveries"}) {
    INFO(list);
    const json::value first = running.get_json("/api/v1/" + list + "?limit=2");
    CHECK(first.at(list).as_array().size() == 2);
    const std::string next{first.at("next_before").as_string()};
    const json::value second = running.get_json("/api/v1/" + list + "?limit=2&before=" + next);
    REQUIRE(second.at(list).as_array().size() == 1);
    CHECK(second.at("next_before").is_null());
    CHECK(second.at(list).at(0).at("id") != first.at(list).at(1).at("id"));
    CHECK(running.get("/api/v1/" + list + "?before=none").status == 400);
    for (const char* limit : {"0", "1001", "x", "1x", "-1"})
      CHECK(running.get("/api/v1/" + list + "?limit=" + limit).status == 400);
  }
  CHECK(running.get_json("/api/v1/deliveries?receiver=oncall&crm=b").at("deliveries").as_array().size() == 1);
  CHECK(running.get_json("/api/v1/deliveries?receiver=other").at("deliveries").as_array().empty());
  CHECK(running.get_json("/api/v1/incidents?kind=odoo").at("incidents").as_array().empty());
}

TEST_CASE("every part of a rule that is edited makes a change marker, the time after which data is missed among them") {
  Rule rule;
  rule.id = "latency";
  rule.measure.metric = "crm_operation_duration_seconds";
  const auto marked = [&](const std::function<void(Rule&)>& edit) {
    Rule edited = rule;
    edit(edited);
    ChangeMarkers book;
    book.reloaded(Ruleset{{}, {rule}}, Ruleset{{}, {edited}}, kStart);
    return book.take_new().size();
  };
  CHECK(marked([](Rule&) {}) == 0);
  CHECK(marked([](Rule& edited) { edited.no_data_after = 10min; }) == 1);
  CHECK(marked([](Rule& edited) { edited.no_data = NoDataState::ignore; }) == 1);
  CHECK(marked([](Rule& edited) { edited.inhibited_by = {"availability"}; }) == 1);
  CHECK(marked([](Rule& edited) { edited.quorum = 2; }) == 1);
  CHECK(marked([](Rule& edited) { edited.interval = 1min; }) == 1);
  CHECK(marked([](Rule& edited) { edited.poor.enter = 5; }) == 1);
}

TEST_CASE("what to do about missing data is said, not what would help a value that nobody has") {
  rules::RuleStatus rule;
  rule.dimension = "latency";
  rule.remedy = "slow_response";
  const config::Remedies remedies{{"slow_response", {"Buy better hardware.", "购买更好的硬件。"}}};
  rule.level = Level::poor;
  rule.value = 5;
  rule.data_status = DataStatus::fresh;
  CHECK(remedy_of(remedies, rule, "odoo").en == "Buy better hardware.");
  // Silence of something poor: it was slow, and is not known to be well.
  rule.data_status = DataStatus::no_data;
  CHECK(remedy_of(remedies, rule, "odoo").en == "Buy better hardware.");
  for (const bool latch : {true, false}) {
    rule.level = Level::healthy;
    rule.no_data_latch = latch;
    rule.data_status = latch ? DataStatus::stale : DataStatus::no_data;
    const Bilingual remedy = remedy_of(remedies, rule, "odoo");
    CHECK(remedy.en.find("hardware") == std::string::npos);
    CHECK(remedy.zh.find("探针") != std::string::npos);
  }
}
