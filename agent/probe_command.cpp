#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <ostream>
#include <thread>

#include "agent/commands.h"
#include "agent/print/probe_once.h"
#include "agent/print/probe_report.h"
#include "agent/settings/targets.h"
#include "config/pattern.h"
#include "config/rules_file.h"
#include "core/time/clock.h"

namespace crmpulse::agent {
namespace {

/// CRMs beside each other; each on a thread that waits for its readings.
std::vector<CrmReport> probe_all(const std::vector<probes::Target*>& targets) {
  std::vector<CrmReport> reports(targets.size());
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    threads.emplace_back([&, i] { reports[i] = probe_once(*targets[i]); });
  }
  for (std::thread& thread : threads) thread.join();
  return reports;
}

bool wanted(const std::vector<std::string>& names, const std::string& crm) {
  return names.empty() || std::find(names.begin(), names.end(), crm) != names.end();
}

/// Returns the hours of a CRM, nullopt if it has none.
std::optional<ActiveHours> hours_of(const Settings& settings, const std::string& name) {
  const auto found = std::find_if(settings.crms.begin(), settings.crms.end(),
                                  [&](const CrmSettings& crm) { return crm.name == name; });
  return found == settings.crms.end() ? std::nullopt : found->hours;
}

/// Returns the names that the user gave but that are not CRMs of the file.
std::vector<std::string> unknown_names(const std::vector<std::string>& names, const Settings& settings) {
  std::vector<std::string> out;
  for (const std::string& name : names) {
    const auto same = [&](const CrmSettings& crm) { return crm.name == name; };
    if (std::none_of(settings.crms.begin(), settings.crms.end(), same)) out.push_back(name);
  }
  return out;
}

std::string text_of(ProbeFormat format, const std::vector<CrmReport>& reports) {
  switch (format) {
    case ProbeFormat::json: return probe_json(reports);
    case ProbeFormat::prometheus: return probe_prometheus(reports);
    case ProbeFormat::table: break;
  }
  return probe_table(reports);
}

}  // namespace

int probe_command(const ProbeOptions& options, const SettingsDefaults& defaults, std::ostream& out, std::ostream& err) {
  const auto settings = load_settings(options.config, defaults);
  if (!settings) {
    err << to_string(settings.error()) << '\n';
    return kExitUnknown;
  }
  const auto rules = config::load_rules(settings->rules);
  probes::Runtime runtime;
  const auto made = make_targets(*settings, runtime);
  if (!rules || !made) {
    err << (rules ? to_string(made.error()) : to_string(rules.error())) << '\n';
    return kExitUnknown;
  }
  for (const std::string& warning : config::unmatched(settings->rules, {})) err << "warning: " << warning << '\n';
  if (const auto unknown = unknown_names(options.names, *settings); !unknown.empty()) {
    std::vector<std::string> known;
    for (const auto& crm : settings->crms) known.push_back(crm.name);
    err << fmt::format("{}: there is no CRM named {}; it has {}\n", options.config, fmt::join(unknown, ", "),
                       fmt::join(known, ", "));
    return kExitUnknown;
  }
  if (made->empty()) {
    err << fmt::format("{}: there are no CRMs in it\n", options.config);
    return kExitUnknown;
  }
  std::vector<probes::Target*> targets;
  for (const auto& target : *made) {
    if (wanted(options.names, target->spec().crm)) targets.push_back(target.get());
  }
  std::vector<CrmReport> reports = probe_all(targets);
  for (std::size_t i = 0; i < reports.size(); ++i)
    judge_report(reports[i], *rules, targets[i]->spec().labels, wall_now(),
                 hours_of(*settings, targets[i]->spec().crm));
  out << text_of(options.format, reports);
  return exit_code(worst_state(reports));
}

}  // namespace crmpulse::agent
