#include "collector/api/history_api.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <utility>
#include <variant>

#include "collector/api/api.h"
#include "collector/http/answers.h"
#include "core/log.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

constexpr Duration kDefaultRange{std::chrono::hours{24}};
constexpr Duration kMostRange{std::chrono::hours{24 * 400}};
constexpr Duration kLeastStep{std::chrono::seconds{1}};
constexpr std::int64_t kDefaultPoints = 501;  ///< 500 steps, cut by the ends of the range
constexpr std::int64_t kMostPoints = 5'000;
constexpr std::int64_t kLeastPoints = 2;

/// Why a request is refused.
struct Refusal {
  std::string message;
  std::string field;
};
template <class T>
using Read = std::variant<T, Refusal>;

Read<TimePoint> time_parameter(const net::HttpRequest& request, const std::string& name, TimePoint otherwise) {
  const std::string text = parameter(request, name);
  if (text.empty()) return otherwise;
  const auto time = parse_time(text);
  if (!time || unix_millis(*time) < 0)
    return Refusal{fmt::format("{} must be a time such as 2026-11-21T09:00:00Z", name), name};
  return *time;
}

Read<Duration> step_parameter(const net::HttpRequest& request, Duration range) {
  const std::string text = parameter(request, "step");
  if (text.empty()) return Duration{};
  const auto step = parse_duration(text);
  if (!step || *step < kLeastStep) return Refusal{"step must be a duration of at least a second: 30s, 5m, 1h", "step"};
  if (range.count() / step->count() > kMostPoints)
    return Refusal{fmt::format("this range has more than {} such steps", kMostPoints), "step"};
  return *step;
}

/// At most so many points; the kind of the number was checked (parameters.h).
Read<std::int64_t> points_parameter(const net::HttpRequest& request) {
  const std::string text = parameter(request, "max_points");
  if (text.empty()) return kDefaultPoints;
  if (!parameter(request, "step").empty()) return Refusal{"give either step or max_points", "max_points"};
  std::int64_t points = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), points);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  if (!whole || points < kLeastPoints || points > kMostPoints)
    return Refusal{fmt::format("max_points must be a number from {} to {}", kLeastPoints, kMostPoints), "max_points"};
  return points;
}

void add_choices(const Rule& rule, std::vector<SeriesChoice>& out) {
  out.push_back({rule.measure.metric, rule.measure.where});
  if (rule.measure.per) out.push_back({rule.measure.per->metric, rule.measure.per->where});
  if (rule.measure.errors) out.push_back({rule.measure.errors->metric, rule.measure.errors->where});
}

/// The series that feed the rules of a dimension, as far as they apply to this CRM; or those of one metric.
Read<std::vector<SeriesChoice>> choices_of(const net::HttpRequest& request, const EngineLoop& engine,
                                           const rules::CrmStatus& status) {
  const std::string dimension = parameter(request, "dimension");
  const std::string metric = parameter(request, "metric");
  if (dimension.empty() == metric.empty()) return Refusal{"give either dimension or metric", "dimension"};
  std::vector<SeriesChoice> choices;
  if (!metric.empty()) return std::vector{SeriesChoice{metric, {}}};
  for (const Rule& rule : engine.configuration().ruleset.rules) {
    if (rule.dimension == dimension && matches(rule.applies_to, status.labels)) add_choices(rule, choices);
  }
  if (choices.empty()) return Refusal{"no rule of this CRM judges such a dimension", "dimension"};
  return choices;
}

Read<HistoryQuery> query_of(const net::HttpRequest& request, const EngineLoop& engine, const rules::CrmStatus& status) {
  HistoryQuery query;
  query.crm = status.crm;
  auto choices = choices_of(request, engine, status);
  if (const auto* refusal = std::get_if<Refusal>(&choices)) return *refusal;
  query.choices = std::get<0>(std::move(choices));
  const auto to = time_parameter(request, "to", engine.now());
  if (const auto* refusal = std::get_if<Refusal>(&to)) return *refusal;
  query.to = std::get<0>(to);
  const auto from = time_parameter(request, "from", std::max(query.to - kDefaultRange, TimePoint{}));
  if (const auto* refusal = std::get_if<Refusal>(&from)) return *refusal;
  query.from = std::get<0>(from);
  if (query.from >= query.to) return Refusal{"from must be before to", "from"};
  if (query.to - query.from > kMostRange)
    return Refusal{fmt::format("at most {} are shown at once", format_duration(kMostRange)), "from"};
  const auto step = step_parameter(request, query.to - query.from);
  if (const auto* refusal = std::get_if<Refusal>(&step)) return *refusal;
  query.step = std::get<0>(step);
  const auto points = points_parameter(request);
  if (const auto* refusal = std::get_if<Refusal>(&points)) return *refusal;
  query.most_points = std::get<0>(points);
  return query;
}

