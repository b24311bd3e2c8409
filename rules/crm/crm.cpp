#include "rules/crm/crm.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace crmpulse::rules {
namespace {

using RuleList = std::span<const std::shared_ptr<const CompiledRule>>;

/// In the order in which the ids first appear.
std::vector<std::shared_ptr<const CompiledRule>> applying(RuleList rules, const Labels& labels) {
  std::vector<std::shared_ptr<const CompiledRule>> chosen;
  for (const auto& compiled : rules) {
    if (!matches(compiled->rule.applies_to, labels)) continue;
    const auto same = std::find_if(chosen.begin(), chosen.end(),
                                   [&](const auto& other) { return other->rule.id == compiled->rule.id; });
    if (same == chosen.end()) {
      chosen.push_back(compiled);
    } else {
      *same = compiled;
    }
  }
  return chosen;
}

std::unique_ptr<Instance> new_instance(TimePoint now) {
  auto instance = std::make_unique<Instance>();
  instance->reset_windows(now);
  return instance;
}

/// All values of `each` become one unit again that remembers the worst of them.
void merge_instances(RuleState& state, TimePoint now) {
  auto merged = new_instance(now);
  merged->dimension = state.worst().dimension;
  state.instances.clear();
  state.instances.push_back(std::move(merged));
}

void replace_rule(RuleState& state, const std::shared_ptr<const CompiledRule>& next, TimePoint now) {
  const auto before = std::exchange(state.compiled, next);
  const bool may_latch = next->rule.role == Role::gate && next->rule.no_data == NoDataState::sub_healthy;
  for (const auto& instance : state.instances) {
    instance->dimension.latched = instance->dimension.latched && may_latch;
  }
  if (before == next || before->judge_print == next->judge_print) return;
  const bool same_data = before->data_print == next->data_print;
  if (before->rule.each != next->rule.each) merge_instances(state, now);
  for (const auto& instance : state.instances) {
    if (!same_data) instance->reset_windows(now);
    instance->dimension.clear_timers();
  }
  if (!same_data) state.slots.clear();
}

auto severity(const RuleState& state, const Instance& instance) {
  const double value = instance.value.value_or(0);
  return std::tuple{instance.dimension.shown(), instance.has_data(),
                    state.rule().op == Direction::above ? value : -value};
}

}  // namespace

const Instance& RuleState::worst() const {
  return **std::max_element(instances.begin(), instances.end(),
                            [&](const auto& a, const auto& b) { return severity(*this, *a) < severity(*this, *b); });
}

Level RuleState::confirmed() const {
  Level level = Level::healthy;
  for (const auto& instance : instances) level = std::max(level, instance->dimension.confirmed);
  return level;
}

bool RuleState::latched() const {
  return std::any_of(instances.begin(), instances.end(),
                     [](const auto& instance) { return instance->dimension.latched; });
}

bool RuleState::judged() const {
  return std::any_of(instances.begin(), instances.end(), [](const auto& instance) {
    return instance->active && !instance->expired && instance->has_data();
  });
}

bool RuleState::missing() const {
  return rule().no_data != NoDataState::ignore && !judged() &&
         std::any_of(instances.begin(), instances.end(),
                     [](const auto& instance) { return instance->active && instance->expired; });
}

Instance* RuleState::instance_of(std::string_view each_value) {
  for (const auto& instance : instances) {
    if (!instance->placeholder && instance->each == each_value) return instance.get();
  }
  if (instances.size() >= kMostInstances) return nullptr;
  // The unit that waited for the first series becomes this series' unit, with what it has become meanwhile.
  if (!instances.front()->placeholder) instances.push_back(new_instance(kUnset));
  Instance& instance = *instances.back();
  instance.clock = &clock;
  instance.placeholder = false;
  instance.each = std::string{each_value};
  return &instance;
}

bool Crm::suppressed() const {
  return excused() || inhibited || vendor_out || ((agents_lost || unannounced) && silent_reason(*this) == "no_data");
}

std::vector<const ReportingAgent*> Crm::fed_by() const {
  TimePoint newest = kUnset;
  for (const ReportingAgent& feeder : feeders) newest = std::max(newest, feeder.newest);
  std::vector<const ReportingAgent*> feeding;
  for (const ReportingAgent& feeder : feeders) {
    if (is_set(feeder.newest) && newest - feeder.newest < ReportingAgent::kStale) feeding.push_back(&feeder);
  }
  return feeding;
}

std::size_t Crm::feeder_of(std::string_view agent) {
  const auto found =
      std::find_if(feeders.begin(), feeders.end(), [&](const ReportingAgent& feeder) { return feeder.agent == agent; });
  if (found != feeders.end()) return static_cast<std::size_t>(found - feeders.begin());
  if (feeders.size() >= ReportingAgent::kMost) return ReportingAgent::kMost;
  feeders.emplace_back().agent = std::string{agent};
  return feeders.size() - 1;
}

