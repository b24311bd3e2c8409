#include "collector/ingest/admission.h"

#include <fmt/format.h>

#include <algorithm>

#include "collector/ingest/health_names.h"
#include "core/failure/failure.h"
#include "core/log.h"
#include "wire/series_key.h"

namespace crmpulse::collector {
namespace {

/// Senders told apart; all that come later share the last one's room.
constexpr std::uint32_t kMostSenders = 65'536;
constexpr std::size_t kMostTold = 1'000;  ///< lines of the log about what tokens may not send
constexpr std::size_t kMostShown = 128;
constexpr std::string_view kOfTheTarget = "exported_";  ///< what a scrape makes of a label that is its own, too

std::string_view value_of(std::span<const wire::LabelView> labels, std::string_view name) {
  const auto found = std::find_if(labels.begin(), labels.end(), [&](const auto& label) { return label.name == name; });
  return found == labels.end() ? std::string_view{} : found->value;
}

/// Nothing reads it: no rule, no chart, no page.
bool is_not_ours(const wire::SeriesView& view) {
  return !value_of(view.labels, wire::kMetricName).starts_with("crm_") && value_of(view.labels, "crm").empty();
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// The labels as they were before a scrape: without what was added, those that gave way back under their names.
Labels before_the_scrape(const wire::SeriesView& view, const std::vector<std::string>& names) {
  Labels out;
  for (const wire::LabelView& label : view.labels) {
    const bool added = label.name == "job" || label.name == "instance" || !contains(names, label.name);
    if (!added && label.name != wire::kMetricName) out.set(label.name, label.value);
  }
  for (const wire::LabelView& label : view.labels) {
    if (label.name.starts_with(kOfTheTarget)) out.set(label.name.substr(kOfTheTarget.size()), label.value);
  }
  return out;
}

}  // namespace

bool is_own_export(const wire::SeriesView& view, const SeriesTable& table) {
  const std::string_view metric = value_of(view.labels, wire::kMetricName);
  if (metric.starts_with("crmpulse_") || is_health_metric(metric)) return true;
  const bool scraped = !value_of(view.labels, "job").empty() && !value_of(view.labels, "instance").empty();
  if (!scraped || !metric.starts_with("crm_")) return false;
  // Agents send; nobody scrapes them.
  if (!value_of(view.labels, "agent").empty()) return true;
  const std::vector<std::string>& names = table.label_names(metric);
  if (names.empty()) return false;
  return table.find(wire::series_key(metric, before_the_scrape(view, names))) != SeriesTable::kNone;
}

void Admission::begin(const Sender& sender, TimePoint now) {
  name_ = sender.name;
  agent_ = sender.agent;
  rights_.begin(sender.token, now);
  auto known = senders_.find(sender.name);
  if (known == senders_.end() && senders_.size() < kMostSenders)
    known = senders_.emplace(std::string{sender.name}, static_cast<std::uint32_t>(senders_.size() + 1)).first;
  sender_ = known == senders_.end() ? kMostSenders : known->second;
  for (std::string& example : examples_) example.clear();
}

std::optional<wire::SkipReason> Admission::forbids(std::string_view crm, std::string_view agent) {
  switch (rights_.check(crm, agent)) {
    case SenderRights::Verdict::allowed: return std::nullopt;
    case SenderRights::Verdict::other_agent: tell_conflict(crm, agent); return wire::SkipReason::other_agent;
    case SenderRights::Verdict::other_crm: tell_conflict(crm, agent); return wire::SkipReason::other_crm;
  }
  return std::nullopt;
}

/// Once for each sender and what it may not send about.
void Admission::tell_conflict(std::string_view crm, std::string_view agent) {
  if (told_.size() >= kMostTold || !told_.insert(fmt::format("{}\xff{}\xff{}", name_, crm, agent)).second) return;
  log::warning("a token sent data that it is not allowed to send; the data is left out",
               {{"token", name_},
                {"crm", one_line(crm, kMostShown)},
                {"agent", one_line(agent, kMostShown)},
                {"to_allow_it", "crmpulse-collector token allow"}});
}

std::optional<wire::SkipReason> Admission::check(const Evidence& line) {
  if (auto forbidden = forbids(line.crm, line.agent)) return forbidden;
  const Census::Sender names{name_, agent_};
  const Census::Bound bound = table_.census().check_crm(line.crm, names);
  if (bound != Census::Bound::none) return reason_of(bound);
  table_.census().add_crm(line.crm, names);
  return std::nullopt;
}

Admission::Place Admission::find_or_add(const wire::SeriesView& view) {
  if (rights_.number() != 0) {
    if (const auto forbidden = forbids(value_of(view.labels, "crm"), value_of(view.labels, "agent")))
      return {kNone, *forbidden};
  }
  const Place place = add(view);
  if (place.id != kNone) table_[place.id].cleared = rights_.number();
  return place;
}

Admission::Place Admission::add(const wire::SeriesView& view) {
  if (const Id known = table_.find(view.key); known != kNone) return {known};
  if (agent_.empty() && is_own_export(view, table_)) return {kNone, wire::SkipReason::own_export};
  if (is_not_ours(view)) return {kNone, wire::SkipReason::not_ours};
  if (table_.room() == 0) return {kNone, wire::SkipReason::series_limit};
  // Whoever holds as much as is left for all others gets no more: nobody can take all the room, nor half of what is
  // left again and again under one name.
  if (table_.held_by(sender_) >= table_.room()) return {kNone, wire::SkipReason::sender_limit};
  return table_.find_or_add(view, sender_, {name_, agent_});
}

void Admission::skipped(wire::SkipReason reason, std::span<const wire::LabelView> labels) {
  std::string& example = examples_.at(static_cast<std::size_t>(reason));
  if (example.empty()) example = one_line(value_of(labels, wire::kMetricName), 64);
}

void Admission::unreadable(std::string_view why) {
  examples_.at(static_cast<std::size_t>(wire::SkipReason::evidence_line)) = one_line(why, kMostShown);
}

}  // namespace crmpulse::collector