constexpr std::array kQuantiles{std::pair{"p50", 0.5}, std::pair{"p75", 0.75}, std::pair{"p95", 0.95}};

double average_of(const HistoryPoint& point) {
  return point.sum / static_cast<double>(point.count);
}

json::object line_json(const HistoryLine& line) {
  json::object labels;
  for (const auto& [name, value] : line.name.labels) labels[name] = value;
  json::array points;
  points.reserve(line.points.size());
  for (const HistoryPoint& point : line.points) {
    json::object out{{"at", format_time(point.at)}, {"avg", average_of(point)}, {"min", point.min}, {"max", point.max},
                     {"last", point.last},          {"count", point.count}};
    for (const auto& [name, part] : kQuantiles)
      out[name] = line.duration ? json::value(quantile_of(point, part)) : json::value(nullptr);
    points.push_back(std::move(out));
  }
  return {{"metric", line.name.metric}, {"labels", std::move(labels)}, {"points", std::move(points)}};
}

json::object answer_json(const HistoryQuery& query, const std::string& dimension, const HistoryAnswer& answer) {
  json::array series;
  for (const HistoryLine& line : answer.lines) series.push_back(line_json(line));
  return {{"crm", query.crm},
          {"dimension", dimension.empty() ? json::value(nullptr) : json::value(dimension)},
          {"from", format_time(query.from)},
          {"to", format_time(query.to)},
          {"step", format_duration(answer.step)},
          {"source", to_string(answer.source)},
          {"series", std::move(series)},
          {"series_omitted", answer.omitted},
          {"blocks_damaged", answer.damaged.count() + answer.damaged_rollups}};
}

std::string csv_text(std::string_view text) {
  std::string out{'"'};
  for (const char c : text) out += c == '"' ? std::string{"\"\""} : std::string{c};
  return out + '"';
}

/// One line a point; `series` holds the labels: `operation=read,phase=connect`.
std::string answer_csv(const HistoryQuery& query, const HistoryAnswer& answer) {
  std::string out = "crm,metric,series,at,avg,min,max,last,count,p50,p75,p95\r\n";
  for (const HistoryLine& line : answer.lines) {
    std::string labels;
    for (const auto& [name, value] : line.name.labels)
      labels += fmt::format("{}{}={}", labels.empty() ? "" : ",", name, value);
    const std::string series =
        fmt::format("{},{},{}", csv_text(query.crm), csv_text(line.name.metric), csv_text(labels));
    for (const HistoryPoint& point : line.points) {
      out += fmt::format("{},{},{},{},{},{},{}", series, format_time(point.at), average_of(point), point.min, point.max,
                         point.last, point.count);
      for (const auto& [name, part] : kQuantiles)
        out += line.duration ? fmt::format(",{}", quantile_of(point, part)) : std::string{","};
      out += "\r\n";
    }
  }
  return out;
}

void show_history(const net::HttpRequest& request, const std::string& crm, const EngineLoop& engine, History* history,
                  net::Respond respond) {
  const auto status = engine.rules().status(crm);
  if (!status) return respond(no_such("CRM"));
  auto query = query_of(request, engine, *status);
  if (const auto* refusal = std::get_if<Refusal>(&query))
    return respond(error_answer(400, "parameter", refusal->message, refusal->field));
  const HistoryQuery& asked = std::get<0>(query);
  const bool csv = parameter(request, "format") == "csv";
  const auto done = [asked, respond, csv,
                     dimension = parameter(request, "dimension")](const Result<HistoryAnswer>& answer) {
    if (answer && csv) return respond(text_answer(answer_csv(asked, *answer), "text/csv; charset=utf-8"));
    if (answer) return respond(json_answer(answer_json(asked, dimension, *answer)));
    log::error("the history did not answer a request", {{"why", answer.error().message}});
    respond(busy_answer("the history cannot be read now; try again"));
  };
  if (history == nullptr || !history->query(asked, done))
    respond(busy_answer("too many requests for history at once; try again"));
}

}  // namespace

void add_history_route(Router& router, const EngineLoop& engine, std::function<History*()> history) {
  router.add({"GET", "/api/v1/crms/{crm}/history", AccessRole::viewer,
              [&engine, history = std::move(history)](const Request& request, net::Respond respond) {
                show_history(request, request.part("crm"), engine, history(), std::move(respond));
              }});
}

}  // namespace crmpulse::collector
