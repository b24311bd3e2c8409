#include "agent/print/probe_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <map>

#include "agent/print/text_table.h"
#include "core/words/clock.h"
#include "core/words/value.h"

namespace crmpulse::agent {
namespace {

/// Poor before sub-healthy before unknown before healthy.
int badness(std::optional<Level> state) {
  if (!state) return 1;
  return *state == Level::healthy ? 0 : static_cast<int>(*state) + 1;
}

std::string summary(std::span<const CrmReport> reports) {
  std::vector<const CrmReport*> sorted;
  for (const CrmReport& report : reports) sorted.push_back(&report);
  std::sort(sorted.begin(), sorted.end(), [](const CrmReport* a, const CrmReport* b) {
    const int difference = badness(a->state) - badness(b->state);
    return difference != 0 ? difference > 0 : a < b;  // then as in the file
  });
  std::string out;
  for (const CrmReport* report : sorted) {
    out += fmt::format("{}{} {}: {}", out.empty() ? "" : "; ", state_word(report->state), report->crm, report->why);
  }
  return out + '\n';
}

std::string result_of(const probes::Reading& reading) {
  if (!reading.failure) return "ok";
  return fmt::format("{}/{}", to_string(reading.failure->stage), to_string(reading.failure->reason));
}

std::string phases_of(const probes::Reading& reading) {
  std::string out;
  for (const auto& [name, seconds] : reading.phases) {
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", name, value_text(seconds, "seconds", Language::en));
  }
  return out;
}

std::string measurements_table(const CrmReport& report) {
  using enum TextTable::Align;
  TextTable table{
      {{"measurement", left}, {"operation", left}, {"result", left}, {"duration", right}, {"phases", left}}};
  for (const auto& reading : report.readings) {
    table.add({reading.measurement, reading.operation, result_of(reading),
               value_text(reading.duration_seconds, "seconds", Language::en), phases_of(reading)});
  }
  return table.text("  ");
}

std::string level_of(const RuleLevel& level) {
  if (!level.level) return level.resting ? "outside its hours" : "needs a window";
  const bool softened = level.rule->role == Role::soft && *level.level == Level::poor;
  return fmt::format("{}{}", spoken(*level.level, Language::en), softened ? " (counts as sub-healthy)" : "");
}

std::string failure_text(const probes::Reading& reading) {
  std::string out = fmt::format("  {}: {}\n", reading.measurement, reading.failure->message);
  for (const Evidence& evidence : reading.evidence) {
    if (evidence.text != reading.failure->message) out += fmt::format("    {}\n", evidence.text);
  }
  return out;
}

/// A login that failed is told once, with what it stopped.
std::string failures_text(const CrmReport& report) {
  std::string out;
  std::string stopped;
  const probes::Reading* login = nullptr;
  for (const auto& reading : report.readings) {
    if (!reading.failure) continue;
    const bool same_login = login != nullptr && probes::is_of_login(reading) &&
                            login->failure->stage == reading.failure->stage &&
                            login->failure->reason == reading.failure->reason;
    if (same_login) {
      stopped += fmt::format("{}{}", stopped.empty() ? "" : ", ", reading.measurement);
      continue;
    }
    if (login == nullptr && probes::is_of_login(reading)) login = &reading;
    out += failure_text(reading);
  }
  if (!stopped.empty()) out += fmt::format("  stopped by the same login: {}\n", stopped);
  return out.empty() ? out : "\n" + out;
}

std::string warnings_text(const CrmReport& report) {
  std::string out;
  for (const auto& reading : report.readings) {
    for (const probes::Warning& warning : reading.warnings)
      out += fmt::format("  warning: {}: {}\n", reading.measurement, warning.text);
  }
  return out.empty() ? out : "\n" + out;
}

std::string threshold(const Rule& rule, const Threshold& limit) {
  return fmt::format("{} {}", rule.op == Direction::above ? "≥" : "≤",
                     value_text(limit.enter, rule.unit, Language::en));
}

std::string levels_table(const CrmReport& report) {
  using enum TextTable::Align;
  TextTable table{{{"dimension", left},
                   {"rule", left},
                   {"of", left},
                   {"value", right},
                   {"sub-healthy", right},
                   {"poor", right},
                   {"level", left}}};
  for (const RuleLevel& level : report.levels) {
    const Rule& rule = *level.rule;
    table.add({rule.dimension, rule.id, level.each, level.value ? value_words(level) : "-", threshold(rule, rule.sub),
               threshold(rule, rule.poor), level_of(level)});
  }
  return table.empty() ? std::string{} : "\n" + table.text("  ");
}

/// Labels that tell a CRM's series apart; the rest stands in the heading.
std::string own_labels(const Sample& sample) {
  std::string out;
  for (const auto& [name, value] : sample.labels) {
    if (name == "crm" || name == "kind" || name == "agent") continue;
    out += fmt::format("{}{}={}", out.empty() ? "" : " ", name, value);
  }
  return out;
}

/// Metrics are named with their base unit.
std::string sample_words(const Sample& sample) {
  constexpr int kDigits = 6;
  constexpr double kFarthest = 1e11;
  const auto is = [&](std::string_view unit) { return sample.metric.ends_with(unit); };
  if (is("_timestamp_seconds") && std::isfinite(sample.value) && std::abs(sample.value) < kFarthest)
    return date_text(from_unix_millis(std::llround(sample.value) * 1000));
  const std::string_view unit = is("_seconds") ? "seconds" : is("_ratio") ? "ratio" : is("_bytes") ? "bytes" : "count";
  return value_text(sample.value, unit, Language::en, unit == "count" ? 2 * kDigits : kDigits);
}

std::string values_table(const CrmReport& report) {
  using enum TextTable::Align;
  TextTable table{{{"metric", left}, {"labels", left}, {"value", right}}};
  for (const auto& reading : report.readings) {
    for (const Sample& sample : reading.samples) {
      // What the first table says already.
      if (sample.metric.starts_with("crm_operation_") || sample.metric == "crm_failure" || sample.metric == "crm_up")
        continue;
      table.add({sample.metric, own_labels(sample), sample_words(sample)});
    }
  }
  return table.empty() ? std::string{} : "\n" + table.text("  ");
}

std::string escaped(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    out += c == '\n' ? std::string{"\\n"} : std::string{c};
  }
  return out;
}

std::string prometheus_number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

std::string prometheus_line(std::string_view metric, const Labels& labels, double value) {
  std::string text;
  for (const auto& [name, label] : labels)
    text += fmt::format("{}{}=\"{}\"", text.empty() ? "" : ",", name, escaped(label));
  return fmt::format("{}{{{}}} {}\n", metric, text, prometheus_number(value));
}

boost::json::value number_or_null(std::optional<double> value) {
  if (!value || !std::isfinite(*value)) return nullptr;
  return *value;
}

boost::json::object sample_json(const Sample& sample) {
  boost::json::object labels;
  for (const auto& [name, value] : sample.labels) labels[name] = value;
  return {{"metric", sample.metric}, {"labels", std::move(labels)}, {"value", number_or_null(sample.value)}};
}

boost::json::object reading_json(const probes::Reading& reading) {
  boost::json::object out{{"id", reading.measurement},
                          {"operation", reading.operation},
                          {"object", reading.object},
                          {"ok", !reading.failure}};
  out["duration_seconds"] = number_or_null(reading.duration_seconds);
  boost::json::object& phases = out["phases"].emplace_object();
  for (const auto& [name, seconds] : reading.phases) phases[name] = seconds;
  if (reading.failure) {
    out["failure"] = boost::json::object{{"stage", to_string(reading.failure->stage)},
                                         {"reason", to_string(reading.failure->reason)},
                                         {"message", reading.failure->message}};
  }
  boost::json::array& samples = out["samples"].emplace_array();
  for (const Sample& sample : reading.samples) samples.push_back(sample_json(sample));
  boost::json::array& evidence = out["evidence"].emplace_array();
  for (const Evidence& line : reading.evidence) evidence.emplace_back(line.text);
  boost::json::array& warnings = out["warnings"].emplace_array();
  for (const probes::Warning& warning : reading.warnings) warnings.emplace_back(warning.text);
  return out;
}

boost::json::object level_json(const RuleLevel& level) {
  boost::json::object out{{"dimension", level.rule->dimension}, {"rule", level.rule->id}};
  if (!level.each.empty()) out["each"] = level.each;
  out["value"] = number_or_null(level.value);
  out["unit"] = level.rule->unit;
  out["sub_healthy"] = level.rule->sub.enter;
  out["poor"] = level.rule->poor.enter;
  if (level.level)
    out["level"] = to_string(*level.level);
  else
    out["level"] = nullptr;
  return out;
}

std::string_view json_state(std::optional<Level> state) {
  return state ? to_string(*state) : "unknown";
}

}  // namespace

