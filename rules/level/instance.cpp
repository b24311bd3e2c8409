#include "rules/level/instance.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "core/codec.h"
#include "core/hash.h"
#include "rules/window/aggregators.h"

namespace crmpulse::rules {
namespace {

using namespace std::chrono_literals;

// Tags: of an instance beside its fields(), and of a view.
constexpr std::uint32_t kView = 13;
constexpr std::uint32_t kWindow = 4;

constexpr Duration kUnknownSpacing = 5min;  ///< of the slowest liveness that a shipped recipe has
constexpr Duration kShortestNoData = 60s;

void print(Encoder& out, const std::vector<LabelMatch>& matches) {
  out.u32(static_cast<std::uint32_t>(matches.size()));
  for (const LabelMatch& match : matches) {
    out.text(match.name);
    out.u32(static_cast<std::uint32_t>(match.any_of.size()));
    for (const std::string& value : match.any_of) out.text(value);
  }
}

std::uint64_t fingerprint_of_data(const Rule& rule) {
  Encoder out;
  out.text(rule.measure.metric);
  print(out, rule.measure.where);
  if (rule.measure.per) {
    out.text(rule.measure.per->metric);
    print(out, rule.measure.per->where);
    for (const std::string& label : rule.measure.per->on) out.text(label);
    if (rule.measure.per->least > 0) out.f64(rule.measure.per->least);
  }
  out.text(rule.each);
  out.i64(rule.quorum);
  out.u8(static_cast<std::uint8_t>(rule.aggregator));
  for (const double value : {rule.quantile, rule.target, rule.slo}) out.f64(value);
  out.i64(rule.min_bad);
  out.i64(rule.window.count());
  if (rule.aggregator == Aggregator::burn) {
    out.i64(rule.min_bad_short);
    out.i64(rule.short_window.count());
  }
  if (rule.measure.errors) {
    out.text(rule.measure.errors->metric);
    print(out, rule.measure.errors->where);
  }
  return stable_hash(out.bytes());
}

std::uint64_t fingerprint_of_judgement(const Rule& rule) {
  Encoder out;
  out.u8(static_cast<std::uint8_t>(rule.op));
  out.i64(rule.min_samples);
  for (const Threshold& line : {rule.sub, rule.poor}) {
    out.f64(line.enter);
    out.f64(line.exit);
    out.i64(line.hold.count());
  }
  for (const Duration time : {rule.recover_sub, rule.recover_poor, rule.interval}) out.i64(time.count());
  return stable_hash(out.bytes());
}

}  // namespace

CompiledRule::CompiledRule(Rule source)
    : rule(std::move(source)),
      data_print(fingerprint_of_data(rule)),
      judge_print(fingerprint_of_judgement(rule) ^ data_print) {
  if (rule.active) hours.emplace(*rule.active);
}

std::optional<std::uint32_t> Instance::view_of(const Rule& rule, std::string_view agent) {
  const std::string_view who = rule.quorum > 1 ? agent : std::string_view{};
  const auto found =
      std::find_if(views.begin(), views.end(), [&](const AgentWindow& view) { return view.agent == who; });
  if (found != views.end()) return static_cast<std::uint32_t>(found - views.begin());
  if (views.size() >= kMostViews) return std::nullopt;
  views.emplace_back(std::string{who}, rule);
  return static_cast<std::uint32_t>(views.size() - 1);
}

void Instance::reset_windows(TimePoint now) {
  views.clear();
  waiting = {};
  pending = {};
  newest_sample = kUnset;
  refill_from = counted_from = now;
  learned = Duration{0};
}

void Instance::shift(Duration by) {
  for (TimePoint* time : {&dimension.last_data, &dimension.since, &counted_from, &refill_from, &newest_sample,
                          &waiting.at, &pending.at, &pending.now})
    *time = shifted(*time, by);
  for (AgentWindow& view : views) {
    view.window.shift(by);
    view.at = shifted(view.at, by);
  }
  switch_at = kUnset;  // by the right clock other hours may be closed
}

Duration Instance::interval(const Rule& rule) const {
  const Duration seen = at_pace(learned, learned_at, pace.stretch);
  if (rule.interval > Duration{0}) {
    if (as_configured()) return rule.interval;
    return std::max(rule.interval, seen > Duration{0} ? seen : at_pace(rule.interval, 0, pace.stretch));
  }
  if (seen > Duration{0}) return seen;
  return at_pace(rule.no_data_after > Duration{0} ? rule.no_data_after / 4 : kUnknownSpacing, 0, pace.stretch);
}

Duration Instance::interval_until_now(const Rule& rule) const {
  if (learned > Duration{0}) return std::max(rule.interval, learned);
  if (rule.interval > Duration{0}) return rule.interval;
  return rule.no_data_after > Duration{0} ? rule.no_data_after / 4 : kUnknownSpacing;
}

Duration Instance::no_data_after(const Rule& rule) const {
  if (rule.no_data_after > Duration{0}) {
    return as_configured() ? rule.no_data_after : std::max(rule.no_data_after, 4 * interval(rule));
  }
  return std::max(kShortestNoData, 4 * interval(rule));
}

Duration Instance::window(const Rule& rule) const {
  if (as_configured() || rule.window <= Duration{0}) return rule.window;
  return std::max(rule.window, (std::max(2, rule.min_samples) + 1) * interval(rule));
}

void Instance::learn(SeriesMemory& memory, std::uint32_t tag) {
  const Duration spacing = memory.spacing(pace.stretch);
  if (spacing <= Duration{0}) return;
  const Duration known = learned > Duration{0} ? at_pace(learned, learned_at, pace.stretch) : Duration{0};
  if (known > Duration{0} && spacing >= known && tag != learned_from) return;
  nearer = nearer || known <= Duration{0} || spacing < known || learned_at != pace.stretch;
  learned = spacing;
  learned_at = pace.stretch;
  learned_from = tag;
}

Instance::Intake Instance::take(const Rule& rule, std::uint32_t view_index, TimePoint at, std::uint32_t tag,
                                double sample, const Previous& previous, TimePoint now, std::vector<double>& scratch) {
  // Older than what the rule looks back on, counted from now: history, not news.
  const Duration span = window(rule);
  const Duration horizon = span > Duration{0} ? span : no_data_after(rule);
  if (at <= now - horizon) return {Window::Put::late, kUnset};
  const bool same = pending.set && pending.at == at && pending.view == view_index;
  Intake intake;
  if (!same) intake.evaluated = settle(rule, scratch);
  Window& window_of_view = views[view_index].window;
  window_of_view.set_span(span);
  intake.put = window_of_view.put(at, tag, sample, previous);
  if (intake.put != Window::Put::stored) return intake;
  if (!is_set(newest_sample) || at > newest_sample) {
    // Until here the window was filling.
    const TimePoint filled = refill_from + span;
    if (at >= filled && !(is_set(newest_sample) && newest_sample >= filled)) nearer = true;
    newest_sample = at;
  }
  if (same || (is_set(dimension.last_data) && at < dimension.last_data)) return intake;
  if (!clock->open_at(at)) return intake;
  pending = {true, view_index, at, now};
  return intake;
}

TimePoint Instance::settle(const Rule& rule, std::vector<double>& scratch) {
  if (!pending.set) return kUnset;
  pending.set = false;
  const std::optional<double> judged = observe(rule, views[pending.view], pending.at, scratch);
  if (!judged) return kUnset;
  const bool fresh = pending.at > pending.now - no_data_after(rule);
  value = judged;
  dimension.evaluate(rule, pending.at, *judged, interval(rule), fresh);
  if (rule.aggregator == Aggregator::age) plan_older(rule, pending.at, Duration{0});
  if (fresh && std::exchange(expired, false)) nearer = true;
  return pending.at;
}

/// Returns the value to judge: that of the only view, or with a quorum a value that at least `quorum` agents see or
/// exceed.
std::optional<double> Instance::observe(const Rule& rule, AgentWindow& view, TimePoint at,
                                        std::vector<double>& scratch) {
  view.value = aggregate(rule, view.window, at, *clock);
  view.at = at;
  if (rule.quorum <= 1) return view.value;
  scratch.clear();
  for (const AgentWindow& other : views) {
    if (other.value && is_set(other.at) && other.at > at - no_data_after(rule)) scratch.push_back(*other.value);
  }
  const auto needed = static_cast<std::size_t>(rule.quorum);
  if (scratch.size() < needed) return std::nullopt;
  const auto place = scratch.begin() + static_cast<std::ptrdiff_t>(needed - 1);
  if (rule.op == Direction::above) {
    std::nth_element(scratch.begin(), place, scratch.end(), std::greater<>{});
  } else {
    std::nth_element(scratch.begin(), place, scratch.end());
  }
  return *place;
}

TimePoint Instance::no_data_due(const Rule& rule) const {
  TimePoint last = std::max(counted_from, dimension.last_data);
  // A window that is still filling is not missing data as long as samples come.
  if (is_set(newest_sample) && newest_sample < refill_from + window(rule)) last = std::max(last, newest_sample);
  // The CRM wanted to be left alone: silence is counted from when it could be asked again.
  if (is_set(pace.paused_until)) last = std::max(last, pace.paused_until);
  return last + no_data_after(rule);
}

/// When the value comes to its next threshold without news, but not before `least` has passed. A sample that is due
/// meanwhile is waited for: it may say that something changed.
void Instance::plan_older(const Rule& rule, TimePoint at, Duration least) {
  const TimePoint before = std::exchange(older_at, kNever);
  if (rule.op == Direction::below || rule.quorum > 1 || !value || dimension.confirmed == Level::poor) return;
  // When the next sample is due is not known yet: it is waited for.
  if (learned == Duration{0} && rule.interval == Duration{0} && rule.no_data_after == Duration{0}) return;
  const double next = *value < rule.sub.enter ? rule.sub.enter : rule.poor.enter;
  const double missing = next - *value;
  constexpr double kFar = 1e9;  // seconds
  if (!(missing > 0 && missing < kFar)) return;
  const Duration needed{static_cast<std::int64_t>(std::ceil(missing * 1000 - 1e-6))};
  const TimePoint due = *value < 0 ? at + needed : clock->reaches(at, needed);
  if (due != kNever) older_at = std::max({due, newest_sample + interval(rule) * 3 / 2, at + least});
  if (!is_set(before) || older_at < before) nearer = true;
}

void Instance::get_older(const Rule& rule, TimePoint now) {
  if (rule.aggregator != Aggregator::age || rule.quorum > 1 || views.empty() || !has_data()) {
    older_at = kNever;
    return;
  }
  const std::optional<double> older = aggregate(rule, views.front().window, now, *clock);
  if (older) {
    value = older;
    dimension.revise(rule, *older, now);
  }
  // An age that was foreseen and did not come stands still for a while: a holiday.
  plan_older(rule, now, std::chrono::minutes{1});
}

void Instance::check_deadlines(const Rule& rule, TimePoint now) {
  if (!is_set(counted_from)) counted_from = refill_from = now;
  if (!clock->limited) {
    active = true;
  } else if (now >= switch_at) {
    const bool was = std::exchange(active, clock->open_at(now));
    switch_at = clock->next_switch(now);
    if (active && !was) counted_from = now;
  }
  if (!active || expired) return;
  if (now < no_data_due(rule)) {
    if (!is_set(older_at)) {
      older_at = kNever;
      if (rule.aggregator == Aggregator::age && has_data()) plan_older(rule, dimension.last_data, Duration{0});
    }
    if (now >= older_at) get_older(rule, now);
    return;
  }
  expired = true;
  if (rule.role == Role::gate && rule.no_data == NoDataState::sub_healthy) dimension.latch(now);
}

TimePoint Instance::deadline(const Rule& rule) const {
  if (!active) return clock->limited ? switch_at : kNever;
  TimePoint due = expired ? kNever : no_data_due(rule);
  if (!expired && is_set(older_at)) due = std::min(due, older_at);
  return clock->limited ? std::min(due, switch_at) : due;
}

void Instance::save(FieldWriter& out) const {
  out.members(*this);
  for (const AgentWindow& view : views) {
    out.message(kView, [&](FieldWriter& part) {
      part.members<Observation>(view);
      part.add(kWindow, view.window);
    });
  }
}

void Instance::load(FieldReader& in, const Rule& rule, bool same_data) {
  while (in.next()) {
    in.member(*this);
    if (in.tag() != kView || !same_data || views.size() >= kMostViews) continue;
    AgentWindow& view = views.emplace_back("", rule);
    FieldReader part = in.message();
    while (part.next()) {
      part.member<Observation>(view);
      if (part.tag() == kWindow) part.read(view.window);
    }
  }
  if (!same_data) reset_windows(kUnset);
}

}  // namespace crmpulse::rules