std::size_t Crm::exchange_of(std::string key) {
  const auto found =
      std::find_if(exchanges.begin(), exchanges.end(), [&](const Exchange& exchange) { return exchange.key == key; });
  if (found != exchanges.end()) return static_cast<std::size_t>(found - exchanges.begin());
  if (exchanges.size() >= Exchange::kMost) return Exchange::kMost;
  exchanges.emplace_back().key = std::move(key);
  return exchanges.size() - 1;
}

std::size_t Crm::reading_of(std::string_view instance) {
  const auto found = std::find_if(vendor.begin(), vendor.end(),
                                  [&](const VendorReading& reading) { return reading.instance == instance; });
  if (found != vendor.end()) return static_cast<std::size_t>(found - vendor.begin());
  if (vendor.size() >= VendorReading::kMost) return VendorReading::kMost;
  vendor.emplace_back().instance = std::string{instance};
  return vendor.size() - 1;
}

void Crm::take_vendor(std::size_t place, TimePoint at, double value) {
  constexpr double kMajor = 3;  // crm_vendor_status: 0 fine, 1 maintenance, 2 minor, 3 major incident
  if (place >= vendor.size()) return;
  VendorReading& reading = vendor[place];
  if (at <= reading.at) return;
  const Duration gap = is_set(reading.at) ? at - reading.at : Duration{};
  const bool silent = is_set(reading.at) && gap > reading.patience();
  // One long silence does not make the page a slow one.
  reading.gap = reading.gap > Duration{} ? std::min(gap, 2 * reading.gap) : gap;
  reading.at = at;
  if (value < kMajor) {
    reading.major_since = kUnset;
  } else if (!is_set(reading.major_since) || silent) {
    reading.major_since = at;
  }
}

void Crm::shift(Duration by) {
  for (TimePoint* time : {&since, &score.last, &suppression_ended, &missing_from, &evaluated_at, &newest_data,
                          &agent_doubt, &vendor_doubt, &unnamed, &hours.heard})
    *time = shifted(*time, by);
  for (const auto& rule : rules) {
    for (const auto& instance : rule->instances) instance->shift(by);
  }
  for (SeriesMemory& memory : series) memory.newest = shifted(memory.newest, by);
  for (ReportingAgent& feeder : feeders) {
    feeder.newest = shifted(feeder.newest, by);
    feeder.named = shifted(feeder.named, by);
  }
  for (VendorReading& reading : vendor) {
    reading.at = shifted(reading.at, by);
    reading.major_since = shifted(reading.major_since, by);
  }
  for (Flap::Change& change : flap.changes) change.at = shifted(change.at, by);
  for (NotificationState& one : told) {
    one.failing_since = shifted(one.failing_since, by);
    one.last_sent = shifted(one.last_sent, by);
  }
  if (ack) ack->until = shifted(ack->until, by);
  if (incident) incident->opened = shifted(incident->opened, by);
  paces.shift(by);
  pauses->shift(by);
  hours.look_at = kUnset;
  follow_hours();
  follow_pace();
  no_data_from = kUnset;
}

bool Crm::follow_pace() {
  // Every sample of a pace comes by here, and a CRM has thousands of units.
  if (pace == paces.now()) return false;
  tell_pace();
  return true;
}

void Crm::tell_pace() {
  pace = paces.now();
  for (const auto& rule : rules) {
    for (const auto& instance : rule->instances) instance->pace = pace;
  }
  no_data_from = kUnset;
}

void Crm::follow_hours() {
  keeps_hours = false;
  for (const auto& judged : rules) {
    const Rule& rule = judged->rule();
    judged->clock.limited = rule.active.has_value() || rule.active_crm;
    judged->clock.hours = rule.active_crm ? hours.calendar() : rule.active ? &*judged->compiled->hours : nullptr;
    judged->clock.pauses = pauses.get();
    judged->clock.learned = rule.active_crm && !hours.declared;
    keeps_hours = keeps_hours || judged->clock.limited;
    for (const auto& instance : judged->instances) {
      instance->clock = &judged->clock;
      instance->look_again();
    }
  }
  no_data_from = kUnset;
}

TimePoint Crm::heard_at() const {
  TimePoint newest = kUnset;
  for (const ReportingAgent& feeder : feeders) newest = std::max(newest, feeder.newest);
  return newest;
}

bool apply_rules(Crm& crm, RuleList rules, TimePoint now) {
  std::vector<std::unique_ptr<RuleState>> next;
  for (const auto& compiled : applying(rules, crm.labels)) {
    const auto known = std::find_if(crm.rules.begin(), crm.rules.end(),
                                    [&](const auto& state) { return state && state->rule().id == compiled->rule.id; });
    if (known != crm.rules.end()) {
      replace_rule(**known, compiled, now);
      next.push_back(std::move(*known));
      continue;
    }
    auto state = std::make_unique<RuleState>();
    state->compiled = compiled;
    state->instances.push_back(new_instance(now));
    next.push_back(std::move(state));
  }
  const bool gone = std::any_of(crm.rules.begin(), crm.rules.end(), [](const auto& state) { return state != nullptr; });
  crm.rules = std::move(next);
  if (crm.rules.size() < 2) crm.score = ScoreLevel{};
  crm.tell_pace();
  crm.follow_hours();
  return gone;
}

}  // namespace crmpulse::rules
