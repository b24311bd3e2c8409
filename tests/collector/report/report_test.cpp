// The numbers of a report against a calculation by hand.

#include "collector/report/figures/report.h"

#include <catch2/catch.hpp>

#include "collector/report/make.h"
#include "tests/collector/report/stored_month.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::collector::report;
using namespace crmpulse::test;

namespace {

constexpr double kHour = 3600;

Approx about(double value) {
  return Approx(value).epsilon(1e-9);
}

std::shared_ptr<const Configuration> configuration(const StoredMonth& month, const std::string& more = "") {
  auto loaded = load_configuration(month.config(more));
  if (!loaded) throw std::runtime_error(to_string(loaded.error()));
  return *loaded;
}

Report report_of(const StoredMonth& month, const Asked& asked, TimePoint now, const std::string& more = "") {
  const auto loaded = configuration(month, more);
  const auto request = request_from(asked, now, loaded->settings.time_zone);
  if (!request) throw std::runtime_error(request.error().message);
  return make_report(*loaded, *request).value();
}

double value_of(const Report& report, std::string_view metric, std::string_view of = {}) {
  const Figure* figure = find(report.figures, metric, of);
  REQUIRE(figure != nullptr);
  REQUIRE(figure->value.has_value());
  return *figure->value;
}

const TimePoint kLater = at("11-02T09:00");

/// One series of a week around an instant, hour by hour.
std::vector<Sample> hourly(const std::string& metric, TimePoint from, TimePoint to, double value, Labels labels = {}) {
  std::vector<Sample> out;
  for (TimePoint when = from; when < to; when += std::chrono::hours{1})
    out.push_back(sample(metric, "acme", value, when, labels));
  return out;
}

}  // namespace

TEST_CASE("time in each condition equals a hand calculation with maintenance, a change of clocks and cut ends") {
  const StoredMonth month;
  const Report report = report_of(month, {"acme", "2026-10", ""}, kLater);
  CHECK(value_of(report, "healthy_seconds") == about(kHealthy * kHour));
  CHECK(value_of(report, "degraded_seconds") == about(kDegraded * kHour));
  CHECK(value_of(report, "poor_seconds") == about(kPoor * kHour));
  CHECK(value_of(report, "maintenance_seconds") == about(kMaintenance * kHour));
  CHECK(value_of(report, "no_data_seconds") == about(kNoData * kHour));
  CHECK(value_of(report, "score_mean") == about(kScore));
  CHECK_FALSE(report.under_way);
  REQUIRE(report.buckets.size() == 31);
  CHECK(report.buckets[24].states.of(Condition::poor) == std::chrono::hours{1});
  CHECK(report.buckets[24].states.of(Condition::healthy) == std::chrono::hours{24});
  CHECK(report.buckets[0].states.of(Condition::poor) == std::chrono::minutes{30});
  CHECK(report.buckets[30].states.of(Condition::poor) == std::chrono::minutes{30});
}

TEST_CASE("a week with the clock set forward has 167 hours") {
  const StoredMonth month;
  const Report report = report_of(month, {"acme", "2026-W13", ""}, kLater);
  CHECK(value_of(report, "no_data_seconds") == about(167 * kHour));
  const Report autumn = report_of(month, {"acme", "2026-W43", ""}, kLater);
  CHECK(value_of(autumn, "healthy_seconds") == about((169 - kNoData - 1) * kHour));
  CHECK(value_of(autumn, "poor_seconds") == about(kHour));
}

TEST_CASE("availability counts the checks of the period outside maintenance") {
  StoredMonth month;
  month.add_checks();
  const Report report = report_of(month, {"acme", "2026-10", ""}, kLater);
  // 745 hours of two checks, six of them bad, of these three during maintenance.
  CHECK(value_of(report, "availability_ratio") == about((1490.0 - 6) / (1490 - 3)));
  const Figure* availability = find(report.figures, "availability_ratio");
  CHECK(availability->target == 0.999);
  CHECK(availability->met() == false);
  CHECK(report.kind == "tryton");
}

