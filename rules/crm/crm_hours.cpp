#include "rules/crm/crm_hours.h"

#include <algorithm>
#include <utility>

namespace crmpulse::rules {
namespace {

// Tags.
constexpr std::pair<std::uint32_t, std::string HoursText::*> kTexts[] = {{1, &HoursText::days},
                                                                         {2, &HoursText::from},
                                                                         {3, &HoursText::to},
                                                                         {4, &HoursText::zone},
                                                                         {5, &HoursText::holidays}};
constexpr std::uint32_t kDeclaredBy = 6;
constexpr std::uint32_t kHeard = 7;
constexpr std::uint32_t kLearned = 8;
constexpr std::uint32_t kByOperator = 9;

std::string key_of(const HoursText& text) {
  constexpr char kBetween = '\xff';
  std::string key;
  for (const std::string* part : {&text.days, &text.from, &text.to, &text.zone, &text.holidays})
    key += *part + kBetween;
  return key;
}

}  // namespace

const Zone* HoursBook::zone_of(const std::string& name) {
  static const Zone kUtc;
  if (name == kUtc.name) return &kUtc;
  auto known = zones_.find(name);
  if (known == zones_.end()) {
    if (!find_ || zones_.size() >= kMostZones) return nullptr;
    known = zones_.emplace(name, find_(name)).first;
  }
  return known->second ? &*known->second : nullptr;
}

std::shared_ptr<const DeclaredHours> HoursBook::hours_of(const HoursText& text) {
  std::string key = key_of(text);
  if (const auto known = known_.find(key); known != known_.end()) return known->second;
  auto hours = hours_from(text);
  // `local` means another place here than where it was written.
  const Zone* zone = hours && text.zone != "local" ? zone_of(text.zone) : nullptr;
  if (zone == nullptr) return nullptr;
  if (known_.size() >= kMostTexts)
    std::erase_if(known_, [](const auto& entry) { return entry.second.use_count() == 1; });
  if (known_.size() >= kMostTexts) return nullptr;
  hours->zone = *zone;
  auto made = std::make_shared<const DeclaredHours>(DeclaredHours{text, Calendar{std::move(*hours)}});
  return known_.emplace(std::move(key), std::move(made)).first->second;
}

std::shared_ptr<const DeclaredHours> HoursBook::hours_of(const Labels& labels) {
  const auto label = [&](std::string_view name) { return std::string{labels.get(name)}; };
  return hours_of(HoursText{label("days"), label("from"), label("to"), label("tz"), label("holidays")});
}

bool CrmHours::declare(const std::shared_ptr<const DeclaredHours>& said, std::string_view by, TimePoint at) {
  if (!said || (is_set(heard) && at <= heard)) return false;
  const bool news = !declared || declared->text != said->text;
  // Two agents that disagree: who spoke first is believed while it speaks.
  if (declared && by != agent && at - heard < kRival) return false;
  declared = said;
  agent = std::string{by};
  heard = at;
  if (news) look_at = kUnset;
  return news;
}

bool CrmHours::look(TimePoint measured, TimePoint now) {
  if (now < look_at) return false;
  bool changed = false;
  if (declared && heard != kNever && is_set(measured) && measured >= heard + kWithdrawn) {
    declared.reset();
    agent.clear();
    changed = true;
  }
  if (learned.advance(now)) {
    follow_learned();
    changed = changed || !declared;
  }
  look_at = std::min(declared && heard != kNever ? now + kWithdrawn : kNever, learned.week_ends());
  return changed;
}

void CrmHours::follow_learned() {
  learned_calendar = learned.known() ? std::make_shared<const Calendar>(learned.hours()) : nullptr;
}

void CrmHours::save(FieldWriter& out) const {
  if (declared) {
    for (const auto& [tag, part] : kTexts) out.add(tag, declared->text.*part);
  }
  out.add(kDeclaredBy, agent);
  if (heard == kNever)
    out.add(kByOperator, true);
  else if (is_set(heard))
    out.add(kHeard, heard);
  out.add(kLearned, learned);
}

HoursText CrmHours::load(FieldReader& in) {
  HoursText text;
  while (in.next()) {
    for (const auto& [tag, part] : kTexts) {
      if (in.tag() == tag) in.read(text.*part);
    }
    if (in.tag() == kDeclaredBy) in.read(agent);
    if (in.tag() == kHeard) in.read(heard);
    if (in.tag() == kLearned) in.read(learned);
    if (in.tag() == kByOperator) heard = kNever;
  }
  follow_learned();
  return text;
}

}  // namespace crmpulse::rules
