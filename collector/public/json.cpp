#include <fmt/format.h>

#include <boost/json.hpp>

#include "collector/public/render.h"
#include "collector/public/words.h"
#include "collector/text/json_text.h"
#include "core/time/hours.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

json::object both(const Bilingual& text) {
  return {{"en", text.en}, {"zh", text.zh}};
}

json::value time_or_null(const std::optional<TimePoint>& at) {
  return at ? json::value(format_time(*at)) : json::value(nullptr);
}

json::object day_json(const ShownDay& day) {
  json::object out{{"day", date_text(day.date)}, {"state", to_string(day.worst())}};
  for (std::size_t i = 0; i < kShownStates; ++i)
    out[fmt::format("{}_seconds", to_string(static_cast<Shown>(i)))] =
        std::chrono::duration_cast<std::chrono::seconds>(day.spent.at(i)).count();
  return out;
}

json::object crm_json(const PublicCrm& crm, const PublicStatus& status) {
  json::array days;
  for (const ShownDay& day : crm.days) days.push_back(day_json(day));
  json::array incidents;
  for (const ShownIncident& one : crm.incidents) {
    incidents.push_back(json::object{{"id", one.id},
                                     {"level", to_string(one.level)},
                                     {"opened_at", format_time(one.opened)},
                                     {"resolved_at", time_or_null(one.resolved)},
                                     {"says", both(incident_sentence(one, status))}});
  }
  json::array planned;
  for (const PlannedWork& one : crm.planned)
    planned.push_back(json::object{{"from", format_time(one.from)}, {"to", time_or_null(one.to)}});
  return {{"crm", crm.crm},
          {"name", both(crm.name)},
          {"state", to_string(crm.state)},
          {"since", crm.state == Shown::unknown ? json::value(nullptr) : json::value(format_time(crm.since))},
          {"says", both(crm_sentence(crm, status))},
          {"usable", crm.usable ? json::value(*crm.usable) : json::value(nullptr)},
          {"days", std::move(days)},
          {"incidents", std::move(incidents)},
          {"maintenance", std::move(planned)}};
}

}  // namespace

std::string render_json(const PublicStatus& status) {
  json::array crms;
  for (const PublicCrm& crm : status.crms) crms.push_back(crm_json(crm, status));
  return to_text(json::object{{"title", both(status.title)},
                              {"updated_at", format_time(status.at)},
                              {"time_zone", status.zone ? status.zone->name : "UTC"},
                              {"state", to_string(status.worst())},
                              {"says", both(whole_sentence(status))},
                              {"crms", std::move(crms)}});
}

}  // namespace crmpulse::collector