TEST_CASE("incidents count what lies in the period outside maintenance") {
  StoredMonth month;
  month.add_incidents();
  const Report report = report_of(month, {"acme", "2026-10", ""}, kLater);
  REQUIRE(report.incidents.size() == 5);
  CHECK(report.incidents[0].lasted == std::chrono::minutes{30});
  CHECK(report.incidents[2].lasted == std::chrono::hours{3});
  CHECK(report.incidents[2].cost == std::chrono::minutes{90});
  CHECK(report.incidents[4].lasted == std::chrono::minutes{30});
  CHECK(report.incident_sums.began_before == 1);
  CHECK(report.incident_sums.open == 0);
  CHECK(report.incident_sums.not_acknowledged == 2);
  CHECK(value_of(report, "incidents") == 5);
  CHECK(value_of(report, "incident_seconds") == about((0.5 + 1 + 1.5 + 1 + 0.5) * kHour));
  CHECK(value_of(report, "acknowledge_seconds_mean") == about((10 + 20) / 2.0 * 60));
  // Of those that began in it: 1 h, 3 h, 1 h and 1 h.
  CHECK(value_of(report, "recover_seconds_mean") == about(6 / 4.0 * kHour));
  CHECK(report.incidents[1].acknowledged_by == "ana");
  CHECK(report.incidents[1].verdict == "vendor");
}

TEST_CASE("an incident that is open lasts until now and has no time to recover") {
  StoredMonth month;
  month.add_incident("A", at("10-14T10:00"), std::nullopt, Level::poor, {});
  const Report report = report_of(month, {"acme", "2026-10", ""}, at("10-14T10:45"));
  CHECK(report.under_way);
  CHECK(value_of(report, "incident_seconds") == about(45 * 60));
  CHECK(report.incident_sums.open == 1);
  const Figure* recover = find(report.figures, "recover_seconds_mean");
  REQUIRE(recover != nullptr);
  CHECK_FALSE(recover->value.has_value());
}

TEST_CASE("what to improve is what cost most, shared among what failed at once, with its remedy") {
  StoredMonth month;
  month.add_incidents();
  const Report report = report_of(month, {"acme", "2026-10", ""}, kLater);
  REQUIRE(report.improvements.size() == 1);
  const Improvement& latency = report.improvements[0];
  CHECK(latency.cost.dimension == "latency");
  CHECK(latency.cost.poor == std::chrono::minutes{210});
  CHECK(latency.cost.degraded == std::chrono::hours{1});
  CHECK(latency.cost.score == about((kPoor * 80 + 1 * 30) / kJudged));
  CHECK(latency.cost.incidents == 5);
  CHECK(latency.remedy.en == "Optimise the architecture, upgrade the hardware.");

  Incident both;
  both.id = "both";
  both.failing = {{"latency", "latency", at("10-14T10:00"), at("10-14T13:00"), Level::poor},
                  {"quota", "quota", at("10-14T10:30"), at("10-14T11:00"), Level::sub_healthy}};
  std::vector<StateSpan> states{{at("10-14T10:00"), at("10-14T11:00"), Condition::poor, 20},
                                {at("10-14T11:00"), at("10-14T12:30"), Condition::maintenance, 20},
                                {at("10-14T12:30"), at("10-14T13:00"), Condition::poor, 20}};
  const std::vector<Cost> costs = costs_of(std::vector{both}, states, at("10-14T10:00"), at("10-14T13:00"));
  REQUIRE(costs.size() == 2);
  CHECK(costs[0].dimension == "latency");
  CHECK(costs[0].poor == std::chrono::minutes{90});
  CHECK(costs[0].score == about((0.5 * 80 + 0.5 * 40 + 0.5 * 80) / 1.5));
  CHECK(costs[1].degraded == std::chrono::minutes{30});
  CHECK(costs[1].score == about(0.5 * 40 / 1.5));
}

