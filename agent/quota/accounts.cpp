#include "agent/quota/accounts.h"

#include <algorithm>
#include <map>
#include <optional>

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

void add_to(Governor::Options& options, const CrmSettings& crm, const probes::Target& target) {
  const probes::Recipe& recipe = *target.spec().recipe;
  const bool is_first = options.runs.empty();
  for (const auto& planned : target.measurements()) options.runs.push_back(planned_run(planned));
  if (recipe.allowance && options.allowance.empty()) options.allowance = recipe.allowance->name;
  if (const auto per_day = allowance_of(crm, recipe))
    options.per_day = std::min(*per_day, options.per_day.value_or(*per_day));
  options.budget = is_first ? crm.budget : std::min(options.budget, crm.budget);
  options.logs_in = options.logs_in || !recipe.auth.flows.empty();
  options.backs_off = recipe.transport == probes::Transport::http;
}

}  // namespace

std::vector<Account> accounts_of(const std::vector<CrmSettings>& crms, const Targets& targets) {
  std::vector<Account> out;
  std::map<std::string, std::size_t> places;
  std::vector<std::size_t> runs;  // of each account
  for (std::size_t index = 0; index < crms.size(); ++index) {
    const std::string shared = targets[index]->account();
    const std::string name = shared.empty() ? "crm " + crms[index].name : "account " + shared;
    const auto [place, is_new] = places.try_emplace(name, out.size());
    if (is_new) {
      out.push_back({name, {}, {}});
      runs.push_back(0);
    }
    out[place->second].crms.push_back(index);
    out[place->second].first.push_back(runs[place->second]);
    runs[place->second] += targets[index]->measurements().size();
  }
  return out;
}

Governor::Options governor_options(const Account& account, const std::vector<CrmSettings>& crms,
                                   const Targets& targets) {
  Governor::Options options;
  for (const std::size_t index : account.crms) add_to(options, crms[index], *targets[index]);
  return options;
}

}  // namespace crmpulse::agent
