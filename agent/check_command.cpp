#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <ostream>
#include <set>

#include "agent/commands.h"
#include "agent/print/text_table.h"
#include "agent/quota/accounts.h"
#include "agent/settings/targets.h"
#include "config/pattern.h"
#include "config/rules_file.h"
#include "config/service/service_reach.h"
#include "core/words/clock.h"
#include "core/words/value.h"
#include "probes/recipe_file/endings.h"

namespace crmpulse::agent {
namespace {

/// Calls a day of one CRM and of those that share its account, and what their allowance makes of them.
struct Plan {
  std::vector<PlannedRun> runs;  ///< of the account
  std::size_t first_run = 0;     ///< of this CRM
  Governor::Options options;
  CallPlan calls;
  std::vector<std::string> others;  ///< CRMs of the same account
};

/// By CRM, in the order of the file.
std::vector<Plan> plans_of(const Settings& settings, const Targets& targets) {
  std::vector<Plan> plans(settings.crms.size());
  for (const Account& account : accounts_of(settings.crms, targets)) {
    Plan shared;
    shared.options = governor_options(account, settings.crms, targets);
    shared.runs = shared.options.runs;
    shared.calls = plan_calls(shared.runs, Governor::cap(shared.options, shared.options.per_day));
    for (std::size_t i = 0; i < account.crms.size(); ++i) {
      Plan& plan = plans[account.crms[i]] = shared;
      plan.first_run = account.first[i];
      for (const std::size_t other : account.crms)
        if (other != account.crms[i]) plan.others.push_back(settings.crms[other].name);
    }
  }
  return plans;
}

std::string rounded(double value) {
  return value_text(std::round(value), "count", Language::en, 15);
}

/// What a measurement's interval becomes; empty when it stays.
std::string stretched(const Plan& plan, std::size_t index) {
  const std::size_t run = plan.first_run + index;
  if (plan.calls.stretch[run] <= 1) return {};
  const double seconds = to_seconds(plan.runs[run].interval) * plan.calls.stretch[run];
  return span_text(std::chrono::minutes{static_cast<std::int64_t>(std::ceil(seconds / 60))}, Language::en);
}

std::string crm_table(const Settings& settings, const Targets& targets, const std::vector<Plan>& plans) {
  using enum TextTable::Align;
  TextTable table{{{"CRM", left},
                   {"recipe", left},
                   {"measurement", left},
                   {"interval", right},
                   {"timeout", right},
                   {"calls a day", right},
                   {"stretched to", right}}};
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const CrmSettings& crm = settings.crms[i];
    double total = 0;
    bool first = true;
    const auto& measurements = targets[i]->measurements();
    for (std::size_t m = 0; m < measurements.size(); ++m) {
      const auto& planned = measurements[m];
      const double calls = calls_a_day(planned);
      total += calls;
      table.add({first ? crm.name : "", first ? crm.recipe->name : "", planned.measurement->id,
                 span_text(planned.measurement->interval.value_or(settings.interval), Language::en),
                 span_text(planned.timeout, Language::en), rounded(calls), stretched(plans[i], m)});
      first = false;
    }
    table.add({first ? crm.name : "", first ? crm.recipe->name : "", "all", "", "", rounded(total), ""});
  }
  return table.text();
}

/// What of the CRM's own allowance the configuration would take, what it may take, and what follows from that.
std::string allowance_note(const CrmSettings& crm, const Plan& plan) {
  if (crm.recipe->transport == probes::Transport::sql) return "none (a database of your own)";
  const std::string shared =
      plan.others.empty() ? std::string{} : fmt::format(" (one account with {})", fmt::join(plan.others, ", "));
  if (!plan.options.per_day) return "not known until the CRM itself reports it" + shared;
  const double per_day = *plan.options.per_day;
  const auto share = [](double part) { return value_text(part, "ratio", Language::en, 3); };
  std::string note = fmt::format("{} calls a day{}; counted calls {} a day = {} of it, cap {} = {}", rounded(per_day),
                                 shared, rounded(plan.calls.planned), share(plan.calls.planned / per_day),
                                 share(plan.options.budget), rounded(*plan.calls.allowed));
  if (!plan.calls.is_short()) return note;
  const double most = *std::max_element(plan.calls.stretch.begin(), plan.calls.stretch.end());
  return note + fmt::format("; intervals are stretched, up to {} times, to {} calls a day",
                            value_text(most, "count", Language::en, 3), rounded(plan.calls.made));
}

/// What is not measured, and the allowance, per CRM.
std::string notes(const Settings& settings, const Targets& targets, const std::vector<Plan>& plans) {
  std::string out;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const CrmSettings& crm = settings.crms[i];
    std::vector<std::string> off = crm.off;
    for (const auto& measurement : crm.recipe->measurements) {
      const auto& on = targets[i]->measurements();
      const auto same = [&](const auto& planned) { return planned.measurement->id == measurement.id; };
      if (std::none_of(on.begin(), on.end(), same)) off.push_back(measurement.id);
    }
    out += fmt::format("{}: daily allowance: {}{}\n", crm.name, allowance_note(crm, plans[i]),
                       off.empty() ? std::string{} : fmt::format("; switched off: {}", fmt::join(off, ", ")));
    if (const std::string note = pooler_note(*targets[i]); !note.empty())
      out += fmt::format("{}: {}\n", crm.name, note);
    if (!crm.textfile_dir.empty())
      out += fmt::format("{}: what scripts write: {}/*.prom, every minute\n", crm.name, crm.textfile_dir);
  }
  for (const Reconciliation& one : settings.reconcile)
    out += fmt::format("reconciliation {}: {} against {}, every {}\n", one.name, one.left.crm, one.right.crm,
                       span_text(one.interval, Language::en));
  return out;
}