TEST_CASE("a CRM of which nothing is stored in the period has no number that looks measured") {
  const StoredMonth month;
  const Report report = report_of(month, {"acme", "2026-03", ""}, kLater);
  const Figure* availability = find(report.figures, "availability_ratio");
  REQUIRE(availability != nullptr);
  CHECK_FALSE(availability->value.has_value());
  CHECK_FALSE(find(report.figures, "score_mean")->value.has_value());
  CHECK(value_of(report, "no_data_seconds") == about(743 * kHour));
  CHECK(report.not_measured.size() == 13);
  CHECK_FALSE(report.previous.has_value());
  CHECK(report.nothing_before->id == "2026-02");
  CHECK(report.improvements.empty());
}

TEST_CASE("each figure stands beside the period before and the same a year ago") {
  StoredMonth month;
  month.append(hourly("crm_csat_ratio", at("10-30T23:00"), at("10-31T10:00"), 0.9));
  month.append(hourly("crm_csat_ratio", at("09-10T00:00"), at("09-11T00:00"), 0.8));
  const Report report = report_of(month, {"acme", "2026-10", ""}, kLater);
  const Figure* csat = find(report.figures, "csat_ratio");
  REQUIRE(csat != nullptr);
  CHECK(csat->value == about(0.9));
  CHECK(csat->previous == about(0.8));
  CHECK_FALSE(csat->year_ago.has_value());
  CHECK(trend(*csat, csat->previous) == Trend::better);
  const Figure* poor = find(report.figures, "poor_seconds");
  CHECK(poor->previous == about(kHour));
  CHECK(trend(*poor, poor->previous) == Trend::worse);
  CHECK_FALSE(report.year_ago.has_value());
  const Report swapped = report_of(month, {"acme", "2026-09", "2026-10"}, kLater);
  CHECK(find(swapped.figures, "csat_ratio")->previous == about(0.9));
  CHECK(swapped.compared);
  CHECK_FALSE(swapped.year_ago.has_value());
}

TEST_CASE("what was measured only before stands behind the others of its dimension without a value") {
  StoredMonth month;
  month.append(hourly("crm_logins", at("10-14T10:00"), at("10-14T12:00"), 7, {{"period", "24h"}}));
  month.append(hourly("crm_active_users", at("09-10T00:00"), at("09-10T02:00"), 5, {{"period", "24h"}}));
  month.append(hourly("crm_csat_ratio", at("09-10T00:00"), at("09-10T02:00"), 0.8));
  const Report report = report_of(month, {"acme", "2026-10", ""}, kLater);
  const Figure* users = find(report.figures, "active_users", "24h");
  REQUIRE(users != nullptr);
  CHECK_FALSE(users->value.has_value());
  CHECK(users->previous == about(5));
  CHECK((users - 1)->metric == "logins");
  CHECK(report.figures.back().metric == "csat_ratio");
  CHECK(report.figures.front().metric == "score_mean");
}

TEST_CASE("usage, features, quality, allowance and business are shares of what they are shares of") {
  StoredMonth month;
  const TimePoint from = at("10-30T23:00");
  const TimePoint to = at("10-31T23:00");
  std::vector<Sample> samples;
  const auto add = [&](const std::string& metric, double value, Labels labels) {
    for (Sample& one : hourly(metric, from, to, value, std::move(labels))) samples.push_back(std::move(one));
  };
  add("crm_active_users", 30, {{"period", "7d"}});
  add("crm_licensed_users", 40, {});
  add("crm_feature_used", 1, {{"feature", "quotes"}});
  add("crm_feature_used", 0, {{"feature", "campaigns"}});
  add("crm_records", 1000, {{"object", "party"}});
  add("crm_records_incomplete", 150, {{"object", "party"}, {"field", "email"}});
  add("crm_records_incomplete", 20, {{"object", "party"}, {"field", "phone"}});
  add("crm_api_limit", 1000, {{"allowance", "day"}});
  add("crm_api_remaining", 400, {{"allowance", "day"}});
  add("crm_sales_amount", 1100, {{"period", "30d"}});
  add("crm_customers", 50, {{"period", "30d"}});
  add("crm_customers_retained", 45, {{"period", "30d"}});
  month.append(samples);
  month.append(hourly("crm_sales_amount", at("09-30T00:00"), at("09-30T22:00"), 1000, {{"period", "30d"}}));
  const Report report = report_of(month, {"acme", "2026-10", ""}, kLater);
  CHECK(value_of(report, "active_share", "7d") == about(0.75));
  CHECK(value_of(report, "features_used_ratio") == about(0.5));
  CHECK(report.idle_features == std::vector<std::string>{"campaigns"});
  CHECK(value_of(report, "incomplete_ratio", "party email") == about(0.15));
  CHECK(value_of(report, "allowance_left_least", "day") == about(0.4));
  CHECK(value_of(report, "sales_growth_ratio", "30d") == about(0.1));
  CHECK(value_of(report, "customer_retention_ratio", "30d") == about(0.9));
}

