#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ostream>

#include "agent/commands.h"
#include "agent/targets.h"
#include "agent/text_table.h"
#include "config/rules_file.h"

namespace crmpulse::agent {
namespace {

std::string crm_table(const Settings& settings, const Targets& targets) {
  using enum TextTable::Align;
  TextTable table{{{"CRM", left},
                   {"recipe", left},
                   {"measurement", left},
                   {"interval", right},
                   {"timeout", right},
                   {"calls a day", right}}};
  for (std::size_t i = 0; i < targets.size(); ++i) {
    double total = 0;
    bool first = true;
    for (const auto& planned : targets[i]->measurements()) {
      const double calls = calls_a_day(planned);
      total += calls;
      table.add({first ? settings.crms[i].name : "", first ? settings.crms[i].recipe->name : "",
                 planned.measurement->id, format_duration(planned.measurement->interval.value_or(settings.interval)),
                 format_duration(planned.timeout), fmt::format("{:.0f}", calls)});
      first = false;
    }
    table.add({first ? settings.crms[i].name : "", first ? settings.crms[i].recipe->name : "", "all", "", "",
               fmt::format("{:.0f}", total)});
  }
  return table.text();
}

/// What is not measured and why, per CRM; a database has no allowance to take a share of.
std::string notes(const Settings& settings, const Targets& targets) {
  std::string out;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const CrmSettings& crm = settings.crms[i];
    std::vector<std::string> off = crm.off;
    for (const auto& measurement : crm.recipe->measurements) {
      const auto& on = targets[i]->measurements();
      const auto same = [&](const auto& planned) { return planned.measurement->id == measurement.id; };
      if (std::none_of(on.begin(), on.end(), same)) off.push_back(measurement.id);
    }
    const char* allowance =
        crm.recipe->transport == probes::Transport::sql ? "none (a database of your own)" : "not known";
    out += fmt::format("{}: daily allowance: {}{}\n", crm.name, allowance,
                       off.empty() ? std::string{} : fmt::format("; switched off: {}", fmt::join(off, ", ")));
  }
  return out;
}

}  // namespace

int check_command(const std::string& config, const SettingsDefaults& defaults, std::ostream& out, std::ostream& err) {
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
  out << fmt::format("agent {}, state in {}, ships to {}\n\n", settings->agent_name, settings->state_dir,
                     settings->ship.url);
  out << crm_table(*settings, *targets) << '\n' << notes(*settings, *targets);
  return kExitOk;
}

}  // namespace crmpulse::agent
