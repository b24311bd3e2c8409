// Everything known of one CRM as bytes, and back.
#include <algorithm>

#include "rules/crm/crm.h"
#include "rules/legacy/positional.h"

namespace crmpulse::rules {
namespace {

// Tags of a CRM beside its fields().
constexpr std::uint32_t kRule = 30;
constexpr std::uint32_t kHours = 31;
constexpr std::uint32_t kPauses = 32;

// Tags of a rule beside those of SavedRule.
constexpr std::uint32_t kSlots = 5;
constexpr std::uint32_t kInstance = 6;

/// What tells whether a rule is still the one that was saved.
struct SavedRule {
  std::string id;
  std::string each;
  std::uint64_t data_print = 0;
  std::uint64_t judge_print = 0;
  static constexpr auto fields() {
    return std::tuple{Field{1, &SavedRule::id}, Field{2, &SavedRule::each}, Field{3, &SavedRule::data_print},
                      Field{4, &SavedRule::judge_print}};
  }
};

void save_rule(FieldWriter& out, const RuleState& state) {
  const CompiledRule& compiled = *state.compiled;
  out.members(SavedRule{compiled.rule.id, compiled.rule.each, compiled.data_print, compiled.judge_print});
  out.add(kSlots, state.slots);
  for (const auto& instance : state.instances) {
    out.message(kInstance, [&](FieldWriter& part) { instance->save(part); });
  }
}

/// Reads one rule's part. It lands in the CRM's rule of that id, or nowhere when the rule no longer applies.
void load_rule(std::string_view bytes, Crm& crm) {
  SavedRule saved;
  FieldReader{bytes}.members(saved);
  const auto found =
      std::find_if(crm.rules.begin(), crm.rules.end(), [&](const auto& state) { return state->rule().id == saved.id; });
  if (found == crm.rules.end()) return;
  RuleState& state = **found;
  const CompiledRule& compiled = *state.compiled;
  const bool same_data = compiled.data_print == saved.data_print;
  std::vector<std::unique_ptr<Instance>> instances;
  FieldReader in{bytes};
  while (in.next()) {
    if (in.tag() == kSlots && same_data) in.read(state.slots);
    if (in.tag() != kInstance || instances.size() >= RuleState::kMostInstances) continue;
    FieldReader part = in.message();
    instances.push_back(std::make_unique<Instance>());
    instances.back()->load(part, compiled.rule, same_data);
    if (compiled.judge_print != saved.judge_print) instances.back()->dimension.clear_timers();
  }
  if (instances.empty()) return;
  state.instances = std::move(instances);
  if (saved.each == compiled.rule.each) return;
  // Other units than before: one that remembers the worst of the old ones starts again.
  auto merged = std::make_unique<Instance>();
  merged->reset_windows(kUnset);
  merged->dimension = state.worst().dimension;
  state.instances.clear();
  state.instances.push_back(std::move(merged));
}

}  // namespace

std::string save_crm(const Crm& crm) {
  return write_document([&](FieldWriter& out) {
    out.members(crm);
    if (!crm.hours.empty()) out.add(kHours, crm.hours);
    if (!crm.pauses->empty()) out.add(kPauses, *crm.pauses);
    for (const auto& state : crm.rules) {
      out.message(kRule, [&](FieldWriter& part) { save_rule(part, *state); });
    }
  });
}

Result<void> load_crm(Crm& crm, std::string_view bytes, std::span<const std::shared_ptr<const CompiledRule>> rules,
                      HoursBook& hours) {
  std::string translated;
  if (!is_document(bytes)) bytes = translated = legacy::translate_crm(bytes);
  const bool whole = read_document(bytes, [&](FieldReader& in) {
    std::vector<std::string_view> saved_rules;
    while (in.next()) {
      in.member(crm);
      if (in.tag() == kPauses) in.read(*crm.pauses);
      if (in.tag() == kRule) saved_rules.push_back(in.bytes());
      if (in.tag() != kHours) continue;
      FieldReader part = in.message();
      const HoursText text = crm.hours.load(part);
      if (!text.days.empty()) crm.hours.declared = hours.hours_of(text);
    }
    for (std::uint32_t tag = 0; tag < crm.series.size(); ++tag) crm.tags.emplace(crm.series[tag].id, tag);
    for (const NotificationState& told : crm.told) crm.last_seq = std::max(crm.last_seq, told.seq);
    const ScoreLevel score = crm.score;
    apply_rules(crm, rules, kUnset);
    if (crm.rules.size() >= 2) crm.score = score;
    for (const std::string_view rule : saved_rules) load_rule(rule, crm);
  });
  if (!whole) return Error{"the saved state of " + crm.name + " is damaged"};
  crm.tell_pace();
  crm.follow_hours();
  return {};
}

}  // namespace crmpulse::rules
