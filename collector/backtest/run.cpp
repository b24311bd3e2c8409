#include "collector/backtest/run.h"

#include <algorithm>
#include <boost/json.hpp>
#include <ostream>
#include <utility>

#include "collector/backtest/summary.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

json::string_view view(std::string_view text) {
  return {text.data(), text.size()};
}

/// By dimension the worst of its rules; a rule that was never judged says nothing.
json::object levels_of(const rules::CrmStatus& status) {
  json::object levels;
  for (const rules::RuleStatus& rule : status.rules) {
    if (rule.data_status == DataStatus::warming_up) continue;
    const int level = std::max(static_cast<int>(rule.level), rule.no_data_latch ? 1 : 0);
    json::value& shown = levels[rule.dimension];
    shown = std::max<std::int64_t>(level, shown.is_int64() ? shown.get_int64() : 0);
  }
  return levels;
}

void write(std::ostream& out, const rules::StateChange& change) {
  json::object line;
  line["at"] = format_time(change.at);
  line["crm"] = change.status.crm;
  line["state"] = view(to_string(change.status.state));
  line["data_status"] = view(to_string(change.status.data_status));
  line["levels"] = levels_of(change.status);
  out << json::serialize(line) << '\n';
}

void write(std::ostream& out, const rules::Message& message) {
  json::object line;
  line["at"] = format_time(message.at);
  line["crm"] = message.crm;
  line["receiver"] = message.receiver;
  line["type"] = view(to_string(message.type));
  line["state"] = view(to_string(message.state));
  if (!message.reason.empty()) line["reason"] = message.reason;
  out << json::serialize(line) << '\n';
}

/// A longer pause between two lines is time in which nobody watched (a suspended machine): no deadline falls into it.
/// Silence that was watched has ticks.
constexpr Duration kLongestSilence = 1h;

std::vector<rules::ReceiverSpec> or_default(std::vector<rules::ReceiverSpec> receivers) {
  if (receivers.empty()) receivers.emplace_back().name = "default";
  return receivers;
}

}  // namespace

BacktestRun::BacktestRun(const Ruleset& ruleset, std::vector<rules::ReceiverSpec> receivers, BacktestOutput output)
    : ruleset_(ruleset),
      receivers_(or_default(std::move(receivers))),
      engine_(ruleset_, receivers_),
      output_(std::move(output)) {}

void BacktestRun::take(const BacktestBatch& batch) {
  names_.insert(names_.end(), batch.names.begin(), batch.names.end());
  ids_.resize(names_.size(), kUnbound);
  std::size_t control = 0;
  for (const BacktestEvent& event : batch.events) {
    const BacktestLine* said = event.series == BacktestEvent::kControl ? &batch.controls[control++] : nullptr;
    take(event, said);
  }
}

BacktestOutcome BacktestRun::finish() {
  judge();
  outcome_.to = now_;
  if (output_.summary != nullptr) output_.summary->finish(outcome_);
  return outcome_;
}

void BacktestRun::take(const BacktestEvent& event, const BacktestLine* control) {
  const bool restart = control != nullptr && control->control == BacktestControl::restart;
  if (!started_) now_ = outcome_.from = event.at;
  started_ = true;
  if (event.at > now_) {
    judge();
    if (!restart && event.at - now_ <= kLongestSilence) meet_deadlines(event.at);
    now_ = event.at;
  }
  if (control != nullptr) {
    if (!restart) judge();
    apply(*control);
  } else if (event.series != BacktestEvent::kTick) {
    rules::Engine::SeriesId& id = ids_[event.series];
    // Not before its first sample: a CRM is known from then on.
    if (id == kUnbound) id = engine_.bind(names_[event.series].metric, names_[event.series].labels);
    engine_.fold(id, event.at, event.value, now_);
    ++outcome_.samples;
  }
}

void BacktestRun::meet_deadlines(TimePoint before) {
  for (auto due = engine_.next_deadline(); due && *due < before; due = engine_.next_deadline()) {
    now_ = std::max(*due, now_ + 1ms);
    judge();
  }
}

void BacktestRun::apply(const BacktestLine& line) {
  marked_.insert(line.crm);
  switch (*line.control) {
    case BacktestControl::maintenance_start: return engine_.set_maintenance(line.crm, true, now_);
    case BacktestControl::maintenance_end: return engine_.set_maintenance(line.crm, false, now_);
    case BacktestControl::silence_start: return engine_.set_silence(line.crm, true, now_);
    case BacktestControl::silence_end: return engine_.set_silence(line.crm, false, now_);
    case BacktestControl::inhibit_start: return engine_.set_inhibited(line.crm, true, now_);
    case BacktestControl::inhibit_end: return engine_.set_inhibited(line.crm, false, now_);
    case BacktestControl::ack:
      return engine_.acknowledge(line.crm, line.author.empty() ? "backtest" : line.author, line.until, now_);
    case BacktestControl::hours: return engine_.set_hours(line.crm, line.hours, now_);
    case BacktestControl::restart: return restart();
  }
}

/// The engine's state goes through its bytes, as when the collector stops and starts.
void BacktestRun::restart() {
  rules::Engine next{ruleset_, receivers_};
  std::set<std::string> names = marked_;
  for (std::string& name : engine_.crms()) names.insert(std::move(name));
  for (const std::string& name : names) {
    const std::string bytes = engine_.save(name);
    if (!bytes.empty()) next.load(name, bytes).value();
  }
  next.load_shared(engine_.save_shared()).value();
  engine_ = std::move(next);
  engine_.restarted(now_);
  std::fill(ids_.begin(), ids_.end(), kUnbound);
}

void BacktestRun::note(const rules::Outcome& outcome) {
  for (const rules::StateChange& change : outcome.changes) {
    outcome_.worst = std::max(outcome_.worst, change.status.state);
    if (output_.lines != nullptr) write(*output_.lines, change);
  }
  for (const rules::Message& message : outcome.messages) {
    ++outcome_.messages;
    if (output_.lines != nullptr) write(*output_.lines, message);
  }
  if (output_.summary != nullptr) output_.summary->note(engine_, outcome, now_);
  if (output_.note) output_.note(engine_, outcome, now_);
}

}  // namespace crmpulse::collector
