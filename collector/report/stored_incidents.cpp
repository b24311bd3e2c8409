#include "collector/report/stored_incidents.h"

#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "collector/text/json_text.h"

namespace crmpulse::collector::report {
namespace {

namespace json = boost::json;

constexpr std::size_t kMostIncidents = 500;
constexpr std::size_t kMostLines = 60;  ///< of one timeline; the rest is counted
constexpr int kMostEvents = 2000;       ///< all that are kept of one
constexpr int kPage = 200;

json::object parsed(const std::string& text) {
  boost::system::error_code error;
  json::value value = json::parse(text, error);
  return error || !value.is_object() ? json::object{} : std::move(value.get_object());
}

Level level_of(const std::string& name) {
  if (name == to_string(Level::poor)) return Level::poor;
  return name == to_string(Level::healthy) ? Level::healthy : Level::sub_healthy;
}

/// Follows the rules of one incident from line to line.
class FailingRules {
 public:
  explicit FailingRules(std::vector<FailingSpan>& out) : out_(out) {}

  void take(const json::object& line, TimePoint at) {
    const std::string rule = string_member(line, "rule");
    end(rule, at);
    const Level level = level_of(string_member(line, "state"));
    if (level != Level::healthy) open_[rule] = {string_member(line, "dimension"), rule, at, at, level};
  }
  void end_all(TimePoint at) {
    while (!open_.empty()) end(open_.begin()->first, at);
  }

 private:
  void end(std::string rule, TimePoint at) {
    const auto known = open_.find(rule);
    if (known == open_.end()) return;
    known->second.to = at;
    if (known->second.from < at) out_.push_back(known->second);
    open_.erase(known);
  }

  std::vector<FailingSpan>& out_;
  std::map<std::string, FailingSpan> open_;
};

/// Of an incident without lines about its dimensions: what failed at its end.
void take_failing(const json::object& detail, Incident& incident, TimePoint end) {
  const json::value* failing = detail.if_contains("failing");
  if (failing == nullptr || !failing->is_array()) return;
  for (const json::value& one : failing->get_array()) {
    if (!one.is_object()) continue;
    const json::object& told = one.get_object();
    const auto since = parse_time(string_member(told, "since"));
    const TimePoint from = since ? std::max(*since, incident.opened) : incident.opened;
    if (from >= end) continue;
    const std::string dimension = string_member(told, "dimension");
    const std::string rule = string_member(told, "rule");
    incident.failing.push_back(
        {dimension, rule.empty() ? dimension : rule, from, end, level_of(string_member(told, "state"))});
  }
}

/// Who was told is not what happened.
bool is_told(std::string_view type) {
  return type != "message";
}

void take_line(const json::object& line, TimePoint at, Incident& incident, FailingRules& rules) {
  const std::string type = string_member(line, "type");
  if (type == "dimension") rules.take(line, at);
  if (type == "ack" && !incident.acknowledged) {
    incident.acknowledged = std::max(at, incident.opened);
    incident.acknowledged_by = string_member(line, "author");
  }
  if (!is_told(type)) return;
  if (incident.timeline.size() >= kMostLines) {
    ++incident.lines_omitted;
    return;
  }
  const json::object& text = object_member(line, "text");
  incident.timeline.push_back({at, type, {string_member(text, "en"), string_member(text, "zh")}});
}

Result<Incident> read_one(store::Database& database, const store::StoredIncident& stored, TimePoint until) {
  const json::object detail = parsed(stored.detail);
  Incident incident;
  incident.id = stored.id;
  incident.opened = stored.opened;
  incident.resolved = stored.resolved;
  const bool poor = stored.level >= 2 || string_member(detail, "worst") == to_string(Level::poor);
  incident.worst = poor ? Level::poor : Level::sub_healthy;
  const json::object& fault = object_member(detail, "fault");
  incident.verdict = string_member(fault, "verdict");
  incident.why = {string_member(fault, "why"), string_member(fault, "why_zh")};
  const auto events = store::list_events(database, stored.id, kMostEvents);
  if (!events) return events.error();
  const TimePoint end = std::min(stored.resolved.value_or(until), until);
  FailingRules rules{incident.failing};
  for (const store::IncidentEvent& event : *events) take_line(parsed(event.body), event.at, incident, rules);
  rules.end_all(end);
  if (incident.failing.empty()) take_failing(detail, incident, end);
  return incident;
}

}  // namespace

Result<StoredIncidents> read_incidents(store::Database& database, const std::string& crm, TimePoint from,
                                       TimePoint until) {
  StoredIncidents out;
  store::IncidentFilter filter;
  filter.crm = crm;
  filter.limit = kPage;
  for (bool more = true; more;) {
    const auto page = store::list_incidents(database, filter);
    if (!page) return page.error();
    for (const store::StoredIncident& stored : *page) {
      // One at a time is open: what is before one that began before the period was over by then.
      more = stored.opened >= from;
      const bool within = stored.opened < until && stored.resolved.value_or(until) > from;
      if (within && out.incidents.size() >= kMostIncidents) {
        ++out.omitted;
      } else if (within) {
        auto incident = read_one(database, stored, until);
        if (!incident) return incident.error();
        out.incidents.push_back(std::move(*incident));
      }
      if (!more) break;
    }
    more = more && page->size() == static_cast<std::size_t>(kPage);
    if (more) filter.before = page->back().id;
  }
  std::reverse(out.incidents.begin(), out.incidents.end());
  return out;
}

}  // namespace crmpulse::collector::report
