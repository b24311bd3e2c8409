#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <ostream>
#include <set>

#include "agent/commands.h"
#include "agent/print/text_table.h"
#include "agent/quota/governors.h"
#include "agent/settings/targets.h"
#include "config/pattern.h"
#include "config/rules_file.h"
#include "net/service/service_reach.h"
#include "probes/recipe_file/endings.h"

namespace crmpulse::agent {
namespace {

/// Calls a day of one CRM, and what its allowance makes of them.
struct Plan {
  std::vector<PlannedRun> runs;
  Governor::Options options;
  CallPlan calls;
};

Plan plan_of(const CrmSettings& crm, const probes::Target& target) {
  Plan plan;
  plan.options = governor_options(crm, target);
  plan.runs = plan.options.runs;
  plan.calls = plan_calls(plan.runs, Governor::cap(plan.options, plan.options.per_day));
  return plan;
}

std::string rounded(double value) {
  return fmt::format("{:.0f}", value);
}

/// What a measurement's interval becomes; empty when it stays.
std::string stretched(const Plan& plan, std::size_t index) {
  if (plan.calls.stretch[index] <= 1) return {};
  const double seconds = to_seconds(plan.runs[index].interval) * plan.calls.stretch[index];
  return format_duration(std::chrono::minutes{static_cast<std::int64_t>(std::ceil(seconds / 60))});
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
                 format_duration(planned.measurement->interval.value_or(settings.interval)),
                 format_duration(planned.timeout), rounded(calls), stretched(plans[i], m)});
      first = false;
    }
    table.add({first ? crm.name : "", first ? crm.recipe->name : "", "all", "", "", rounded(total), ""});
  }
  return table.text();
}

/// What of the CRM's own allowance the configuration would take, what it may take, and what follows from that.
std::string allowance_note(const CrmSettings& crm, const Plan& plan) {
  if (crm.recipe->transport == probes::Transport::sql) return "none (a database of your own)";
  if (!plan.options.per_day) return "not known; what the CRM says of it while it is measured counts";
  const double per_day = *plan.options.per_day;
  std::string note =
      fmt::format("{} calls a day; counted calls {:.0f} a day = {:.2g}% of it, cap {:.3g}% = {:.0f}", rounded(per_day),
                  plan.calls.planned, 100 * plan.calls.planned / per_day, 100 * crm.budget, *plan.calls.allowed);
  if (!plan.calls.is_short()) return note;
  const double most = *std::max_element(plan.calls.stretch.begin(), plan.calls.stretch.end());
  return note +
         fmt::format("; intervals are stretched, up to {:.3g} times, to {:.0f} calls a day", most, plan.calls.made);
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
  }
  for (const Reconciliation& one : settings.reconcile)
    out += fmt::format("reconciliation {}: {} against {}, every {}\n", one.name, one.left.crm, one.right.crm,
                       format_duration(one.interval));
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
  for (const std::string& warning : net::unreadable_for_service("crmpulse-agent", config, other_files(*settings)))
    err << "warning: " << warning << '\n';
  out << fmt::format("agent {}, state in {}, ships to {}\n\n", settings->agent_name, settings->state_dir,
                     settings->ship.url);
  std::vector<Plan> plans;
  for (std::size_t i = 0; i < targets->size(); ++i) plans.push_back(plan_of(settings->crms[i], *(*targets)[i]));
  out << crm_table(*settings, *targets, plans) << '\n' << notes(*settings, *targets, plans) << warnings(*settings, now);
  return kExitOk;
}

}  // namespace crmpulse::agent
