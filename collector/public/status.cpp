#include "collector/public/status.h"

#include <algorithm>
#include <boost/json.hpp>

#include "collector/text/json_text.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;
using std::chrono::sys_days;

constexpr Duration kDay{std::chrono::hours{24}};
constexpr Duration kAhead = 30 * kDay;  ///< how far maintenance is announced
constexpr int kMostIncidents = 100;     ///< of one CRM
constexpr std::size_t kMostPlanned = 5;
constexpr int kMostSteps = 64;  ///< of a weekly window's edges

/// Usage, quotas, sales and the like are nobody's business.
constexpr std::array<std::string_view, 5> kTold{"availability", "latency", "transactions", "throughput", "staleness"};

bool is_told(std::string_view dimension) {
  return std::find(kTold.begin(), kTold.end(), dimension) != kTold.end();
}

void tell(std::vector<std::string>& dimensions, const std::string& dimension) {
  if (is_told(dimension) && std::find(dimensions.begin(), dimensions.end(), dimension) == dimensions.end())
    dimensions.push_back(dimension);
}

Shown shown_of(Level level) {
  return level == Level::poor ? Shown::poor : level == Level::sub_healthy ? Shown::sub_healthy : Shown::healthy;
}

Shown shown_of(const store::StateChange& change) {
  if (change.maintenance) return Shown::maintenance;
  const bool measured = change.data_status == DataStatus::fresh || change.data_status == DataStatus::stale;
  return measured ? shown_of(change.state) : Shown::unknown;
}

Duration offset_of(TimePoint at, const ZonePtr& zone) {
  return zone ? zone->offset_at(at) : Duration{0};
}

sys_days date_of(TimePoint at, const ZonePtr& zone) {
  return std::chrono::floor<std::chrono::days>(at + offset_of(at, zone));
}

/// When the date begins by the zone's clock.
TimePoint start_of(sys_days date, const ZonePtr& zone) {
  const TimePoint local{date.time_since_epoch()};
  const TimePoint near = local - offset_of(local, zone);
  return local - offset_of(near, zone);
}

void spend(std::vector<ShownDay>& days, const std::vector<TimePoint>& starts, TimePoint from, TimePoint to,
           Shown state) {
  for (std::size_t day = 0; day < days.size(); ++day) {
    const TimePoint begin = std::max(from, starts[day]);
    const TimePoint end = std::min(to, starts[day + 1]);
    if (end > begin) days[day].spent.at(static_cast<std::size_t>(state)) += end - begin;
  }
}

std::optional<double> usable_share(const std::vector<ShownDay>& days) {
  Duration good{};
  Duration poor{};
  for (const ShownDay& day : days) {
    good += day.in(Shown::healthy) + day.in(Shown::sub_healthy);
    poor += day.in(Shown::poor);
  }
  if (good + poor == Duration{0}) return std::nullopt;
  return to_seconds(good) / to_seconds(good + poor);
}

ShownIncident incident_from(const store::StoredIncident& stored) {
  ShownIncident incident{stored.id, static_cast<Level>(stored.level), stored.opened, stored.resolved, {}};
  boost::system::error_code error;
  const json::value detail = json::parse(stored.detail, error);
  if (error || !detail.is_object()) return incident;
  const json::value* const failing = detail.get_object().if_contains("failing");
  if (failing == nullptr || !failing->is_array()) return incident;
  for (const json::value& one : failing->get_array()) {
    if (one.is_object()) tell(incident.dimensions, string_member(one.get_object(), "dimension"));
  }
  return incident;
}

/// Returns the beginning of the window that holds at `now`, or of the next one within kAhead.
std::optional<TimePoint> next_start(const Suppression& one, TimePoint now) {
  if (one.holds_at(now)) return one.began(now);
  TimePoint at = now;
  for (int steps = 0; steps < kMostSteps; ++steps) {
    at = one.next_switch(at);
    if (at > now + kAhead) return std::nullopt;
    if (one.holds_at(at)) return at;
  }
  return std::nullopt;
}

/// Returns when the window that holds at `at` ends; nullopt if it goes on and on.
std::optional<TimePoint> end_after(const Suppression& one, TimePoint at) {
  for (int steps = 0; steps < kMostSteps; ++steps) {
    at = one.next_switch(at);
    if (at == TimePoint::max()) return std::nullopt;
    if (!one.holds_at(at)) return at;
  }
  return std::nullopt;
}

/// The windows that begin or go on within kAhead.
std::vector<PlannedWork> planned_for(const EngineLoop& engine, const Labels& labels, TimePoint now) {
  std::vector<PlannedWork> planned;
  for (const Suppression& one : engine.operations().all()) {
    if (one.kind != Suppression::Kind::maintenance || !matches(one.matchers, labels)) continue;
    const auto from = next_start(one, now);
    if (from)
      planned.push_back({one.id, std::max(one.created, *from - kAhead), *from, end_after(one, std::max(*from, now))});
  }
  std::sort(planned.begin(), planned.end(), [](const auto& a, const auto& b) { return a.from < b.from; });
  if (planned.size() > kMostPlanned) planned.resize(kMostPlanned);
  return planned;
}

