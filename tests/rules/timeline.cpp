#include "tests/rules/timeline.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

namespace crmpulse::rules::test {
namespace {

using namespace std::chrono_literals;

const TimePoint kStart = parse_time("2026-11-21T09:00:00Z").value();

}  // namespace

Rule table_rule(std::string id) {
  Rule rule;
  rule.id = id;
  rule.dimension = id;
  rule.measure.metric = std::move(id);
  rule.sub = {1000, 900, 60s};
  rule.poor = {3000, 2700, 30s};
  rule.recover_sub = 120s;
  rule.recover_poor = 60s;
  rule.no_data_after = 60s;
  rule.interval = Timeline::kInterval;
  return rule;
}

NotificationPolicy table_settings() {
  NotificationPolicy settings;
  settings.group_wait_sub = settings.group_wait_poor = 30s;
  return settings;
}

ReceiverSpec receiver(std::string name, Level min_level) {
  ReceiverSpec spec;
  spec.name = std::move(name);
  spec.min_level = min_level;
  return spec;
}

Timeline::Timeline(Ruleset ruleset, std::vector<ReceiverSpec> receivers)
    : ruleset_(std::move(ruleset)),
      receivers_(std::move(receivers)),
      engine_(ruleset_, receivers_),
      now_(kStart - kInterval) {
  bind();
}

void Timeline::bind() {
  series_.clear();
  for (const Rule& rule : ruleset_.rules)
    series_.push_back(engine_.bind(rule.measure.metric, {{"crm", "acme"}, {"kind", "table"}}));
}

void Timeline::evaluate(const Reading& reading) {
  const TimePoint next = now_ + kInterval;
  if (!std::exchange(asleep_, false) && next > kStart) pass_until(next);
  now_ = next;
  for (std::size_t i = 0; i < reading.size(); ++i) {
    if (reading[i]) engine_.fold(series_.at(i), now_, *reading[i], now_);
  }
  take(engine_.step(now_));
}

void Timeline::times(int count, const Reading& reading) {
  for (int i = 0; i < count; ++i) evaluate(reading);
}

void Timeline::pass_until(TimePoint next) {
  if (ticks_) {
    for (TimePoint tick = now_ + 1s; tick < next; tick += 1s) take(engine_.step(tick));
    return;
  }
  TimePoint before = now_;
  for (auto due = engine_.next_deadline(); due && *due < next; due = engine_.next_deadline()) {
    if (*due <= before) throw std::logic_error("a deadline that is not later than the step before it");
    before = *due;
    take(engine_.step(*due));
  }
}

void Timeline::gap(Duration duration) {
  now_ += duration;
  asleep_ = true;
}

void Timeline::restart() {
  const std::string bytes = engine_.save("acme");
  engine_ = Engine{ruleset_, receivers_};
  engine_.load("acme", bytes).value();
  engine_.restarted(now_);
  bind();
  asleep_ = false;
}

void Timeline::edit(Ruleset ruleset) {
  ruleset_ = std::move(ruleset);
  take(engine_.reconfigure(ruleset_, receivers_, now_));
}

void Timeline::remove() {
  take(engine_.remove("acme", now_));
}

void Timeline::say(const std::function<void(Engine&, TimePoint)>& what) {
  what(engine_, now_);
  take(engine_.step(now_));
}

Duration Timeline::elapsed() const {
  return now_ - kStart;
}

void Timeline::take(Outcome outcome) {
  std::move(outcome.messages.begin(), outcome.messages.end(), std::back_inserter(messages_));
  std::move(outcome.changes.begin(), outcome.changes.end(), std::back_inserter(changes_));
}

std::string describe(const Message& message, bool with_time) {
  std::string text{to_string(message.type).substr(std::string_view{"incident."}.size())};
  if (message.type != Event::resolved) text += fmt::format("({})", static_cast<int>(message.state));
  if (message.reason == "removed") text += "[removed]";
  if (with_time) text += fmt::format("@{}", (message.at - kStart).count() / 1000);
  return text;
}

}  // namespace crmpulse::rules::test
