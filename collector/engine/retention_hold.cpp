#include "collector/engine/retention_hold.h"

#include <fmt/format.h>

#include <algorithm>

#include "collector/engine/stored_meta.h"
#include "core/log.h"

namespace crmpulse::collector {
namespace {

constexpr Duration kDay{std::chrono::hours{24}};

}  // namespace

Result<void> RetentionHold::load(store::Database& database, TimePoint newest, TimePoint now) {
  const auto kept = stored_time(database, "retention_tick");
  if (!kept) return kept.error();
  const auto until = stored_time(database, "retention_held_until");
  if (!until) return until.error();
  // Held before the stop: it goes on, as long as it would have.
  const TimePoint last = *until && *kept ? **kept : newest;
  if (last == TimePoint{}) return {};
  hold(now - last, now);
  if (held_ > Duration{} && *until && **until > now) until_ = std::min(until_, **until);
  return {};
}

void RetentionHold::save(std::map<std::string, std::string>& meta, TimePoint now) const {
  meta["retention_tick"] = format_time(now - held_);
  meta["retention_held_until"] = held_ > Duration{} ? format_time(until_) : std::string{};
}

void RetentionHold::clock_stepped(Duration by, TimePoint now) {
  until_ += by;
  hold(by, now);
}

void RetentionHold::tick(TimePoint now) {
  if (held_ <= Duration{} || now < until_) return;
  held_ = {};
  log::warning("data is deleted by age again");
}

void RetentionHold::hold(Duration ahead, TimePoint now) {
  if (ahead > kDay) {
    held_ += ahead;
    until_ = now + kDay;
    log::error("the clock is more than a day ahead of all known data; for one day nothing is deleted by age",
               {{"ahead_seconds", fmt::format("{:.0f}", to_seconds(ahead))}, {"until", format_time(until_)}});
  } else if (ahead < Duration{}) {
    held_ = std::max(Duration{}, held_ + ahead);
  }
}

}  // namespace crmpulse::collector
