#include "collector/backtest/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <tuple>

#include "core/time/hours.h"

namespace crmpulse::collector {
namespace {

namespace json = boost::json;

std::size_t at(Level level) {
  return static_cast<std::size_t>(level);
}

double minutes(Duration duration) {
  return static_cast<double>(duration.count()) / 60'000;
}

std::string span_of(Duration duration) {
  return span_text(duration, Language::en);
}

}  // namespace

void BacktestSummary::Held::add(Duration span, const std::string& crm) {
  total += span;
  if (span <= longest) return;
  longest = span;
  longest_of = crm;
}

void BacktestSummary::note(const rules::Engine& engine, const rules::Outcome& outcome, TimePoint now) {
  for (const rules::StateChange& one : outcome.changes) {
    OfCrm& crm = crms_[one.status.crm];
    const bool first = !std::exchange(crm.known, true);
    if (first) crm.state.since = one.at;
    change(crm, one.status.crm, one.status.state, one.at);
  }
  for (const std::string& name : outcome.touched) note_rules(engine, name, now);
  for (const rules::Message& message : outcome.messages) note_message(message);
}

/// Levels change rarely: whoever's are what they were costs a comparison.
void BacktestSummary::note_rules(const rules::Engine& engine, const std::string& name, TimePoint now) {
  engine.levels(name, levels_);
  const auto known = crms_.find(name);
  OfCrm& crm = known != crms_.end() ? known->second : crms_[name];
  if (crm.stays.size() != levels_.size()) {
    // New, or with other labels under other rules: those begin anew.
    crm.rules.clear();
    const auto status = engine.status(name);
    if (!status || status->rules.size() != levels_.size()) return;
    for (const rules::RuleStatus& rule : status->rules) {
      crm.rules.push_back(rule.rule);
      rules_[rule.rule].dimension = rule.dimension;
    }
    crm.stays.assign(levels_.size(), {Level::healthy, now});
    crm.left.assign(levels_.size(), false);
  }
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    if (levels_[i] != crm.stays[i].level) change_rule(crm, name, i, levels_[i], now);
  }
}

void BacktestSummary::change(OfCrm& crm, const std::string& name, Level level, TimePoint now) {
  const Stay before = std::exchange(crm.state, Stay{level, now});
  if (before.level != Level::healthy) {
    crm.held[at(before.level)].add(now - before.since, name);
    held_[at(before.level)].add(now - before.since, name);
    add_hours(hours_, before.since, now);
  }
  if (level == Level::healthy || level == before.level) return;
  ++crm.held[at(level)].times;
  ++held_[at(level)].times;
}

void BacktestSummary::change_rule(OfCrm& crm, const std::string& name, std::size_t index, Level level, TimePoint now) {
  OfRule& rule = rules_[crm.rules[index]];
  const Stay before = std::exchange(crm.stays[index], Stay{level, now});
  if (before.level != Level::healthy) {
    rule.held[at(before.level)].add(now - before.since, name);
    add_hours(rule.hours, before.since, now);
  }
  if (level == Level::healthy) return;
  ++rule.held[at(level)].times;
  if (!crm.left[index]) ++rule.crms;
  crm.left[index] = true;
}

void BacktestSummary::note_message(const rules::Message& message) {
  ++messages_[message.receiver][std::string{to_string(message.type)}];
  if (const auto crm = crms_.find(message.crm); crm != crms_.end()) ++crm->second.messages;
  if (texts_.size() >= kMostTexts) return;
  // The same words to several receivers are read once.
  const bool known = std::any_of(texts_.begin(), texts_.end(), [&](const Text& text) {
    return text.at == message.at && text.crm == message.crm && text.type == to_string(message.type);
  });
  if (known) return;
  texts_.push_back({message.at, message.crm, message.receiver, std::string{to_string(message.type)}, message.state,
                    words_(message)});
}

