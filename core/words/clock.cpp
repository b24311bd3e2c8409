#include "core/words/clock.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "core/words/value.h"

namespace crmpulse {
namespace {

constexpr Duration kWorthSaying{std::chrono::minutes{2}};  ///< shorter spans are not told
constexpr Duration kOneDay{std::chrono::hours{24}};

Duration offset_of(TimePoint at, const ZonePtr& zone) {
  return zone ? zone->offset_at(at) : Duration{0};
}

std::string offset_text(Duration offset) {
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(offset).count();
  return fmt::format("UTC{}{:02}:{:02}", minutes < 0 ? '-' : '+', std::abs(minutes) / 60, std::abs(minutes) % 60);
}

/// When a clock is set back, it shows an hour twice.
bool shown_twice(TimePoint at, const ZonePtr& zone) {
  const Duration own = offset_of(at, zone);
  const auto as_well = [&](TimePoint near) {
    const Duration other = offset_of(near, zone);
    return other != own && offset_of(at + own - other, zone) == other;
  };
  return as_well(at - kOneDay) || as_well(at + kOneDay);
}

/// `local` names nothing to who reads it elsewhere.
std::string name_of(TimePoint at, const ZonePtr& zone) {
  if (!zone || zone->name == "UTC") return "UTC";
  if (zone->name == "local") return offset_text(offset_of(at, zone));
  return shown_twice(at, zone) ? fmt::format("{} ({})", zone->name, offset_text(offset_of(at, zone))) : zone->name;
}

/// `2026-11-21`, `09:10`
struct Local {
  std::string day;
  std::string clock;
};
Local local_of(TimePoint at, const ZonePtr& zone) {
  const std::string text = format_time(at + offset_of(at, zone));
  return {text.substr(0, 10), text.substr(11, 5)};
}

std::string without_zone(TimePoint at, TimePoint now, const ZonePtr& zone) {
  const Local told = local_of(at, zone);
  return told.day == local_of(now, zone).day ? told.clock : told.day + " " + told.clock;
}

}  // namespace

std::string moment_text(TimePoint at, TimePoint now, const ZonePtr& zone) {
  return without_zone(at, now, zone) + " " + name_of(at, zone);
}

std::string date_text(TimePoint at, const ZonePtr& zone) {
  const Local told = local_of(at, zone);
  return fmt::format("{} {} {}", told.day, told.clock, name_of(at, zone));
}

std::string span_text(Duration span, Language language) {
  return value_text(to_seconds(std::max(span, Duration{0})), "seconds", language);
}

std::string since_text(TimePoint since, TimePoint at, const Audience& audience) {
  const std::string clock = moment_text(since, at, audience.zone);
  if (at - since < kWorthSaying) return clock;
  return in_words(audience.language, "{} ({})", "{}（已 {}）", clock, span_text(at - since, audience.language));
}

std::string lasted_text(TimePoint since, TimePoint until, const Audience& audience) {
  const std::string began = name_of(since, audience.zone) == name_of(until, audience.zone)
                                ? without_zone(since, until, audience.zone)
                                : moment_text(since, until, audience.zone);
  return in_words(audience.language, "{} ({} to {})", "{}（{} 至 {}）", span_text(until - since, audience.language),
                  began, moment_text(until, until, audience.zone));
}

}  // namespace crmpulse
