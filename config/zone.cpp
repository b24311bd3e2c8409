#include "config/zone.h"

#include <absl/time/civil_time.h>
#include <absl/time/time.h>
#include <fmt/format.h>

#include <algorithm>

namespace crmpulse::config {
namespace {

/// Only names of the database: absl would read any file for a path.
bool is_zone_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' || c == '_' ||
           c == '-' || c == '+';
  };
  return !name.empty() && name.front() != '/' && name != "localtime" && std::all_of(name.begin(), name.end(), allowed);
}

Duration offset_at(const absl::TimeZone& zone, absl::Time time) {
  return std::chrono::seconds{zone.At(time).offset};
}

/// The instant of a jump of the local clock.
absl::Time instant_of(const absl::TimeZone& zone, const absl::TimeZone::CivilTransition& jump) {
  const absl::TimeZone::TimeInfo info = zone.At(jump.to);
  return info.kind == absl::TimeZone::TimeInfo::UNIQUE ? info.pre : info.trans;
}

}  // namespace

Result<Zone> load_zone(std::string_view name) {
  absl::TimeZone source;
  if (name == "local") {
    source = absl::LocalTimeZone();
  } else if (!is_zone_name(name) || !absl::LoadTimeZone(std::string{name}, &source)) {
    return Error{
        fmt::format("unknown time zone '{}'; write `local` or an IANA name such as Europe/Prague (the tzdata "
                    "package holds them)",
                    name)};
  }
  const absl::Time end = absl::FromCivil(absl::CivilYear{2101}, absl::UTCTimeZone());
  Zone zone;
  zone.name = name;
  absl::Time at = absl::UnixEpoch();
  const Duration first = offset_at(source, at);
  if (first != Duration{0}) zone.transitions.push_back({from_unix_millis(0), first});
  absl::TimeZone::CivilTransition jump;
  while (source.NextTransition(at, &jump)) {
    at = instant_of(source, jump);
    if (at >= end) break;
    zone.transitions.push_back({from_unix_millis(absl::ToUnixMillis(at)), offset_at(source, at)});
  }
  return zone;
}

}  // namespace crmpulse::config
