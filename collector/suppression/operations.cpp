#include "collector/suppression/operations.h"

#include <algorithm>

#include "core/log.h"
#include "rules/time/schedule.h"

namespace crmpulse::collector {

bool Suppression::holds_at(TimePoint time) const {
  if (time < starts || (ends && time >= *ends)) return false;
  if (!weekly) return true;
  const auto window = rules::occurrence(*weekly, time);
  return window && window->from <= time;
}

TimePoint Suppression::began(TimePoint time) const {
  const auto window = weekly ? rules::occurrence(*weekly, time) : std::nullopt;
  return window ? std::max(starts, window->from) : starts;
}

std::optional<TimePoint> Suppression::ended(TimePoint time) const {
  const bool over = ends && *ends <= time;
  if (!weekly) return over && *ends > starts ? ends : std::nullopt;
  const TimePoint until = over ? *ends : time;
  std::optional<TimePoint> last;
  // A window comes back within a week, and is at most a day long.
  for (auto window = rules::occurrence(*weekly, std::max(starts, until - std::chrono::days{9}));
       window && window->from < until; window = rules::occurrence(*weekly, window->to)) {
    if (window->to <= until || over) last = std::min(window->to, until);
  }
  return last;
}

TimePoint Suppression::next_switch(TimePoint time) const {
  if (ends && time >= *ends) return TimePoint::max();
  if (time < starts) return starts;
  TimePoint next = ends.value_or(TimePoint::max());
  if (!weekly) return next;
  if (const auto window = rules::occurrence(*weekly, time))
    next = std::min(next, window->from > time ? window->from : window->to);
  return next;
}

Suppression::Phase Suppression::phase_at(TimePoint time) const {
  if (ends && time >= *ends) return Phase::expired;
  return holds_at(time) ? Phase::active : Phase::pending;
}

std::string_view to_string(Suppression::Kind kind) {
  return kind == Suppression::Kind::silence ? "silence" : "maintenance";
}

std::string_view to_string(Suppression::Phase phase) {
  switch (phase) {
    case Suppression::Phase::pending: return "pending";
    case Suppression::Phase::active: return "active";
    case Suppression::Phase::expired: return "expired";
  }
  return "expired";
}

void Operations::load(std::vector<Suppression> stored) {
  std::erase_if(all_, [](const Suppression& suppression) { return !suppression.configured; });
  for (Suppression& suppression : stored) all_.push_back(std::move(suppression));
  changed_ = true;
}

void Operations::configure(const std::vector<Suppression>& configured) {
  std::erase_if(all_, [](const Suppression& suppression) { return suppression.configured; });
  all_.insert(all_.end(), configured.begin(), configured.end());
  changed_ = true;
}

void Operations::add(Suppression suppression) {
  all_.push_back(std::move(suppression));
  changed_ = true;
}

void Operations::end(const std::string& id, TimePoint at) {
  for (Suppression& suppression : all_) {
    if (suppression.id == id && !suppression.configured) suppression.ends = at;
  }
  changed_ = true;
}

std::vector<Suppression> Operations::shift(Duration by, TimePoint since) {
  std::vector<Suppression> moved;
  for (Suppression& suppression : all_) {
    const bool at_once = suppression.starts == suppression.created && !suppression.weekly;
    if (suppression.configured || !at_once || suppression.created < since) continue;
    suppression.created += by;
    suppression.starts += by;
    if (suppression.ends) *suppression.ends += by;
    moved.push_back(suppression);
  }
  changed_ = true;
  return moved;
}

Operations::Applied Operations::apply(rules::Engine& engine, TimePoint now, const Ahead& ahead) {
  Applied applied;
  if (!changed_ && now < next_switch_ && fresh_.empty()) return applied;
  std::vector<const Suppression*> holding;
  for (const Suppression& suppression : all_) {
    if (suppression.holds_at(now)) holding.push_back(&suppression);
  }
  std::set<std::string> look = std::move(fresh_);
  fresh_.clear();
  if (changed_ || now >= next_switch_) {
    for (std::string& crm : engine.crms()) look.insert(std::move(crm));
    std::erase_if(all_, [now](const Suppression& suppression) {
      return !suppression.configured && suppression.ends && *suppression.ends + kRemember < now;
    });
    holding.clear();
    next_switch_ = TimePoint::max();
    for (const Suppression& suppression : all_) {
      if (suppression.holds_at(now)) holding.push_back(&suppression);
      next_switch_ = std::min(next_switch_, suppression.next_switch(now));
    }
    changed_ = false;
  }
  for (const std::string& crm : look) {
    if (ahead && ahead(crm)) {
      fresh_.insert(crm);
    } else {
      mark(engine, crm, holding, now, applied);
    }
  }
  return applied;
}

void Operations::mark(rules::Engine& engine, const std::string& crm, const std::vector<const Suppression*>& holding,
                      TimePoint now, Applied& applied) {
  const auto marks = engine.marks(crm);
  if (!marks) return;
  bool silenced = false;
  bool maintenance = false;
  std::set<std::string> ids;
  TimePoint maintained_since = now;
  for (const Suppression* suppression : holding) {
    if (!matches(suppression->matchers, marks->labels)) continue;
    ids.insert(suppression->id);
    (suppression->kind == Suppression::Kind::silence ? silenced : maintenance) = true;
    if (suppression->kind == Suppression::Kind::maintenance)
      maintained_since = std::min(maintained_since, suppression->began(now));
  }
  const bool other_silence = silenced != marks->silenced;
  const bool other_maintenance = maintenance != marks->maintenance;
  if (other_silence) engine.set_silence(crm, silenced, now);
  if (other_maintenance) {
    const TimePoint since = maintenance ? maintained_since : maintenance_ended(marks->labels, now);
    applied.maintained.push_back({crm, maintenance, since});
    engine.set_maintenance(crm, maintenance, now);
  }

  const auto known = in_effect_.find(crm);
  static const std::set<std::string> kNone;
  const std::set<std::string>& before = known == in_effect_.end() ? kNone : known->second;
  for (const std::string& id : ids) {
    if (!before.contains(id)) applied.switched.push_back({crm, id, true, find(id)->began(now)});
  }
  for (const std::string& id : before) {
    if (!ids.contains(id)) applied.switched.push_back({crm, id, false, now});
  }
  if (!ids.empty()) {
    in_effect_[crm] = std::move(ids);
  } else if (known != in_effect_.end()) {
    in_effect_.erase(known);
  }
}

TimePoint Operations::maintenance_ended(const Labels& labels, TimePoint now) const {
  std::optional<TimePoint> last;
  for (const Suppression& suppression : all_) {
    if (suppression.kind != Suppression::Kind::maintenance || !matches(suppression.matchers, labels)) continue;
    if (const auto ended = suppression.ended(now)) last = std::max(last.value_or(*ended), *ended);
  }
  return last.value_or(now);
}

std::vector<const Suppression*> Operations::in_effect(const std::string& crm) const {
  std::vector<const Suppression*> found;
  const auto known = in_effect_.find(crm);
  if (known == in_effect_.end()) return found;
  for (const std::string& id : known->second) {
    if (const Suppression* suppression = find(id)) found.push_back(suppression);
  }
  return found;
}

bool Operations::in_maintenance(const Labels& labels, TimePoint at) const {
  return std::any_of(all_.begin(), all_.end(), [&](const Suppression& suppression) {
    return suppression.kind == Suppression::Kind::maintenance && suppression.holds_at(at) &&
           matches(suppression.matchers, labels);
  });
}

const Suppression* Operations::find(const std::string& id) const {
  const auto found =
      std::find_if(all_.begin(), all_.end(), [&](const Suppression& suppression) { return suppression.id == id; });
  return found == all_.end() ? nullptr : &*found;
}

std::vector<std::string> Operations::matching(const rules::Engine& engine, const std::vector<LabelMatch>& matchers) {
  std::vector<std::string> found;
  for (std::string& crm : engine.crms()) {
    const auto marks = engine.marks(crm);
    if (marks && matches(matchers, marks->labels)) found.push_back(std::move(crm));
  }
  return found;
}

void Operations::warn_of_idle(const rules::Engine& engine) const {
  for (const Suppression& suppression : all_) {
    if (suppression.configured && matching(engine, suppression.matchers).empty()) {
      log::warning("a maintenance window of the configuration matches no CRM that is known now",
                   {{"comment", suppression.comment}});
    }
  }
}

bool Operations::full(TimePoint now) const {
  return std::count_if(all_.begin(), all_.end(), [now](const Suppression& suppression) {
           return !suppression.ends || *suppression.ends > now;
         }) >= static_cast<std::ptrdiff_t>(kMost);
}

}  // namespace crmpulse::collector
