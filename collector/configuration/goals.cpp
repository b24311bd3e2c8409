#include "collector/configuration/goals.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include "collector/receivers/base/receiver.h"
#include "config/suggest.h"
#include "core/metric_names.h"
#include "core/time/hours.h"

namespace crmpulse::collector {
namespace {

constexpr double kMostTarget = 1e15;
constexpr std::size_t kLongestOwner = 100;

/// Of what a good CRM has little.
bool is_better_low(std::string_view metric) {
  constexpr std::array<std::string_view, 6> kEnds{"_seconds", "_incomplete", "_duplicate",
                                                  "_invalid", "_outdated",   "_orphaned"};
  return metric == "crm_process_overdue_ratio" || metric == "crm_users_dormant" || metric == "crm_login_failures" ||
         std::any_of(kEnds.begin(), kEnds.end(), [&](std::string_view end) { return metric.ends_with(end); });
}

void read_metric(config::Reader& item, Goal& goal) {
  if (!item.require("metric", goal.metric)) return;
  if (!is_metric_name(goal.metric)) {
    std::vector<std::string> known;
    for (const std::string_view name : metric_names()) known.emplace_back(name);
    const auto near = config::nearest(goal.metric, known);
    return item.problem("metric", fmt::format("there is no metric '{}'{}", goal.metric,
                                              near ? fmt::format("; did you mean '{}'?", *near)
                                                   : "; docs/reference.md lists them under Samples"));
  }
  if (goal.metric.ends_with("_timestamp_seconds"))
    return item.problem("metric", "is a point in time, which cannot be a goal");
  goal.at_most = is_better_low(goal.metric);
}

void read_date(config::Reader& item, std::string_view key, std::chrono::sys_days& out, bool& there) {
  std::string text;
  if (!item.get(key, text)) return;
  const auto date = date_from(text);
  if (!date) return item.problem(key, fmt::format("'{}' is not a date such as 2027-03-31", text));
  out = *date;
  there = true;
}

void read_where(config::Reader& item, Goal& goal) {
  if (!item.has("where")) return;
  config::Reader where = item.child("where");
  for (const std::string& label : where.keys()) {
    LabelMatch match{label, {}};
    if (!where.get(label, match.any_of)) continue;
    if (match.any_of.empty()) where.problem(label, "an empty list selects nothing");
    goal.where.push_back(std::move(match));
  }
}

void read_dates(config::Reader& item, Goal& goal) {
  bool has_end = false;
  bool has_begin = false;
  std::chrono::sys_days begin;
  if (!item.has("by")) item.missing("by");
  read_date(item, "by", goal.by, has_end);
  read_date(item, "since", begin, has_begin);
  if (has_begin) goal.since = begin;
  if (has_begin && has_end && begin >= goal.by)
    item.problem("since", fmt::format("must be before {}, by when it is to be reached", date_text(goal.by)));
}

Goal read_goal(config::Reader& item) {
  Goal goal;
  item.require("crm", goal.crm);
  read_metric(item, goal);
  goal.name = goal.metric;
  item.get("name", goal.name);
  read_where(item, goal);
  item.require("target", goal.target, -kMostTarget, kMostTarget);
  std::size_t direction = 0;
  if (item.get_choice("direction", direction, {"at_least", "at_most"})) goal.at_most = direction == 1;
  double baseline = 0;
  if (item.get("baseline", baseline, -kMostTarget, kMostTarget)) {
    goal.baseline = baseline;
    if (goal.at_most ? baseline <= goal.target : baseline >= goal.target)
      item.problem("baseline", fmt::format("is {} the target already: nothing is left to reach",
                                           goal.at_most ? "at or below" : "at or above"));
  }
  read_dates(item, goal);
  if (item.require("owner", goal.owner) && (goal.owner.empty() || goal.owner.size() > kLongestOwner))
    item.problem("owner", fmt::format("must name who answers for it, in at most {} bytes", kLongestOwner));
  item.finish();
  return goal;
}

const ReceiverSettings* find_receiver(config::Reader& item, const std::string& name,
                                      const std::vector<ReceiverSettings>& receivers) {
  const auto found =
      std::find_if(receivers.begin(), receivers.end(), [&](const ReceiverSettings& one) { return one.name == name; });
  if (found == receivers.end()) {
    std::vector<std::string> names;
    for (const ReceiverSettings& one : receivers) names.push_back(one.name);
    item.problem("receiver", fmt::format("there is no receiver '{}'{}", name, config::suggestion(name, names)));
    return nullptr;
  }
  if (found->heartbeat) item.problem("receiver", fmt::format("'{}' gets heartbeats and nothing else", name));
  if (found->acknowledges)
    item.problem("receiver", fmt::format("'{}' calls people out; send reports to one that is read at leisure", name));
  if (found->receiver && found->receiver->repeats())
    item.problem("receiver", fmt::format("'{}' keeps states and takes no reports", name));
  return &*found;
}

ReportSchedule read_schedule(config::Reader& item, const std::vector<ReceiverSettings>& receivers) {
  using Period = ReportSchedule::Period;
  ReportSchedule schedule;
  if (item.require("crm", schedule.crms) && schedule.crms.empty()) item.problem("crm", "an empty list names no CRM");
  std::size_t choice = 0;
  if (!item.has("period")) item.missing("period");
  if (item.get_choice("period", choice, {"week", "month", "quarter", "year"}))
    schedule.period = std::array{Period::week, Period::month, Period::quarter, Period::year}.at(choice);
  if (item.require("receiver", schedule.receiver)) {
    if (const ReceiverSettings* receiver = find_receiver(item, schedule.receiver, receivers))
      schedule.language = receiver->language;
  }
  if (item.get_choice("language", choice, {"en", "zh"})) schedule.language = choice == 0 ? Language::en : Language::zh;
  std::string at;
  if (item.get("at", at)) {
    const auto clock = clock_from(at);
    if (!clock || *clock >= std::chrono::hours{24}) item.problem("at", "must be a time of day such as 07:00");
    if (clock) schedule.at = *clock;
  }
  item.finish();
  return schedule;
}

}  // namespace

std::vector<Goal> read_goals(config::Reader& root) {
  std::vector<Goal> goals;
  std::set<std::pair<std::string, std::string>> names;
  for (config::Reader& item : root.each("goals")) {
    Goal goal = read_goal(item);
    if (!names.insert({goal.crm, goal.name}).second)
      item.problem(fmt::format("'{}' has a goal '{}' already; give this one a name", goal.crm, goal.name));
    goals.push_back(std::move(goal));
  }
  return goals;
}

std::vector<ReportSchedule> read_report_schedules(config::Reader& root,
                                                  const std::vector<ReceiverSettings>& receivers) {
  std::vector<ReportSchedule> schedules;
  for (config::Reader& item : root.each("reports")) schedules.push_back(read_schedule(item, receivers));
  return schedules;
}

}  // namespace crmpulse::collector