std::string_view state_word(std::optional<Level> state) {
  if (!state) return "UNKNOWN";
  switch (*state) {
    case Level::healthy: return "HEALTHY";
    case Level::sub_healthy: return "SUB-HEALTHY";
    case Level::poor: return "POOR";
  }
  return "UNKNOWN";
}

int exit_code(std::optional<Level> state) {
  return state ? static_cast<int>(*state) : 3;
}

std::optional<Level> worst_state(std::span<const CrmReport> reports) {
  std::optional<Level> worst = Level::healthy;
  for (const CrmReport& report : reports) {
    if (badness(report.state) > badness(worst)) worst = report.state;
  }
  return worst;
}

std::string probe_table(std::span<const CrmReport> reports) {
  std::string out = summary(reports);
  for (const CrmReport& report : reports) {
    out += fmt::format("\n{} ({}): {}\n", report.crm, report.kind, state_word(report.state));
    for (const std::string& note : report.notes) out += fmt::format("  {}\n", note);
    out += measurements_table(report) + failures_text(report) + warnings_text(report) + levels_table(report) +
           values_table(report);
  }
  return out;
}

std::string probe_json(std::span<const CrmReport> reports) {
  boost::json::object out{{"state", json_state(worst_state(reports))}};
  boost::json::array& crms = out["crms"].emplace_array();
  for (const CrmReport& report : reports) {
    boost::json::object crm{
        {"crm", report.crm}, {"kind", report.kind}, {"state", json_state(report.state)}, {"why", report.why}};
    boost::json::array& notes = crm["notes"].emplace_array();
    for (const std::string& note : report.notes) notes.emplace_back(note);
    boost::json::array& measurements = crm["measurements"].emplace_array();
    for (const auto& reading : report.readings) measurements.push_back(reading_json(reading));
    boost::json::array& levels = crm["levels"].emplace_array();
    for (const RuleLevel& level : report.levels) levels.push_back(level_json(level));
    crms.push_back(std::move(crm));
  }
  return boost::json::serialize(out) + '\n';
}

std::string probe_prometheus(std::span<const CrmReport> reports) {
  // Two measurements may give one series (the same operation); the format allows it once, and the later one counts.
  std::map<std::string, std::map<Labels, double>> families;
  for (const CrmReport& report : reports) {
    for (const auto& reading : report.readings) {
      for (const Sample& sample : reading.samples) families[sample.metric][sample.labels] = sample.value;
    }
  }
  std::string out;
  for (const auto& [metric, series] : families) {
    out += fmt::format("# TYPE {} gauge\n", metric);
    for (const auto& [labels, value] : series) out += prometheus_line(metric, labels, value);
  }
  return out;
}

}  // namespace crmpulse::agent