TEST_CASE("quantiles are those of all calls of the period and slow or failed calls content nobody") {
  StoredMonth month;
  std::vector<Sample> samples;
  // 0.01 s to 1 s, of each hundredth one, in turn from two places; and 25 calls that failed.
  for (int i = 1; i <= 100; ++i) {
    samples.push_back(sample("crm_operation_duration_seconds", "acme", i / 100.0,
                             at("10-14T10:00") + std::chrono::minutes{i},
                             {{"operation", "read"}, {"agent", i <= 60 ? "branch-1" : "branch-2"}}));
  }
  for (int i = 1; i <= 125; ++i) {
    samples.push_back(sample("crm_operation_success", "acme", i <= 100 ? 1 : 0,
                             at("10-14T10:00") + std::chrono::minutes{i}, {{"operation", "read"}}));
  }
  month.append(samples);
  const Report report = report_of(month, {"acme", "2026-10", ""}, kLater);
  // A sketch knows a value to two percent.
  const auto near = [](double value) { return Approx(value).epsilon(0.03); };
  CHECK(value_of(report, "response_time_p50", "read") == near(0.5));
  CHECK(value_of(report, "response_time_p75", "read") == near(0.75));
  CHECK(value_of(report, "response_time_p95", "read") == near(0.95));
  CHECK(find(report.figures, "response_time_p75", "read")->target == 1);
  // Of 125 calls 20 within 0.2 s, 60 more within 0.8 s.
  CHECK(value_of(report, "apdex_ratio") == near((20 + 60 / 2.0) / 125));
  REQUIRE(report.buckets[13].latency.size() == 2);
  CHECK(report.buckets[13].latency[0].value == near(0.5));
  CHECK(report.buckets[12].latency.empty());
}

TEST_CASE("the age of data is told at the end of each hour") {
  StoredMonth month;
  const TimePoint from = at("10-31T20:00");
  std::vector<Sample> samples;
  // Changed at 20:30Z, seen at half past each of three hours: 0.5 h, 1.5 h and 2.5 h old at their ends.
  for (int hour = 0; hour < 3; ++hour) {
    samples.push_back(sample("crm_last_modified_timestamp_seconds", "acme",
                             static_cast<double>(unix_millis(from)) / 1000 + 1800,
                             from + std::chrono::minutes{30 + 60 * hour}, {{"object", "party"}}));
  }
  month.append(samples);
  const Report report = report_of(month, {"acme", "2026-10", ""}, kLater);
  CHECK(value_of(report, "data_age_longest") == about(2.5 * kHour));
  CHECK(value_of(report, "data_age_mean") == about(1.5 * kHour));
  CHECK(find(report.figures, "data_age_longest", "party") == nullptr);
}

TEST_CASE("what the vendor reported is told with its begin and end") {
  StoredMonth month;
  std::vector<Sample> samples;
  for (int minute = 0; minute < 120; minute += 5) {
    samples.push_back(sample("crm_vendor_status", "acme", minute >= 30 && minute < 60 ? 2 : 0,
                             at("10-14T10:00") + std::chrono::minutes{minute}, {{"instance", "NA45"}}));
  }
  month.append(samples);
  const Report report = report_of(month, {"acme", "2026-10", ""}, kLater);
  REQUIRE(report.notices.size() == 1);
  CHECK(report.notices[0].instance == "NA45");
  CHECK(report.notices[0].from == at("10-14T10:30"));
  CHECK(report.notices[0].to == at("10-14T11:00"));
  CHECK(report.notices[0].level == 2);
}

