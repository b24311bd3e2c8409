#include "rules/binding.h"

#include <algorithm>

#include "core/hash.h"

namespace crmpulse::rules {
namespace {

/// Metric and labels in one string that no other series has. Snapshots keep its hash.
std::string key_of(const SeriesName& name) {
  std::string key = name.metric;
  for (const auto& [label, value] : name.labels) {
    key += kSeparator;
    key += label;
    key += kSeparator;
    key += value;
  }
  return key;
}

/// Returns the series' memory in its CRM, kMaxTag if there is no room for one more.
std::uint32_t tag_of(Crm& crm, const std::string& key) {
  const std::uint64_t id = stable_hash(key);
  if (const auto known = crm.tags.find(id); known != crm.tags.end()) return known->second;
  if (crm.series.size() >= Entry::kMaxTag) return Entry::kMaxTag;
  const auto tag = static_cast<std::uint32_t>(crm.series.size());
  crm.series.emplace_back().id = id;
  crm.tags.emplace(id, tag);
  return tag;
}

std::string slot_key(const Measure::Divisor& divisor, const Labels& labels) {
  std::string key;
  for (const std::string& name : divisor.on) {
    key += labels.get(name);
    key += kSeparator;
  }
  return key;
}

/// Success and failures of one operation of one agent belong together.
void join_exchange(Series& series, const SeriesName& name) {
  series.tells_success = name.metric == kSuccessMetric;
  series.exchange = Exchange::kMost;
  if (!series.tells_success && name.metric != kFailureMetric) return;
  std::string key{name.labels.get("operation")};
  key += kSeparator;
  key += name.labels.get("object");
  key += kSeparator;
  key += name.labels.get("agent");
  series.exchange = series.crm->exchange_of(std::move(key));
}

void feed_value(Series& series, RuleState& state, const SeriesName& name) {
  const Rule& rule = state.rule();
  Instance* instance = state.instance_of(rule.each.empty() ? std::string_view{} : name.labels.get(rule.each));
  if (instance == nullptr) return;
  const auto view = instance->view_of(rule, name.labels.get("agent"));
  if (!view) return;
  SeriesTarget feed{&rule, &state, instance, *view, 0, SeriesTarget::Kind::value};
  if (rule.measure.per) {
    feed.kind = SeriesTarget::Kind::quotient;
    feed.slot = state.slots.place_of(slot_key(*rule.measure.per, name.labels));
    if (feed.slot == Slots::kNone) return;
  }
  series.feeds.push_back(feed);
}

void feed_errors(Series& series, RuleState& state, const SeriesName& name) {
  const Rule& rule = state.rule();
  const auto& errors = rule.measure.errors;
  if (!errors || errors->metric != name.metric || !matches(errors->where, name.labels)) return;
  Instance* instance = state.instance_of(rule.each.empty() ? std::string_view{} : name.labels.get(rule.each));
  if (instance == nullptr) return;
  if (const auto view = instance->view_of(rule, name.labels.get("agent")))
    series.feeds.push_back({&rule, &state, instance, *view, 0, SeriesTarget::Kind::error});
}

void feed_divisor(Series& series, RuleState& state, const SeriesName& name) {
  const auto& per = state.rule().measure.per;
  if (!per || per->metric != name.metric || !matches(per->where, name.labels)) return;
  const std::uint32_t slot = state.slots.place_of(slot_key(*per, name.labels));
  if (slot == Slots::kNone) return;
  series.feeds.push_back({&state.rule(), &state, nullptr, 0, slot, SeriesTarget::Kind::divisor});
}

}  // namespace

void resolve(Series& series, const SeriesName& name) {
  series.feeds.clear();
  series.pace = name.metric == kStretchMetric ? Series::Pace::stretch
                : name.metric == kPauseMetric ? Series::Pace::pause
                                              : Series::Pace::none;
  join_exchange(series, name);
  const std::string_view agent = name.labels.get("agent");
  series.feeder = agent.empty() ? ReportingAgent::kMost : series.crm->feeder_of(agent);
  if (series.feeder < ReportingAgent::kMost) series.crm->feeders[series.feeder].place = series.speaker;
  series.reading =
      name.metric == kVendorMetric ? series.crm->reading_of(name.labels.get("instance")) : VendorReading::kMost;
  if (series.pace != Series::Pace::none) series.agent = series.crm->paces.place_of(name.labels.get("agent"));
  for (const auto& state : series.crm->rules) {
    if (feeds(state->rule(), name.metric, name.labels)) feed_value(series, *state, name);
    feed_divisor(series, *state, name);
    feed_errors(series, *state, name);
  }
  if (series.feeds.empty()) return;
  series.tag = tag_of(*series.crm, key_of(name));
  if (series.tag == Entry::kMaxTag) series.feeds.clear();
  for (const SeriesTarget& feed : series.feeds) {
    if (feed.instance == nullptr) continue;
    feed.instance->pace = series.crm->pace;
    feed.instance->share(series.crm->room);
    feed.instance->learn(series.crm->series[series.tag], series.tag);
  }
}

bool adopt_labels(Crm& crm, std::string_view metric, const Labels& labels) {
  Labels next = crm.labels;
  if (metric == kLabelsMetric) {
    next = Labels{};
    for (const auto& [name, value] : labels) {
      if (name != "agent") next.set(name, value);
    }
    if (next.get("kind").empty()) next.set("kind", crm.kind);
  } else if (next.get("kind").empty()) {
    next.set("kind", labels.get("kind"));
  }
  next.set("crm", crm.name);
  if (next == crm.labels) return false;
  crm.labels = std::move(next);
  crm.kind = std::string{crm.labels.get("kind")};
  return true;
}

}  // namespace crmpulse::rules
