#include "collector/api/states_api.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <utility>

#include "collector/api/api.h"
#include "collector/history/days.h"
#include "collector/http/answers.h"
#include "collector/message/change_text.h"
#include "core/log.h"
#include "core/time/hours.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

constexpr Duration kStatesRange{std::chrono::hours{24}};
constexpr int kDaysShown = 90;
constexpr std::size_t kMostChanges = 10'000;

json::object state_change_json(const store::StateChange& change) {
  return {{"at", format_time(change.at)},
          {"state", to_string(change.state)},
          {"data_status", to_string(change.data_status)},
          {"score", change.score ? json::value(*change.score) : json::value(nullptr)},
          {"maintenance", change.maintenance}};
}

std::int64_t whole_seconds(Duration time) {
  return std::chrono::round<std::chrono::seconds>(time).count();
}

json::object day_json(const DayOfStates& day) {
  const auto availability = day.times.availability();
  return {{"day", date_text(day.day)},
          {"healthy_seconds", whole_seconds(day.times.healthy)},
          {"sub_healthy_seconds", whole_seconds(day.times.sub_healthy)},
          {"poor_seconds", whole_seconds(day.times.poor)},
          {"no_data_seconds", whole_seconds(day.times.no_data)},
          {"maintenance_seconds", whole_seconds(day.times.maintenance)},
          {"availability", availability ? json::value(*availability) : json::value(nullptr)}};
}

using TimelineRead = std::function<Result<json::object>(store::Database&)>;

/// Reads beside the loop, and answers.
void answer_from(History* history, TimelineRead read, net::Respond respond) {
  History::Job job = [read = std::move(read), respond](store::Database& database) -> History::Then {
    auto found = std::make_shared<Result<json::object>>(read(database));
    return [found, respond] {
      if (*found) return respond(json_answer(**found));
      log::error("the timeline of states did not answer a request", {{"why", found->error().message}});
      respond(busy_answer("the timeline of states cannot be read now; try again"));
    };
  };
  if (history == nullptr || !history->ask(std::move(job)))
    respond(busy_answer("too many requests for history at once; try again"));
}

Result<json::object> read_states(store::Database& database, const std::string& crm, TimePoint from, TimePoint to) {
  json::array changes;
  std::size_t omitted = 0;
  const auto read = store::read_state_changes(database, crm, from, to, [&](const store::StateChange& change) {
    if (changes.size() < kMostChanges) {
      changes.push_back(state_change_json(change));
    } else {
      ++omitted;
    }
  });
  if (!read) return read.error();
  return json::object{{"crm", crm},
                      {"from", format_time(from)},
                      {"to", format_time(to)},
                      {"changes", std::move(changes)},
                      {"changes_omitted", omitted}};
}

/// The times were checked to be some (parameters.h).
TimePoint checked_time(const net::HttpRequest& request, std::string_view name, TimePoint otherwise) {
  const std::string text = parameter(request, name);
  if (text.empty()) return otherwise;
  const auto time = parse_time(text);
  return time ? *time : otherwise;
}

void show_states(const net::HttpRequest& request, const std::string& crm, const EngineLoop& engine, History* history,
                 net::Respond respond) {
  const TimePoint to = checked_time(request, "to", engine.now());
  const TimePoint from = checked_time(request, "from", to - kStatesRange);
  if (from >= to) return respond(error_answer(400, "parameter", "from must be before to", "from"));
  answer_from(
      history, [crm, from, to](store::Database& database) { return read_states(database, crm, from, to); },
      std::move(respond));
}

Result<json::object> read_days_json(store::Database& database, const std::string& crm, const Zone& zone, int count,
                                    TimePoint now) {
  const auto days = read_days(database, crm, zone, count, now);
  if (!days) return days.error();
  json::array out;
  for (const DayOfStates& day : *days) out.push_back(day_json(day));
  return json::object{{"crm", crm}, {"time_zone", zone.name}, {"days", std::move(out)}};
}

void show_days(const net::HttpRequest& request, const std::string& crm, const EngineLoop& engine, History* history,
               net::Respond respond) {
  const std::string text = parameter(request, "days");
  const int count = text.empty() ? kDaysShown : std::stoi(text);
  const ZonePtr& configured = engine.configuration().settings.time_zone;
  const ZonePtr zone = configured ? configured : std::make_shared<const Zone>();
  answer_from(
      history,
      [crm, zone, count, now = engine.now()](store::Database& database) {
        return read_days_json(database, crm, *zone, count, now);
      },
      std::move(respond));
}

void show_changes(const net::HttpRequest& request, const std::string& crm, const EngineLoop& engine, History*,
                  const net::Respond& respond) {
  const TimePoint to = checked_time(request, "to", engine.now());
  const TimePoint from = checked_time(request, "from", TimePoint{});
  std::vector<EarlierChange> told;
  for (const Change* change : engine.changes().between(crm, engine.crms().find(crm), from, to))
    told.push_back(told_change(*change));
  respond(json_answer(json::object{{"crm", crm}, {"changes", changes_json(told)}}));
}

}  // namespace

void add_state_routes(Router& router, const EngineLoop& engine, std::function<History*()> history) {
  const auto route = [&](const std::string& path, auto show) {
    router.add(
        {"GET", path, AccessRole::viewer, [&engine, history, show](const Request& request, net::Respond respond) {
           const std::string& crm = request.part("crm");
           if (!engine.rules().watches(crm)) return respond(no_such("CRM"));
           show(request, crm, engine, history(), std::move(respond));
         }});
  };
  route("/api/v1/crms/{crm}/states", show_states);
  route("/api/v1/crms/{crm}/days", show_days);
  route("/api/v1/crms/{crm}/changes", show_changes);
}

}  // namespace crmpulse::collector