void add_state(PublicCrm& shown, const rules::CrmStatus& status, TimePoint now) {
  const bool works_on_it = !shown.planned.empty() && shown.planned.front().from <= now;
  const bool measured = status.data_status == DataStatus::fresh || status.data_status == DataStatus::stale;
  shown.state = works_on_it ? Shown::maintenance : measured ? shown_of(status.state) : Shown::unknown;
  shown.since = works_on_it ? shown.planned.front().from : status.since;
  if (works_on_it) shown.until = shown.planned.front().to;
  for (const rules::RuleStatus& rule : status.rules) {
    if (rule.level != Level::healthy && rule.inhibited_by.empty()) tell(shown.dimensions, rule.dimension);
  }
}

PublicCrm present(const EngineLoop& engine, const PublicPage& page, const std::string& crm) {
  PublicCrm shown;
  shown.crm = crm;
  shown.name = page.name_of(crm);
  if (const auto status = engine.rules().status(crm)) {
    shown.planned = planned_for(engine, status->labels, engine.now());
    add_state(shown, *status, engine.now());
  }
  return shown;
}

/// How much a state matters beside others.
int weight(Shown state) {
  switch (state) {
    case Shown::poor: return 4;
    case Shown::sub_healthy: return 3;
    case Shown::maintenance: return 2;
    case Shown::healthy: return 1;
    case Shown::unknown: return 0;
  }
  return 0;
}

}  // namespace

std::string_view to_string(Shown state) {
  switch (state) {
    case Shown::healthy: return "healthy";
    case Shown::sub_healthy: return "sub_healthy";
    case Shown::poor: return "poor";
    case Shown::unknown: return "unknown";
    case Shown::maintenance: return "maintenance";
  }
  return "unknown";
}

Shown ShownDay::worst() const {
  Shown worst = Shown::unknown;
  for (const Shown state : {Shown::healthy, Shown::maintenance, Shown::sub_healthy, Shown::poor}) {
    if (in(state) > Duration{0}) worst = state;
  }
  return worst;
}

const PublicCrm* PublicStatus::find(std::string_view crm) const {
  const auto found = std::find_if(crms.begin(), crms.end(), [&](const PublicCrm& one) { return one.crm == crm; });
  return found == crms.end() ? nullptr : &*found;
}

Shown PublicStatus::worst() const {
  Shown worst = Shown::healthy;
  bool measured = crms.empty();
  for (const PublicCrm& crm : crms) {
    measured = measured || crm.state != Shown::unknown;
    if (weight(crm.state) > weight(worst)) worst = crm.state;
  }
  return measured ? worst : Shown::unknown;
}

PublicStatus present_status(const EngineLoop& engine, const PublicPage& page) {
  const Settings& settings = engine.configuration().settings;
  PublicStatus status{engine.now(), settings.time_zone, page.title, settings.external_url, {}};
  // Those of the file stand there also before their first sample.
  std::vector<std::string> names = page.crms;
  if (names.empty()) {
    for (const std::string& crm : engine.rules().crms()) {
      const auto marks = engine.rules().marks(crm);
      if (marks && page.shows(crm, marks->labels)) names.push_back(crm);
    }
  }
  if (names.size() > kMostShownCrms) names.resize(kMostShownCrms);
  for (const std::string& crm : names) status.crms.push_back(present(engine, page, crm));
  return status;
}

std::vector<ShownDay> days_of(const std::vector<store::StateChange>& changes, TimePoint now, const ZonePtr& zone) {
  const sys_days today = date_of(now, zone);
  std::vector<ShownDay> days;
  std::vector<TimePoint> starts;
  for (int ago = kShownDays - 1; ago >= 0; --ago) {
    const sys_days date = today - std::chrono::days{ago};
    days.push_back({date, {}});
    starts.push_back(start_of(date, zone));
  }
  starts.push_back(now);
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const TimePoint until = i + 1 < changes.size() ? changes[i + 1].at : now;
    spend(days, starts, changes[i].at, until, shown_of(changes[i]));
  }
  return days;
}

Result<void> add_past(store::Database& database, PublicStatus& status) {
  const TimePoint from = start_of(date_of(status.at, status.zone) - std::chrono::days{kShownDays - 1}, status.zone);
  for (PublicCrm& crm : status.crms) {
    std::vector<store::StateChange> changes;
    const auto read = store::read_state_changes(database, crm.crm, from, status.at,
                                                [&](const store::StateChange& change) { changes.push_back(change); });
    if (!read) return read;
    crm.days = days_of(changes, status.at, status.zone);
    crm.usable = usable_share(crm.days);
    store::IncidentFilter filter;
    filter.crm = crm.crm;
    filter.limit = kMostIncidents;
    filter.from = from;
    const auto incidents = store::list_incidents(database, filter);
    if (!incidents) return incidents.error();
    for (const store::StoredIncident& incident : *incidents) crm.incidents.push_back(incident_from(incident));
  }
  return {};
}

}  // namespace crmpulse::collector