void BacktestSummary::add_hours(Hours& hours, TimePoint from, TimePoint to) const {
  using std::chrono::floor;
  while (from < to) {
    const Duration offset = zone_->offset_at(from);
    const TimePoint local = from + offset;
    const auto hour = floor<std::chrono::hours>(local);
    const TimePoint end = std::min<TimePoint>(to, hour + std::chrono::hours{1} - offset);
    const auto day = floor<std::chrono::days>(local);
    const auto weekday = static_cast<std::size_t>((day.time_since_epoch().count() % 7 + 10) % 7);  // day 0: Thursday
    hours[weekday][static_cast<std::size_t>((hour - day).count())] += end - from;
    from = end;
  }
}

/// What still lasts, lasts to the end of the samples.
void BacktestSummary::finish(const BacktestOutcome& outcome) {
  outcome_ = outcome;
  std::vector<Crms::value_type*> by_name;  // of spans that are equally long the first is named
  for (auto& entry : crms_) by_name.push_back(&entry);
  std::sort(by_name.begin(), by_name.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
  for (auto* entry : by_name) {
    auto& [name, crm] = *entry;
    if (crm.known) change(crm, name, Level::healthy, outcome.to);
    for (std::size_t i = 0; i < crm.stays.size(); ++i) {
      if (crm.stays[i].level != Level::healthy) change_rule(crm, name, i, Level::healthy, outcome.to);
    }
  }
}

/// Those that are equally bad by their names.
std::vector<const BacktestSummary::Crms::value_type*> BacktestSummary::worst_crms() const {
  std::vector<const Crms::value_type*> worst;
  for (const auto& entry : crms_) {
    if (entry.second.held[1].times + entry.second.held[2].times > 0) worst.push_back(&entry);
  }
  const auto goodness = [](const auto* entry) {
    return std::tuple{-entry->second.held[2].total, -entry->second.held[1].total, std::string_view{entry->first}};
  };
  std::sort(worst.begin(), worst.end(), [&](const auto* a, const auto* b) { return goodness(a) < goodness(b); });
  return worst;
}

json::object BacktestSummary::held_json(const Held& held) {
  json::object out{
      {"times", held.times}, {"seconds", to_seconds(held.total)}, {"longest_seconds", to_seconds(held.longest)}};
  if (!held.longest_of.empty()) out["longest_of"] = held.longest_of;
  return out;
}

json::object BacktestSummary::levels_json(const std::array<Held, 3>& held) {
  return {{"sub_healthy", held_json(held[1])}, {"poor", held_json(held[2])}};
}

/// Minutes by day and hour; days without any are left out.
json::object BacktestSummary::hours_json(const Hours& hours) {
  json::object out;
  for (std::size_t day = 0; day < hours.size(); ++day) {
    if (std::all_of(hours[day].begin(), hours[day].end(), [](Duration time) { return time == Duration{0}; })) continue;
    json::array row;
    for (const Duration time : hours[day]) row.emplace_back(minutes(time));
    out[json::string_view{kDayNames[day].data(), kDayNames[day].size()}] = std::move(row);
  }
  return out;
}

json::object BacktestSummary::json() const {
  json::object out{
      {"from", format_time(outcome_.from)},   {"to", format_time(outcome_.to)}, {"zone", zone_->name},
      {"samples", outcome_.samples},          {"crms", crms_.size()},           {"states", levels_json(held_)},
      {"minutes_by_hour", hours_json(hours_)}};
  const auto worst = worst_crms();
  out["crms_not_healthy"] = worst.size();
  json::array crms;
  for (std::size_t i = 0; i < std::min(worst.size(), kMostCrms); ++i) {
    json::object crm = levels_json(worst[i]->second.held);
    for (const char* level : {"sub_healthy", "poor"}) crm[level].as_object().erase("longest_of");
    crm["crm"] = worst[i]->first;
    crm["messages"] = worst[i]->second.messages;
    crms.push_back(std::move(crm));
  }
  out["worst_crms"] = std::move(crms);
  json::array rules;
  for (const auto& [id, rule] : rules_) {
    json::object one = levels_json(rule.held);
    one["rule"] = id;
    one["dimension"] = rule.dimension;
    one["crms"] = rule.crms;
    one["minutes_by_hour"] = hours_json(rule.hours);
    rules.push_back(std::move(one));
  }
  out["rules"] = std::move(rules);
  json::object messages;
  for (const auto& [receiver, types] : messages_) {
    json::object of_receiver;
    for (const auto& [type, count] : types) of_receiver[type] = count;
    messages[receiver] = std::move(of_receiver);
  }
  out["messages"] = std::move(messages);
  json::array texts;
  for (const Text& text : texts_) {
    texts.push_back(json::object{{"at", format_time(text.at)},
                                 {"crm", text.crm},
                                 {"receiver", text.receiver},
                                 {"type", text.type},
                                 {"state", to_string(text.state)},
                                 {"en", text.words.en},
                                 {"zh", text.words.zh}});
  }
  out["first_messages"] = std::move(texts);
  return {{"summary", std::move(out)}};
}

/// A row for each day that lost time, a sign for each hour: `.` none, then up to `#` for the hour that lost most.
std::string BacktestSummary::hours_text(const Hours& hours) {
  constexpr std::string_view kSigns = ".:-=+*%#";
  Duration most{};
  for (const auto& day : hours) most = std::max(most, *std::max_element(day.begin(), day.end()));
  if (most == Duration{0}) return {};
  std::string out = "        0     6     12    18   23\n";
  for (std::size_t day = 0; day < hours.size(); ++day) {
    std::string row;
    for (const Duration time : hours[day]) {
      const double part = to_seconds(time) / to_seconds(most);
      row += kSigns[time == Duration{0} ? 0 : 1 + static_cast<std::size_t>(part * 6)];
    }
    if (row.find_first_not_of('.') != std::string::npos) out += fmt::format("    {} {}\n", kDayNames[day], row);
  }
  return out + fmt::format("    # is {}\n", span_of(most));
}

std::string BacktestSummary::levels_text(const std::array<Held, 3>& held) {
  std::string out;
  for (const Level level : {Level::sub_healthy, Level::poor}) {
    const Held& one = held[at(level)];
    if (!out.empty()) out += "; ";
    out += fmt::format("{} {}×", level == Level::poor ? "poor" : "sub-healthy", one.times);
    if (one.times > 0) out += fmt::format(", {} in all, longest {}", span_of(one.total), span_of(one.longest));
  }
  return out;
}

std::string BacktestSummary::rules_text() const {
  std::string out;
  for (const auto& [id, rule] : rules_) {
    if (rule.crms == 0) {
      out += fmt::format("  {}: always healthy\n", id);
      continue;
    }
    out += fmt::format("  {} ({}): {}; CRMs: {}\n{}", id, rule.dimension, levels_text(rule.held), rule.crms,
                       hours_text(rule.hours));
  }
  return out;
}

std::string BacktestSummary::messages_text() const {
  std::string out = fmt::format("messages: {}\n", outcome_.messages);
  for (const auto& [receiver, types] : messages_) {
    for (const auto& [type, count] : types) out += fmt::format("  {}: {} {}×\n", receiver, type, count);
  }
  for (const Text& text : texts_)
    out += fmt::format("\n  {} {} to {}\n    {}\n    {}\n", date_text(text.at, zone_), text.type, text.receiver,
                       text.words.en, text.words.zh);
  return out;
}

std::string BacktestSummary::text() const {
  const auto worst = worst_crms();
  std::string out =
      fmt::format("{} to {}\nsamples: {}; CRMs: {}, not healthy at some time: {}\n", date_text(outcome_.from, zone_),
                  date_text(outcome_.to, zone_), outcome_.samples, crms_.size(), worst.size());
  out += fmt::format("states: {}\n", levels_text(held_));
  if (const std::string when = hours_text(hours_); !when.empty())
    out += fmt::format("  time not healthy by day and hour ({})\n{}", zone_->name, when);
  out += fmt::format("\nrules\n{}", rules_text());
  if (!worst.empty()) out += "\nCRMs, the worst first\n";
  for (std::size_t i = 0; i < std::min(worst.size(), kMostCrms); ++i)
    out += fmt::format("  {}: {}; messages: {}\n", worst[i]->first, levels_text(worst[i]->second.held),
                       worst[i]->second.messages);
  if (worst.size() > kMostCrms) out += fmt::format("  and {} more\n", worst.size() - kMostCrms);
  return out + '\n' + messages_text();
}

}  // namespace crmpulse::collector
