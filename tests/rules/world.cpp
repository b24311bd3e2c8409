#include "tests/rules/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "tests/rules/timeline.h"

namespace crmpulse::rules::test {
namespace {

using namespace std::chrono_literals;

}  // namespace

Ruleset quick_rules() {
  Rule rule = table_rule();
  rule.sub.hold = rule.poor.hold = rule.recover_sub = rule.recover_poor = 0s;
  return Ruleset{table_settings(), {rule}};
}

World::World(Ruleset ruleset, std::vector<ReceiverSpec> receivers)
    : ruleset_(std::move(ruleset)),
      receivers_(std::move(receivers)),
      engine_(ruleset_, receivers_),
      now_(parse_time("2026-11-21T09:00:00Z").value()) {}

void World::fold(std::string_view metric, const Labels& labels, double value) {
  engine_.fold(engine_.bind(metric, labels), now_, value, now_);
}

void World::measure(const std::string& crm, const std::string& kind, double value, const std::string& agent) {
  const auto [known, added] = series_.try_emplace(crm + '/' + agent, Engine::kNoSeries);
  if (added) {
    Labels labels{{"crm", crm}, {"kind", kind}};
    labels.set("agent", agent);
    known->second = engine_.bind("d1", labels);
  }
  engine_.fold(known->second, now_, value, now_);
}

void World::vendor_says(const std::string& crm, const std::string& kind, const std::string& instance, double status,
                        const std::string& agent) {
  Labels labels{{"crm", crm}, {"kind", kind}, {"instance", instance}};
  labels.set("agent", agent);
  fold("crm_vendor_status", labels, status);
}

void World::heartbeat(const std::string& agent) {
  fold("crm_agent_heartbeat_timestamp_seconds", {{"agent", agent}}, to_seconds(now_.time_since_epoch()));
}

void World::announce(const std::string& agent, const std::vector<std::string>& crms) {
  heartbeat(agent);
  fold("crm_agent_crms", {{"agent", agent}}, static_cast<double>(crms.size()));
  for (const std::string& crm : crms) fold("crm_agent_target_info", {{"agent", agent}, {"crm", crm}}, 1);
}

void World::report(std::string_view metric, const Labels& labels, double value, Duration ago) {
  engine_.fold(engine_.bind(metric, labels), now_ - ago, value, now_);
}

void World::correct_clock(Duration by) {
  now_ += by;
  engine_.shift(by);
}

void World::step() {
  take(engine_.step(now_));
}

void World::pass(Duration time) {
  step();
  const TimePoint end = now_ + time;
  if (ticks_) {
    for (now_ += 1s; now_ < end; now_ += 1s) step();
  } else {
    for (auto due = engine_.next_deadline(); due && *due < end; due = engine_.next_deadline()) {
      if (*due <= now_) throw std::logic_error("a deadline that is not later than the step before it");
      now_ = *due;
      step();
    }
  }
  now_ = end;
}

void World::restart(Duration down) {
  Engine next{ruleset_, receivers_};
  for (const std::string& crm : engine_.crms()) next.load(crm, engine_.save(crm)).value();
  next.load_shared(engine_.save_shared()).value();
  now_ += down;
  engine_ = std::move(next);
  series_.clear();
  engine_.restarted(now_);
}

void World::take(Outcome outcome) {
  // The collector stores the shared part only when it is told that it changed.
  const bool told = std::any_of(outcome.messages.begin(), outcome.messages.end(),
                                [](const Message& message) { return message.crm.empty(); });
  if (told && !outcome.shared) throw std::logic_error("a message whose cause would not be stored");
  std::move(outcome.messages.begin(), outcome.messages.end(), std::back_inserter(messages_));
}

int World::state(const std::string& crm) const {
  return static_cast<int>(engine_.status(crm).value().state);
}

std::vector<Message> World::heard_by(const std::string& receiver) const {
  std::vector<Message> heard;
  std::copy_if(messages_.begin(), messages_.end(), std::back_inserter(heard),
               [&](const Message& message) { return message.receiver == receiver; });
  return heard;
}

std::string World::story(const std::string& receiver) const {
  std::string text;
  for (const Message& message : heard_by(receiver)) {
    if (!text.empty()) text += ' ';
    std::string type{to_string(message.type)};
    if (type.starts_with("incident.")) type = fmt::format("{}({})", type.substr(9), message.crm);
    text += type;
  }
  return text;
}

std::size_t World::count(Event type) const {
  return static_cast<std::size_t>(std::count_if(messages_.begin(), messages_.end(),
                                                [type](const Message& message) { return message.type == type; }));
}

}  // namespace crmpulse::rules::test
