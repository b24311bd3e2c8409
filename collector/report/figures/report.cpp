#include "collector/report/figures/report.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/dimension.h"

namespace crmpulse::collector::report {
namespace {

constexpr std::size_t kImprovements = 3;

void add_incident_figures(const IncidentSums& sums, std::vector<Figure>& out) {
  const auto add = [&](const char* metric, const char* unit, std::optional<double> value) {
    Figure figure;
    figure.dimension = "incidents";
    figure.metric = metric;
    figure.unit = unit;
    figure.better = Better::lower;
    figure.value = value;
    out.push_back(std::move(figure));
  };
  const auto seconds = [](const std::optional<Duration>& time) {
    return time ? std::optional{to_seconds(*time)} : std::nullopt;
  };
  add("incidents", "count", static_cast<double>(sums.count));
  add("incident_seconds", "seconds", to_seconds(sums.cost));
  add("acknowledge_seconds_mean", "seconds", seconds(sums.to_acknowledge));
  add("recover_seconds_mean", "seconds", seconds(sums.to_recover));
}

/// Sales of the period against those of the one before.
void add_growth(std::vector<Figure>& figures) {
  std::vector<Figure> growth;
  for (const Figure& sales : figures) {
    if (sales.metric != "sales_amount") continue;
    const auto against = [&](const std::optional<double>& earlier) -> std::optional<double> {
      if (!sales.value || !earlier || *earlier <= 0) return std::nullopt;
      return *sales.value / *earlier - 1;
    };
    Figure figure;
    figure.dimension = sales.dimension;
    figure.of = sales.of;
    figure.unit = "ratio";
    figure.better = Better::higher;
    figure.metric = "sales_growth_ratio";
    figure.value = against(sales.previous);
    if (figure.value) growth.push_back(figure);
    figure.metric = "sales_growth_year_ratio";
    figure.value = against(sales.year_ago);
    if (figure.value) growth.push_back(figure);
  }
  const auto last =
      std::find_if(figures.rbegin(), figures.rend(), [](const Figure& one) { return one.metric == "sales_amount"; });
  figures.insert(last.base(), growth.begin(), growth.end());
}

std::vector<std::string> not_measured(const std::vector<Figure>& figures) {
  std::vector<std::string> out;
  for (const DimensionName& dimension : dimensions()) {
    const bool measured = std::any_of(figures.begin(), figures.end(),
                                      [&](const Figure& one) { return one.dimension == dimension.id && one.value; });
    if (!measured) out.emplace_back(dimension.id);
  }
  return out;
}

std::vector<std::string> idle_features(const PeriodReadings& readings) {
  std::map<std::string, bool> used;
  for (const Totals& one : readings.totals) {
    if (one.metric == "crm_feature_used" && one.count > 0) used[std::string{one.labels.get("feature")}] |= one.max > 0;
  }
  std::vector<std::string> out;
  for (const auto& [feature, is_used] : used) {
    if (!is_used) out.push_back(feature);
  }
  return out;
}

std::vector<BucketFigures> bucket_figures(const PeriodReadings& readings) {
  std::vector<BucketFigures> out;
  for (const BucketReadings& part : readings.buckets) {
    BucketFigures figures;
    figures.bucket = part.bucket;
    figures.until = std::clamp(readings.until, part.bucket.from, part.bucket.to);
    figures.states = sum_states(readings.states, part.bucket.from, figures.until);
    figures.availability = availability_of(part.totals, {});
    PeriodReadings only;
    only.totals = part.totals;
    for (Figure& one : figures_of(only)) {
      if (one.metric == "response_time_p50" || one.metric == "response_time_p95")
        figures.latency.push_back(std::move(one));
    }
    out.push_back(std::move(figures));
  }
  return out;
}

IncidentSums measured(std::vector<Incident>& incidents, const PeriodReadings& readings) {
  for (Incident& one : incidents) measure_incident(one, readings.states, readings.period.from, readings.until);
  return sum_incidents(incidents, readings.period.from);
}

std::vector<Improvement> improvements(const ReportInput& input) {
  std::vector<Improvement> out;
  for (Cost& cost : costs_of(input.incidents, input.current.states, input.current.period.from, input.current.until)) {
    if (out.size() >= kImprovements) break;
    const auto remedy = input.remedies.find(cost.rule);
    out.push_back({std::move(cost), remedy == input.remedies.end() ? Bilingual{} : remedy->second});
  }
  return out;
}

/// Is anything known of it? A period without any data has no numbers to compare with.
bool has_data(const PeriodReadings& readings) {
  return !readings.totals.empty() || !readings.closing.empty() || !readings.ages.empty() ||
         sum_states(readings.states, readings.period.from, readings.until).judged() > Duration{0};
}

}  // namespace

Report calculate(ReportInput input) {
  Report out;
  const PeriodReadings& current = input.current;
  out.incident_sums = measured(input.incidents, current);
  out.figures = figures_of(current);
  add_incident_figures(out.incident_sums, out.figures);
  set_targets(out.figures, input.targets);
  if (input.previous && !has_data(*input.previous)) {
    out.nothing_before = input.previous->period;
    input.previous.reset();
  }
  if (input.previous) {
    out.previous = input.previous->period;
    out.states_before = sum_states(input.previous->states, input.previous->period.from, input.previous->until);
    out.incidents_before = measured(input.earlier_incidents, *input.previous);
    std::vector<Figure> earlier = figures_of(*input.previous);
    add_incident_figures(*out.incidents_before, earlier);
    set_earlier(out.figures, earlier, &Figure::previous);
  }
  if (input.year_ago && has_data(*input.year_ago)) {
    out.year_ago = input.year_ago->period;
    set_earlier(out.figures, figures_of(*input.year_ago), &Figure::year_ago);
  }
  add_growth(out.figures);
  out.crm = input.crm;
  out.kind = input.kind;
  out.made = input.now;
  out.zone = input.zone;
  out.period = current.period;
  out.until = current.until;
  out.under_way = input.now < current.period.to;
  out.compared = input.compared;
  out.states = sum_states(current.states, current.period.from, current.until);
  out.not_measured = not_measured(out.figures);
  out.idle_features = idle_features(current);
  out.buckets = bucket_figures(current);
  out.timeline = cut(current.states, current.period.from, current.until);
  out.improvements = improvements(input);
  out.incidents = std::move(input.incidents);
  out.goals = std::move(input.goals);
  out.notices = current.notices;
  out.incidents_omitted = input.incidents_omitted;
  out.series_omitted = input.series_omitted;
  out.damaged = input.damaged;
  return out;
}

}  // namespace crmpulse::collector::report
