#include "agent/quota/governors.h"

#include <utility>

#include "config/reader.h"
#include "probes/template/template.h"

namespace crmpulse::agent {
namespace {

std::optional<double> allowance_of(const CrmSettings& crm, const probes::Recipe& recipe) {
  if (!recipe.allowance) return std::nullopt;
  const probes::Values values{recipe, crm.arguments, "", ""};
  const auto text = probes::expand(recipe.allowance->per_day, values, probes::Place::header);
  if (!text) return std::nullopt;
  const auto number = config::parse_number(*text);
  if (!number || !(*number > 0)) return std::nullopt;
  return *number;
}

}  // namespace

Governor::Options governor_options(const CrmSettings& crm, const probes::Target& target) {
  const probes::Recipe& recipe = *target.spec().recipe;
  Governor::Options options;
  for (const auto& planned : target.measurements()) options.runs.push_back(planned_run(planned));
  options.allowance = recipe.allowance ? recipe.allowance->name : "";
  options.per_day = allowance_of(crm, recipe);
  options.budget = crm.budget;
  options.logs_in = !recipe.auth.flows.empty();
  options.backs_off = recipe.transport == probes::Transport::http;
  return options;
}

void Governors::configure(const std::vector<CrmSettings>& crms, const Targets& targets, const Memories& memories,
                          TimePoint now) {
  std::map<std::string, std::unique_ptr<Governor>, std::less<>> next;
  for (std::size_t index = 0; index < crms.size(); ++index) {
    Governor::Options options = governor_options(crms[index], *targets[index]);
    auto& slot = next[crms[index].name];
    if (const auto known = governors_.find(crms[index].name); known != governors_.end()) {
      slot = std::move(known->second);
      governors_.erase(known);
      slot->configure(std::move(options));
      continue;
    }
    slot = std::make_unique<Governor>(std::move(options));
    const auto memory = memories.find(crms[index].name);
    if (memory != memories.end() && slot->backs_off()) slot->restore(memory->second, now);
  }
  save_all();
  governors_ = std::move(next);
}

Governor* Governors::find(std::string_view crm) {
  const auto found = governors_.find(crm);
  return found == governors_.end() ? nullptr : found->second.get();
}

std::set<std::string, std::less<>> Governors::names() const {
  std::set<std::string, std::less<>> out;
  for (const auto& [crm, governor] : governors_) out.insert(crm);
  return out;
}

/// While a write is under way the next one follows it: what is made meanwhile must not be forgotten either.
void Governors::save(const std::string& crm, Governor& governor, std::function<void()> then) {
  if (!governor.worth_saving() && !writing_.contains(crm)) return then();
  write(crm, governor, std::move(then));
}

void Governors::save_changed() {
  for (const auto& [crm, governor] : governors_) {
    if (governor->worth_saving()) write(crm, *governor, [] {});
  }
}

void Governors::save_all() {
  for (const auto& [crm, governor] : governors_) {
    if (governor->changed()) write(crm, *governor, [] {});
  }
}

void Governors::write(const std::string& crm, Governor& governor, std::function<void()> then) {
  governor.saved();
  if (!save_ || !governor.backs_off()) return then();
  ++writing_[crm];
  save_(crm, governor.memory(), [this, crm, then = std::move(then)] {
    if (const auto found = writing_.find(crm); --found->second == 0) writing_.erase(found);
    then();
  });
}

}  // namespace crmpulse::agent