TEST_CASE("a goal says how far it has come and which pace it takes") {
  StoredMonth month;
  month.append(hourly("crm_csat_ratio", at("10-01T00:00"), at("10-08T00:00"), 0.80));
  month.append(hourly("crm_csat_ratio", at("10-22T00:00"), at("10-29T00:00"), 0.84));
  const std::string goals =
      "goals:\n  - {crm: acme, metric: crm_csat_ratio, target: 90%, since: 2026-10-01, by: 2026-12-09, owner: "
      "service}\n"
      "  - {crm: other, metric: crm_csat_ratio, target: 90%, by: 2026-12-09, owner: service}\n";
  const Report report = report_of(month, {"acme", "2026-10", ""}, at("10-29T00:00"), goals);
  REQUIRE(report.goals.size() == 1);
  const GoalProgress& goal = report.goals[0];
  CHECK(goal.began->value == about(0.80));
  CHECK(goal.now->value == about(0.84));
  CHECK(goal.progress == about(0.4));
  CHECK_FALSE(goal.reached);
  // 28 days and 2 hours since 1 October in Prague; 41 days and 23 hours to the end of 9 December.
  CHECK(goal.pace == about(0.04 / (28 * 24 + 2) * 168));
  CHECK(goal.pace_needed == about(0.06 / (41 * 24 + 23) * 168));
  CHECK(goal.on_track == false);
}

TEST_CASE("a goal downwards is reached below its target, and one without readings is not judged") {
  Goal goal;
  goal.target = 0.05;
  goal.at_most = true;
  const TimePoint now = at("10-29T00:00");
  const TimePoint due = at("11-29T00:00");
  const TimePoint begin = at("10-01T00:00");
  CHECK(progress_of(goal, GoalReading{begin, 0.2}, GoalReading{now, 0.05}, due, now).reached);
  const GoalProgress fast = progress_of(goal, GoalReading{begin, 0.2}, GoalReading{now, 0.1}, due, now);
  CHECK(fast.progress == about(2.0 / 3));
  CHECK(fast.on_track == true);
  const GoalProgress late = progress_of(goal, GoalReading{begin, 0.2}, GoalReading{now, 0.1}, now, now);
  CHECK(late.over);
  CHECK(late.on_track == false);
  const GoalProgress unknown = progress_of(goal, std::nullopt, std::nullopt, due, now);
  CHECK_FALSE(unknown.on_track.has_value());
  CHECK_FALSE(unknown.progress.has_value());
}

TEST_CASE("while a report is read it says how many of its steps are done") {
  const StoredMonth month;
  const auto loaded = configuration(month);
  for (const char* compare : {"", "2026-08"}) {
    const auto request = request_from({"acme", "2026-10", compare}, kLater, loaded->settings.time_zone);
    std::uint64_t last = 0;
    std::uint64_t of = 0;
    const auto progress = [&](std::uint64_t done, std::uint64_t all) {
      CHECK(done == last + 1);
      CHECK((of == 0 || of == all));
      last = done;
      of = all;
    };
    INFO(compare);
    REQUIRE(make_report(*loaded, *request, progress).has_value());
    CHECK(last > 10);
    CHECK(last == of);
  }
}

TEST_CASE("a report of a CRM that nobody knows, or of a time to come, is refused") {
  const StoredMonth month;
  const auto loaded = configuration(month);
  const auto request = request_from({"acmee", "2026-10", ""}, kLater, loaded->settings.time_zone);
  CHECK(make_report(*loaded, *request).error().message == "there is no CRM 'acmee'");
  CHECK(request_from({"acme", "2027-01", ""}, kLater, {}).error().field == "period");
  CHECK(request_from({"acme", "2026-10", "x"}, kLater, {}).error().field == "compare");
  CHECK(request_from({"acme", "", ""}, kLater, {})->period.id == "2026-10");
}
