#include "agent/setup/steps/trial.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "agent/print/probe_once.h"
#include "agent/quota/accounts.h"
#include "agent/settings/crm_edit.h"
#include "config/node.h"
#include "config/rules_file.h"
#include "core/time/clock.h"
#include "core/words/value.h"

namespace crmpulse::agent::setup {

Trial::MadeResult Trial::make(const CrmEntry& entry) {
  const auto text = add_crm(before_, entry_lines(entry, SecretsIn::environment), config_);
  if (!text) return Problems{{config_, 0, "", text.error().message}};
  const auto document = config::load_text(*text, config_);
  if (!document) return document.error();
  auto settings = read_settings(*document, defaults_);
  if (!settings) return settings.error();
  std::erase_if(settings->crms, [&](const CrmSettings& crm) { return crm.name != entry.name; });
  settings->state_dir.clear();  // tokens of a trial are not kept
  auto targets = make_targets(*settings, runtime_);
  if (!targets) return targets.error();
  return Made{std::move(*settings), std::move(*targets)};
}

Result<std::string> Trial::text(const CrmEntry& entry) const {
  return add_crm(before_, entry_lines(entry, SecretsIn::credentials), config_);
}

probes::Reading Trial::liveness(Made& made) {
  probes::Target& target = *made.targets.front();
  const auto& planned = target.measurements();
  const auto found =
      std::find_if(planned.begin(), planned.end(), [](const auto& one) { return one.measurement->liveness; });
  return run_once(target, static_cast<std::size_t>(found - planned.begin()));
}

CrmReport Trial::probe(Made& made) {
  return probe_once(*made.targets.front());
}

std::optional<Problems> Trial::judge(CrmReport& report, const Made& made) {
  auto rules = config::load_rules(made.settings.rules);
  if (!rules) return rules.error();
  rules_ = std::move(*rules);
  judge_report(report, rules_, made.targets.front()->spec().labels, wall_now(), made.settings.crms.front().hours);
  return std::nullopt;
}

std::string Trial::cost(const Made& made, Language language) {
  const auto& planned = made.targets.front()->measurements();
  double calls = 0;
  for (const auto& one : planned) calls += calls_a_day(one);
  const auto whole = [&](double number) { return value_text(std::round(number), "count", language, 15); };
  const bool sql = made.settings.crms.front().recipe->transport == probes::Transport::sql;
  if (sql) {
    return in_words(language, "{} measurements, {} statements a day", "{} 个测量项，每天 {} 条语句", planned.size(),
                    whole(calls));
  }
  const auto accounts = accounts_of(made.settings.crms, made.targets);
  const auto options = governor_options(accounts.front(), made.settings.crms, made.targets);
  if (!options.per_day)
    return in_words(language, "{} measurements, {} calls a day", "{} 个测量项，每天 {} 次调用", planned.size(),
                    whole(calls));
  return in_words(language, "{} measurements, {} calls a day, {} of the {} that the CRM allows",
                  "{0} 个测量项，每天 {1} 次调用，占该 CRM 每日配额（{3}）的 {2}", planned.size(), whole(calls),
                  value_text(calls / *options.per_day, "ratio", language, 2), whole(*options.per_day));
}

}  // namespace crmpulse::agent::setup
