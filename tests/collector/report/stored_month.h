#pragma once
// The known history in a store, as the collector writes it: states, incidents with their timelines, readings.

#include <fmt/format.h>

#include <boost/json.hpp>

#include "store/collector/collector_store.h"
#include "store/collector/writer.h"
#include "tests/collector/report/known_history.h"
#include "tests/collector/support.h"
#include "wire/remote_write.h"

namespace crmpulse::test {

class StoredMonth {
 public:
  StoredMonth() : writer_(std::make_unique<store::Writer>(store::open_collector(state_dir()).value())) {
    directory_.write("rules.yaml", kRules);
    directory_.write("remedies.yaml", kRemedies);
    in_store([](store::Database& database) -> Result<void> {
      for (const store::StateChange& change : known_states()) {
        if (const auto saved = store::save_state_change(database, change); !saved) return saved;
      }
      return {};
    });
  }

  /// A check every half an hour from 21:30Z before the month on: those of 10-14 from 10:00Z to 12:30Z fail.
  void add_checks() {
    std::vector<Sample> samples;
    for (TimePoint when = at("09-30T21:30"); when <= at("10-31T23:00"); when += std::chrono::minutes{30}) {
      const bool outside = when < at("09-30T22:00") || when >= at("10-31T23:00");
      const bool down = when >= at("10-14T10:00") && when < at("10-14T13:00");
      samples.push_back(sample("crm_up", "acme", outside || down ? 0 : 1, when));
    }
    append(samples);
  }
  void append(const std::vector<Sample>& samples) {
    store::JournalRecord record;
    record.received = samples.back().at;
    record.body = wire::encode(samples);
    in_store([&](store::Database& database) -> Result<void> {
      const auto seq = store::append(database, record);
      if (!seq) return seq.error();
      return {};
    });
  }
  /// An incident and, on its timeline, whoever acknowledged it.
  void add_incident(const std::string& id, TimePoint opened, std::optional<TimePoint> resolved, Level worst,
                    std::optional<TimePoint> acknowledged) {
    namespace json = boost::json;
    store::StoredIncident incident;
    incident.id = id;
    incident.crm = "acme";
    incident.kind = "tryton";
    incident.level = static_cast<int>(worst);
    incident.opened = opened;
    incident.resolved = resolved;
    incident.detail = json::serialize(json::object{
        {"worst", to_string(worst)},
        {"fault", json::object{{"verdict", "vendor"}, {"why", "its page says so"}, {"why_zh", "厂商状态页如此说明"}}}});
    std::vector<json::object> lines{dimension("latency", opened, worst)};
    if (acknowledged) {
      lines.push_back(line(*acknowledged, "ack", "Acknowledged by ana", "ana 已确认"));
      lines.back()["author"] = "ana";
    }
    lines.push_back(line(opened + std::chrono::minutes{2}, "evidence", "read: 503, request 7f3a-<b>",
                         "read: 503, request 7f3a-<b>"));
    if (resolved) lines.push_back(dimension("latency", *resolved, Level::healthy));
    in_store([&](store::Database& database) -> Result<void> {
      if (const auto saved = store::save_incident(database, incident); !saved) return saved;
      std::int64_t number = 0;
      for (const json::object& one : lines) {
        const TimePoint when = parse_time(one.at("at").as_string()).value();
        if (const auto added = store::add_event(database, {id, when, ++number, json::serialize(one)}); !added)
          return added;
      }
      return {};
    });
  }
  void add_incidents() {
    add_incident("A", at("09-30T21:00"), at("09-30T22:30"), Level::poor, {});
    add_incident("B", at("10-10T08:00"), at("10-10T09:00"), Level::sub_healthy, at("10-10T08:10"));
    add_incident("C", at("10-14T10:00"), at("10-14T13:00"), Level::poor, at("10-14T10:20"));
    add_incident("D", at("10-25T00:30"), at("10-25T01:30"), Level::poor, {});
    add_incident("E", at("10-31T22:30"), at("10-31T23:30"), Level::poor, {});
  }
  void in_store(const store::Writer::Job& job) { writer_->run(job).value(); }

  [[nodiscard]] store::Writer& writer() { return *writer_; }

  [[nodiscard]] std::string state_dir() const {
    const std::string path = directory_.path("state");
    std::filesystem::create_directories(path);
    return path;
  }
  /// collector.yaml with more top-level lines.
  [[nodiscard]] std::string config(const std::string& more = "") const {
    return directory_.write("collector.yaml",
                            "listen: 127.0.0.1:0\nauth: off\nstate_dir: state\nrules: [rules.yaml]\n"
                            "remedies: [remedies.yaml]\ntime_zone: Europe/Prague\n" +
                                more);
  }
  [[nodiscard]] const TempDir& directory() const { return directory_; }

 private:
  static boost::json::object line(TimePoint when, std::string_view type, std::string_view en, std::string_view zh) {
    return {{"at", format_time(when)}, {"type", type}, {"text", boost::json::object{{"en", en}, {"zh", zh}}}};
  }
  static boost::json::object dimension(const char* name, TimePoint when, Level level) {
    boost::json::object out = line(when, "dimension", "response time 4 s", "响应时间 4 秒");
    out["dimension"] = name;
    out["rule"] = name;
    out["state"] = to_string(level);
    return out;
  }

  static constexpr const char* kRules = R"(
rules:
  - id: latency
    dimension: latency
    measure: {metric: crm_operation_duration_seconds}
    op: above
    aggregator: p75
    min_samples: 4
    window: 5m
    sub: {enter: 1, exit: 0.9, for: 2s}
    poor: {enter: 3, exit: 2.7, for: 2s}
    remedy: slow_response
    unit: seconds
  - id: availability
    dimension: availability
    measure: {metric: crm_up}
    op: below
    aggregator: ratio
    window: 1h
    sub: {enter: 99.9%, exit: 99.95%}
    poor: {enter: 99%, exit: 99.2%}
    remedy: slow_response
    unit: ratio
  - id: satisfaction_apdex
    dimension: satisfaction
    measure: {metric: crm_operation_duration_seconds, errors: {metric: crm_operation_success}}
    op: below
    aggregator: apdex
    target: 0.2
    window: 1h
    sub: {enter: 0.85, exit: 0.87}
    poor: {enter: 0.70, exit: 0.72}
    remedy: slow_response
    unit: ratio
)";

  TempDir directory_;
  std::unique_ptr<store::Writer> writer_;
};

}  // namespace crmpulse::test