/// The files that a configuration leads to without naming them as a secret or a certificate.
std::vector<std::string> other_files(const Settings& settings) {
  std::set<std::string> files;
  for (const std::string& pattern : settings.rules)
    for (std::string& file : config::expand_pattern(pattern).files) files.insert(std::move(file));
  for (const CrmSettings& crm : settings.crms) files.insert(crm.recipe->file);
  return {files.begin(), files.end()};
}

std::string warnings(const Settings& settings, TimePoint now) {
  std::string out;
  for (const CrmSettings& crm : settings.crms)
    for (const std::string& line : probes::told_endings(*crm.recipe, crm.arguments, now))
      out += fmt::format("warning: {}: {}\n", crm.name, line);
  return out.empty() ? out : "\n" + out;
}

}  // namespace

int check_command(const std::string& config, const SettingsDefaults& defaults, std::ostream& out, std::ostream& err,
                  TimePoint now) {
  const auto settings = load_settings(config, defaults);
  if (!settings) {
    err << to_string(settings.error()) << '\n';
    return kExitUsage;
  }
  Problems problems;
  probes::Runtime runtime;
  const auto targets = make_targets(*settings, runtime);
  if (!targets) problems = targets.error();
  if (const auto rules = config::load_rules(settings->rules); !rules) {
    for (const Problem& problem : rules.error()) problems.push_back(problem);
  }
  if (!problems.empty()) {
    err << to_string(problems) << '\n';
    return kExitUsage;
  }
  for (const std::string& warning : config::unmatched(settings->rules, {})) err << "warning: " << warning << '\n';
  for (const std::string& warning : config::unreadable_for_service("crmpulse-agent", config, other_files(*settings)))
    err << "warning: " << warning << '\n';
  out << fmt::format("agent {}, state in {}, ships to {}\n\n", settings->agent_name, settings->state_dir,
                     settings->ship.url);
  const std::vector<Plan> plans = plans_of(*settings, *targets);
  out << crm_table(*settings, *targets, plans) << '\n' << notes(*settings, *targets, plans) << warnings(*settings, now);
  return kExitOk;
}

}  // namespace crmpulse::agent
