#include "config/hours_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/zone.h"

namespace crmpulse::config {
namespace {

void read_days(Reader& reader, ActiveHours& hours) {
  std::vector<std::string> days;
  if (!reader.get("days", days)) return;
  unsigned bits = 0;
  for (const std::string& text : days) {
    const unsigned more = days_from(text);
    if (more == 0)
      reader.problem("days", fmt::format("'{}' is not a day or a span of days; write mon-fri, or [mon, wed]", text));
    bits |= more;
  }
  if (days.empty()) reader.problem("days", "an empty list; nothing would ever be judged");
  hours.days = static_cast<unsigned char>(bits);
}

void read_holidays(Reader& reader, ActiveHours& hours) {
  std::vector<std::string> dates;
  if (!reader.get("holidays", dates)) return;
  if (dates.size() > ActiveHours::kMostHolidays) {
    reader.problem("holidays",
                   fmt::format("must be at most {} dates, not {}", ActiveHours::kMostHolidays, dates.size()));
    return;
  }
  for (const std::string& text : dates) {
    const auto date = date_from(text);
    if (!date) reader.problem("holidays", fmt::format("'{}' is not a date; write 2026-12-25", text));
    if (date) hours.holidays.push_back(*date);
  }
  std::sort(hours.holidays.begin(), hours.holidays.end());
  hours.holidays.erase(std::unique(hours.holidays.begin(), hours.holidays.end()), hours.holidays.end());
}

void read_zone(Reader& reader, ActiveHours& hours) {
  std::string name;
  if (!reader.get("tz", name)) return;
  auto zone = load_zone(name);
  if (!zone) reader.problem("tz", zone.error().message);
  if (zone) hours.zone = std::move(*zone);
}

/// `08:00-18:00`
void read_span(Reader& reader, ActiveHours& hours) {
  std::string text;
  if (!reader.get("hours", text)) return;
  const std::size_t dash = text.find('-');
  const auto from = clock_from(std::string_view{text}.substr(0, dash));
  const auto to = dash == std::string::npos ? std::nullopt : clock_from(std::string_view{text}.substr(dash + 1));
  if (!from || !to) {
    reader.problem("hours", fmt::format("'{}' is not a span of hours; write \"08:00-18:00\"", text));
  } else if (*from == *to) {
    reader.problem("hours", fmt::format("'{}' has no length; leave it out for the whole day", text));
  } else {
    hours.from = *from;
    hours.to = *to;
  }
}

void read_clock(Reader& reader, std::string_view key, std::chrono::minutes& out) {
  std::string text;
  if (!reader.get(key, text)) return;
  const auto clock = clock_from(text);
  if (clock) out = *clock;
  if (!clock) reader.problem(key, fmt::format("'{}' is not a time of day; write \"08:00\"", text));
}

}  // namespace

void read_rule_hours(Reader& reader, ActiveHours& hours) {
  read_days(reader, hours);
  read_span(reader, hours);
  read_zone(reader, hours);
  read_holidays(reader, hours);
}

void read_crm_hours(Reader& reader, ActiveHours& hours) {
  read_days(reader, hours);
  read_clock(reader, "from", hours.from);
  read_clock(reader, "to", hours.to);
  if (hours.from == hours.to) reader.problem("to", "must differ from `from`; leave both out for the whole day");
  if (!reader.has("tz")) reader.missing("tz");
  std::string name;
  if (reader.has("tz") && reader.get("tz", name) && name == "local") {
    reader.problem("tz", "write the name of the zone, such as Europe/Prague: the collector may be in another one");
  } else {
    read_zone(reader, hours);
  }
  read_holidays(reader, hours);
}

}  // namespace crmpulse::config
