// What is in force and who sends: rules of a CRM, agents, the program itself.

#include "collector/inventory/inventory.h"

#include <catch2/catch.hpp>

#include "core/version.h"
#include "tests/collector/collector_fixture.h"

using namespace crmpulse;
using namespace crmpulse::test;

namespace {

namespace json = boost::json;

json::value rule_of(const RunningCollector& running, const std::string& crm, const std::string& id) {
  const json::value answer = running.get_json("/api/v1/crms/" + crm + "/rules");
  for (const json::value& rule : answer.at("rules").as_array()) {
    if (rule.at("rule").as_string() == id) return rule;
  }
  return nullptr;
}

int line_of(const std::string& text, const std::string& wanted) {
  return 1 + static_cast<int>(
                 std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(text.find(wanted)), '\n'));
}

}  // namespace

TEST_CASE("the rules in force for a CRM are told with the place that has the last word") {
  CollectorFiles files;
  files.rules += R"(  - id: latency
    applies_to: {crm: acme}
    poor: {enter: 9, exit: 8, for: 2m}
)";
  const RunningCollector running{files};
  CHECK(running.get("/api/v1/crms/acme/rules").status == 404);
  REQUIRE(running.write_latency("acme", 5) == 204);
  REQUIRE(running.write_latency("beta", 5) == 204);
  const json::value own = rule_of(running, "acme", "latency");
  REQUIRE(own.is_object());
  CHECK(own.at("poor").to_number<double>() == 9);
  CHECK(own.at("sub_healthy").to_number<double>() == 1);
  CHECK(own.at("for").at("poor").as_string() == "2m");
  CHECK(own.at("file").as_string() == "rules.yaml");
  CHECK(own.at("line").to_number<int>() == line_of(files.rules, "- id: latency\n    applies_to"));
  CHECK(own.at("measure").at("metric").as_string() == "crm_operation_duration_seconds");
  CHECK(own.at("unit").as_string() == "seconds");
  CHECK(own.at("state").as_string() == "sub_healthy");
  CHECK(own.at("value").to_number<double>() == 5);
  CHECK(own.at("says").at("en").as_string().find("poor from 9 s, held for 2 min") != std::string::npos);
  CHECK(own.at("says").at("zh").as_string().find("不良：达 9 秒，持续 2 分钟") != std::string::npos);
  const json::value common = rule_of(running, "beta", "latency");
  CHECK(common.at("poor").to_number<double>() == 3);
  CHECK(common.at("line").to_number<int>() == line_of(files.rules, "- id: latency"));
  CHECK(common.at("state").as_string() == "poor");
}

TEST_CASE("agents are listed with what they say of themselves and the CRMs they watch") {
  const RunningCollector running;
  const TimePoint now = running.now();
  const auto about_agent = [&](const char* metric, double value, Labels more = {}) {
    more.set("agent", "branch-1");
    return Sample{metric, more, value, now};
  };
  std::vector<Sample> samples{
      about_agent("crm_agent_info", 1, {{"version", "1.2"}, {"system", "Linux x86_64"}}),
      about_agent("crm_agent_spool_bytes", 4096),
      about_agent("crm_agent_spool_oldest_unsent_timestamp_seconds", static_cast<double>(unix_millis(now)) / 1000 - 60),
      about_agent("crm_agent_heartbeat_timestamp_seconds", 1)};
  for (const auto& [metric, value] :
       {std::pair{"crm_agent_target_info", 1.0}, std::pair{"crm_agent_calls_planned_per_day", 1200.0},
        std::pair{"crm_agent_calls_allowed_per_day", 5000.0}})
    samples.push_back(about_agent(metric, value, {{"crm", "acme"}, {"kind", "tryton"}}));
  Call write = write_call(running.base(), wire::encode(samples));
  write.headers.emplace_back("X-Crm-Agent", "branch-1");
  write.headers.emplace_back("X-Crm-Time", format_time(now));
  REQUIRE(send(write).status == 204);
  const json::value agent = running.get_json("/api/v1/agents").at("agents").at(0);
  CHECK(agent.at("agent").as_string() == "branch-1");
  CHECK(agent.at("version").as_string() == "1.2");
  CHECK(agent.at("system").as_string() == "Linux x86_64");
  CHECK(parse_time(std::string_view{agent.at("last_seen").as_string()}).has_value());
  CHECK(std::abs(agent.at("clock_skew_seconds").to_number<double>()) < 30);
  CHECK(agent.at("spool_bytes").to_number<double>() == 4096);
  CHECK(agent.at("oldest_unsent").is_string());
  CHECK_FALSE(agent.at("lost").as_bool());
  CHECK(agent.at("lost_since").is_null());
  CHECK(agent.at("refused").is_null());
  REQUIRE(agent.at("crms").as_array().size() == 1);
  CHECK(agent.at("crms").at(0).at("crm").as_string() == "acme");
  CHECK(agent.at("crms").at(0).at("kind").as_string() == "tryton");
  CHECK(agent.at("crms").at(0).at("calls_per_day").to_number<double>() == 1200);
  CHECK(agent.at("crms").at(0).at("allowance").to_number<double>() == 5000);
}

TEST_CASE("about says which program runs, since when, and what it keeps") {
  CollectorFiles files;
  files.extra = "retention: {samples: 10d, states: 100d}\n";
  const RunningCollector running{files};
  REQUIRE(running.write_latency("acme", 0.1) == 204);
  const json::value about = running.get_json("/api/v1/about");
  CHECK(about.at("version").as_string() == kVersion);
  CHECK(parse_time(std::string_view{about.at("started_at").as_string()}).has_value());
  CHECK(about.at("retention").at("samples").as_string() == "10d");
  CHECK(about.at("retention").at("states").as_string() == "100d");
  std::map<std::string, std::int64_t> bytes;
  for (const json::value& kind : about.at("store").as_array())
    bytes[std::string{kind.at("kind").as_string()}] = kind.at("bytes").to_number<std::int64_t>();
  CHECK(bytes.at("journal") > 0);
  CHECK(bytes.at("stored") > 0);
  json::array contents;
  REQUIRE(eventually([&] {
    contents = running.get_json("/api/v1/about").at("contents").as_array();
    return !contents.empty();
  }));
  std::vector<std::string> kinds;
  for (const json::value& kind : contents) {
    kinds.emplace_back(kind.at("kind").as_string());
    CHECK(kind.at("bytes").to_number<std::int64_t>() >= 0);
    const json::value& oldest = kind.at("oldest_at");
    CHECK((oldest.is_null() || parse_time(std::string_view{oldest.as_string()}).has_value()));
  }
  CHECK(kinds == std::vector<std::string>{"journal", "samples", "minutes", "hours", "days", "states", "incidents",
                                          "messages", "snapshots"});
}

TEST_CASE("of several rules with one id the last that applies is in force, in the place of the first") {
  const auto rule = [](const char* id, double poor, std::vector<LabelMatch> applies_to = {}) {
    Rule made;
    made.id = id;
    made.poor.enter = poor;
    made.applies_to = std::move(applies_to);
    return made;
  };
  const std::vector<Rule> rules{rule("a", 1), rule("b", 2), rule("a", 3, {{"kind", {"odoo"}}}),
                                rule("a", 4, {{"kind", {"tryton"}}})};
  const auto chosen = collector::rules_in_force(rules, {{"crm", "acme"}, {"kind", "odoo"}});
  REQUIRE(chosen.size() == 2);
  CHECK(chosen[0]->poor.enter == 3);
  CHECK(chosen[1]->id == "b");
}
