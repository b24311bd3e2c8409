#include <cmath>

#include "collector/report/format/formats.h"
#include "collector/report/format/words.h"

namespace crmpulse::collector::report {
namespace {

namespace bj = boost::json;

bj::value or_null(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? bj::value(*value) : bj::value(nullptr);
}

bj::value time_or_null(const std::optional<TimePoint>& time) {
  return time ? bj::value(format_time(*time)) : bj::value(nullptr);
}

bj::object text_json(const Bilingual& text) {
  return {{"en", text.en}, {"zh", text.zh}};
}

bj::value period_json(const std::optional<Period>& period) {
  if (!period) return nullptr;
  return bj::object{{"id", period->id},
                    {"kind", to_string(period->kind)},
                    {"from", format_time(period->from)},
                    {"to", format_time(period->to)}};
}

bj::object states_json(const StateTimes& states) {
  return {{"healthy_seconds", to_seconds(states.of(Condition::healthy))},
          {"degraded_seconds", to_seconds(states.of(Condition::degraded))},
          {"poor_seconds", to_seconds(states.of(Condition::poor))},
          {"maintenance_seconds", to_seconds(states.of(Condition::maintenance))},
          {"no_data_seconds", to_seconds(states.of(Condition::no_data))},
          {"score", or_null(states.score)}};
}

bj::object figure_json(const Figure& one) {
  return {{"dimension", one.dimension},
          {"metric", one.metric},
          {"of", one.of},
          {"unit", one.unit},
          {"value", or_null(one.value)},
          {"target", or_null(one.target)},
          {"poor", or_null(one.poor)},
          {"met", one.met() ? bj::value(*one.met()) : bj::value(nullptr)},
          {"previous", or_null(one.previous)},
          {"trend", to_string(trend(one, one.previous))},
          {"year_ago", or_null(one.year_ago)},
          {"year_trend", to_string(trend(one, one.year_ago))}};
}

bj::object incident_json(const Incident& one) {
  bj::array dimensions;
  for (const std::string& dimension : dimensions_of(one)) dimensions.push_back(bj::value(dimension));
  bj::array timeline;
  for (const TimelineLine& line : one.timeline) {
    timeline.push_back(bj::object{{"at", format_time(line.at)}, {"type", line.type}, {"text", text_json(line.text)}});
  }
  return {{"id", one.id},
          {"worst", to_string(one.worst)},
          {"opened_at", format_time(one.opened)},
          {"resolved_at", time_or_null(one.resolved)},
          {"acknowledged_at", time_or_null(one.acknowledged)},
          {"acknowledged_by", one.acknowledged_by},
          {"seconds", to_seconds(one.lasted)},
          {"cost_seconds", to_seconds(one.cost)},
          {"dimensions", std::move(dimensions)},
          {"fault", bj::object{{"verdict", one.verdict}, {"why", text_json(one.why)}}},
          {"timeline", std::move(timeline)},
          {"timeline_omitted", one.lines_omitted}};
}

bj::object improvement_json(const Improvement& one) {
  return {{"dimension", one.cost.dimension},
          {"rule", one.cost.rule},
          {"poor_seconds", to_seconds(one.cost.poor)},
          {"degraded_seconds", to_seconds(one.cost.degraded)},
          {"score_points", one.cost.score},
          {"incidents", one.cost.incidents},
          {"remedy", text_json(one.remedy)}};
}

bj::object bucket_json(const BucketFigures& one) {
  bj::array latency;
  for (const Figure& figure : one.latency) {
    latency.push_back(bj::object{{"metric", figure.metric}, {"of", figure.of}, {"value", or_null(figure.value)}});
  }
  return {{"from", format_time(one.bucket.from)},
          {"to", format_time(one.bucket.to)},
          {"states", states_json(one.states)},
          {"availability", or_null(one.availability)},
          {"latency", std::move(latency)}};
}

bj::object notice_json(const VendorNotice& one) {
  return {
      {"instance", one.instance}, {"from", format_time(one.from)}, {"to", format_time(one.to)}, {"level", one.level}};
}

template <class T, class Function>
bj::array array_of(const std::vector<T>& list, Function to_json) {
  bj::array out;
  out.reserve(list.size());
  for (const T& one : list) out.push_back(to_json(one));
  return out;
}

bj::array names(const std::vector<std::string>& list) {
  return array_of(list, [](const std::string& name) { return bj::value(name); });
}

}  // namespace

bj::object goal_json(const GoalProgress& one) {
  bj::object where;
  for (const LabelMatch& match : one.goal.where) {
    bj::array values;
    for (const std::string& value : match.any_of) values.push_back(bj::value(value));
    where[match.name] = std::move(values);
  }
  const auto value_of = [](const std::optional<GoalReading>& reading) {
    return reading ? bj::value(reading->value) : bj::value(nullptr);
  };
  return {{"name", one.goal.name},
          {"metric", one.goal.metric},
          {"where", std::move(where)},
          {"direction", one.goal.at_most ? "at_most" : "at_least"},
          {"target", one.goal.target},
          {"owner", one.goal.owner},
          {"by", date_text(one.goal.by)},
          {"baseline", value_of(one.began)},
          {"baseline_at", one.began ? bj::value(format_time(one.began->at)) : bj::value(nullptr)},
          {"value", value_of(one.now)},
          {"reached", one.reached},
          {"over", one.over},
          {"progress", or_null(one.progress)},
          {"pace_per_week", or_null(one.pace)},
          {"pace_needed_per_week", or_null(one.pace_needed)},
          {"standing", to_string(standing_of(one))},
          {"says", bj::object{{"en", goal_news(one, Language::en)}, {"zh", goal_news(one, Language::zh)}}},
          {"on_track", one.on_track ? bj::value(*one.on_track) : bj::value(nullptr)}};
}

bj::object json(const Report& report) {
  return {{"crm", report.crm},
          {"kind", report.kind},
          {"made_at", format_time(report.made)},
          {"time_zone", report.zone ? report.zone->name : "UTC"},
          {"period", period_json(report.period)},
          {"until", format_time(report.until)},
          {"under_way", report.under_way},
          {"previous", period_json(report.previous)},
          {"year_ago", period_json(report.year_ago)},
          {"summary", text_json({summary(report, Language::en), summary(report, Language::zh)})},
          {"states", states_json(report.states)},
          {"figures", array_of(report.figures, figure_json)},
          {"not_measured", names(report.not_measured)},
          {"idle_features", names(report.idle_features)},
          {"goals", array_of(report.goals, goal_json)},
          {"improvements", array_of(report.improvements, improvement_json)},
          {"incidents", array_of(report.incidents, incident_json)},
          {"incidents_omitted", report.incidents_omitted},
          {"vendor_notices", array_of(report.notices, notice_json)},
          {"buckets", array_of(report.buckets, bucket_json)},
          {"series_omitted", report.series_omitted},
          {"blocks_damaged", report.damaged}};
}

}  // namespace crmpulse::collector::report
