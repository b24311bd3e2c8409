#include "agent/run/self_metrics.h"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace crmpulse;
using namespace crmpulse::agent;

namespace {

const TimePoint kNow = parse_time("2026-11-21T09:00:00Z").value();

double value_of(const std::vector<Sample>& samples, std::string_view metric, std::string_view crm = "") {
  const auto found = std::find_if(samples.begin(), samples.end(),
                                  [&](const Sample& s) { return s.metric == metric && s.labels.get("crm") == crm; });
  if (found == samples.end()) FAIL("there is no " << metric << " of " << crm);
  return found->value;
}

SelfReading reading() {
  SelfReading out;
  out.agent = "a";
  out.at = kNow;
  out.crms = {{"acme", "tryton", "sql"}, {"globex", "page", "http"}};
  out.runs.runs = 10;
  out.runs.skipped = 2;
  out.runs.rows_truncated = 3;
  out.runs.calls = {{"acme", 7}};
  out.spool = {.bytes = 4096, .rows = 5, .dropped_samples = 1, .oldest = kNow - std::chrono::minutes{1}};
  out.shipper.dropped_samples = 4;
  return out;
}

}  // namespace

TEST_CASE("the agent's samples carry the agent, and the CRM only where they are per CRM") {
  const auto samples = self_samples(reading());
  for (const Sample& sample : samples) {
    INFO(sample.metric);
    CHECK(sample.metric.starts_with("crm_agent_"));
    CHECK(sample.labels.get("agent") == "a");
    CHECK(sample.labels.get("kind").empty() == (sample.metric != "crm_agent_target_info"));
    CHECK(sample.at == kNow);
  }
  CHECK(value_of(samples, "crm_agent_runs_total") == 10);
  CHECK(value_of(samples, "crm_agent_skipped_runs_total") == 2);
  CHECK(value_of(samples, "crm_agent_rows_truncated_total") == 3);
  CHECK(value_of(samples, "crm_agent_spool_bytes") == 4096);
  CHECK(value_of(samples, "crm_agent_spool_oldest_unsent_timestamp_seconds") == 1795251600.0 - 60);
  CHECK(value_of(samples, "crm_agent_dropped_samples_total") == 5);
  CHECK(value_of(samples, "crm_agent_calls_total", "acme") == 7);
  CHECK(value_of(samples, "crm_agent_calls_total", "globex") == 0);
  CHECK(value_of(samples, "crm_agent_interval_stretch_ratio", "globex") == 1);
}

TEST_CASE("an empty spool has nothing older than now, and the heartbeat comes when it is asked for") {
  SelfReading quiet = reading();
  quiet.spool = {};
  CHECK(value_of(self_samples(quiet), "crm_agent_spool_oldest_unsent_timestamp_seconds") == 1795251600.0);
  const auto is_heartbeat = [](const Sample& s) { return s.metric == "crm_agent_heartbeat_timestamp_seconds"; };
  const auto without = self_samples(quiet);
  CHECK(std::none_of(without.begin(), without.end(), is_heartbeat));
  quiet.heartbeat = true;
  CHECK(value_of(self_samples(quiet), "crm_agent_heartbeat_timestamp_seconds") == 1795251600.0);
}

TEST_CASE("declared hours travel as one sample's labels, which the collector reads back") {
  SelfReading declared = reading();
  ActiveHours hours;
  hours.days = 0x1f;
  hours.from = std::chrono::hours{8};
  hours.to = std::chrono::hours{18};
  hours.zone.name = "Asia/Shanghai";
  hours.holidays = {date_from("2026-10-01").value()};
  declared.crms[0].hours = hours;
  const auto samples = self_samples(declared);
  const auto is_hours = [](const Sample& s) { return s.metric == "crm_hours_info"; };
  REQUIRE(std::count_if(samples.begin(), samples.end(), is_hours) == 1);
  const Labels& labels = std::find_if(samples.begin(), samples.end(), is_hours)->labels;
  CHECK(labels.get("crm") == "acme");
  CHECK(labels.get("kind") == "tryton");
  const auto label = [&](const char* name) { return std::string{labels.get(name)}; };
  CHECK(hours_from({label("days"), label("from"), label("to"), label("tz"), label("holidays")}) == hours);
}

TEST_CASE("an agent names all CRMs it watches with one stamp, and says how long it has left one alone") {
  SelfReading made = reading();
  made.now = kNow;
  made.crms[1].calls.paused_since = kNow - std::chrono::minutes{10};
  made.crms[1].calls.paused_until = kNow + std::chrono::minutes{50};
  const auto samples = self_samples(made);
  CHECK(value_of(samples, "crm_agent_crms") == 2);
  int named = 0;
  for (const Sample& sample : samples) {
    if (sample.metric != "crm_agent_target_info") continue;
    ++named;
    CHECK(sample.at == kNow);
  }
  CHECK(named == 2);
  CHECK(value_of(samples, "crm_agent_paused_seconds", "globex") == 600);
  made.crms.clear();
  CHECK(value_of(self_samples(made), "crm_agent_crms") == 0);
}
