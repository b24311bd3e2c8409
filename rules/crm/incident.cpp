#include "rules/crm/incident.h"

#include <algorithm>

#include "core/codec.h"
#include "core/hash.h"

namespace crmpulse::rules {
namespace {

Decision send(Event type, Level tells) {
  return {type, tells, kNever};
}
Decision wait_until(TimePoint later) {
  return {std::nullopt, Level::healthy, later};
}
Decision nothing() {
  return wait_until(kNever);
}

Event rise_from(Level told) {
  return told == Level::healthy ? Event::opened : Event::escalated;
}

Duration group_wait(const NotificationPolicy& settings, Level level) {
  return level == Level::poor ? settings.group_wait_poor : settings.group_wait_sub;
}

Duration repeat(const NotificationPolicy& settings, Level level) {
  return level == Level::poor ? settings.repeat_poor : settings.repeat_sub;
}

Decision decide_flapping(const Situation& s, const NotificationState& told, Level min_level, Level eff) {
  if (s.suppressed) return nothing();
  if (!s.announced) {
    if (s.now < s.settled) return wait_until(s.settled);
    return min_level <= s.flap_level ? send(Event::flapping, s.flap_level) : nothing();
  }
  return s.state > s.flap_level && eff > told.level ? send(rise_from(told.level), eff) : nothing();
}

/// `awake`: the part of eff whose rules are in their hours; the rest waits for them.
Decision decide_rise(const Situation& s, const NotificationPolicy& settings, const NotificationState& told, Level eff,
                     Level awake) {
  if (s.suppressed || awake <= told.level) return nothing();
  TimePoint due = std::max(s.settled, s.doubt);
  if (told.level == Level::healthy) {
    if (s.escalate_after > Duration{0} && s.acked) return nothing();
    const Duration wait = std::max(group_wait(settings, eff), s.escalate_after);
    due = std::max({due, s.opens_from, told.failing_since + wait});
  } else if (told.by_digest) {
    due = std::max(due, s.rises_from);
  }
  return s.now < due ? wait_until(due) : send(rise_from(told.level), eff);
}

Decision decide_reminder(const Situation& s, const NotificationPolicy& settings, const NotificationState& told,
                         Level eff, Level awake) {
  const Duration every = repeat(settings, eff);
  if (s.suppressed || s.acked || awake < eff || every <= Duration{0}) return nothing();
  const TimePoint due = told.last_sent + every;
  return s.now < due ? wait_until(due) : send(Event::reminder, eff);
}

}  // namespace

Decision decide(const Situation& s, const NotificationPolicy& settings, const NotificationState& told, Level min_level,
                Level eff) {
  if (s.muted) return nothing();
  // A later step of the chain hears of what lasts, not of restlessness.
  const bool later_step = s.escalate_after > Duration{0} && told.level == Level::healthy;
  if (s.flapping && !later_step) return decide_flapping(s, told, min_level, eff);
  if (told.heard_flapping) {
    if (eff > Level::healthy) return send(Event::flap_ended, eff);
    return s.grace ? nothing() : send(Event::resolved, eff);
  }
  if (eff == Level::healthy && told.level > Level::healthy) return s.grace ? nothing() : send(Event::resolved, eff);
  const Level awake = s.awake >= min_level ? std::min(s.awake, eff) : Level::healthy;
  if (eff > told.level) return decide_rise(s, settings, told, eff, awake);
  if (eff < told.level) return s.suppressed ? nothing() : send(Event::improved, eff);
  return eff > Level::healthy ? decide_reminder(s, settings, told, eff, awake) : nothing();
}

void Flap::changed(TimePoint at, Level from, Level to) {
  if (changes.size() >= kMostChanges) changes.erase(changes.begin());
  changes.push_back({at, from, to});
}

void Flap::update(const NotificationPolicy& settings, TimePoint now) {
  std::erase_if(changes, [&](const Change& change) { return change.at <= now - settings.flap_window; });
  const auto count = static_cast<int>(changes.size());
  if (!on) {
    if (settings.flap_changes <= 0 || count < settings.flap_changes) return;
    on = true;
    announced = false;
    level = worst();
    return;
  }
  if (!announced) level = worst();
  const bool calm = changes.empty() || now - changes.back().at >= settings.flap_stable;
  if (count > settings.flap_ends_at && !calm) return;
  on = announced = false;
  // What ended by calm must not start again with the very next change: a new phase needs new changes.
  changes.clear();
}

Level Flap::worst() const {
  Level worst = Level::healthy;
  for (const Change& change : changes) worst = std::max({worst, change.from, change.to});
  return worst;
}

TimePoint Flap::deadline(const NotificationPolicy& settings) const {
  if (!on || changes.empty()) return kNever;
  const auto left = static_cast<std::size_t>(std::max(0, settings.flap_ends_at));
  const TimePoint calm = changes.back().at + settings.flap_stable;
  if (changes.size() <= left) return calm;
  return std::min(calm, changes[changes.size() - 1 - left].at + settings.flap_window);
}

std::string incident_id(std::string_view crm, TimePoint opened, std::uint64_t ordinal) {
  static constexpr char kAlphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";  // Crockford's base 32
  Encoder seed;
  seed.text(crm);
  seed.i64(unix_millis(opened));
  seed.u64(ordinal);
  const std::uint64_t low = stable_hash(seed.bytes());
  const std::uint64_t high = stable_hash(seed.bytes(), stable_hash("incident"));
  const auto time = static_cast<std::uint64_t>(unix_millis(opened)) & 0xffff'ffff'ffffULL;
  std::string id(26, '0');
  for (std::size_t i = 0; i < 10; ++i) id[i] = kAlphabet[time >> (45 - 5 * i) & 31];
  for (std::size_t i = 0; i < 12; ++i) id[10 + i] = kAlphabet[low >> (5 * i) & 31];
  for (std::size_t i = 0; i < 4; ++i) id[22 + i] = kAlphabet[high >> (5 * i) & 31];
  return id;
}

}  // namespace crmpulse::rules
