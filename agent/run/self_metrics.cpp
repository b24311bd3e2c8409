#include "agent/run/self_metrics.h"

#include <algorithm>

namespace crmpulse::agent {
namespace {

class Collector {
 public:
  explicit Collector(const SelfReading& reading) : reading_(reading) {}
  void add(std::string_view metric, double value, std::string_view label = {}, std::string_view label_value = {}) {
    Sample sample{std::string{metric}, Labels{{"agent", reading_.agent}}, value, reading_.at};
    if (!label.empty()) sample.labels.set(label, label_value);
    samples.push_back(std::move(sample));
  }
  void add(std::string_view metric, std::uint64_t value) { add(metric, static_cast<double>(value)); }

  std::vector<Sample> samples;

 private:
  const SelfReading& reading_;
};

/// When the CRM's people work, for rules that are judged only then.
Sample hours_sample(const SelfReading& reading, const std::string& crm, const std::string& kind,
                    const ActiveHours& hours) {
  const HoursText text = text_of(hours);
  Sample sample{std::string{kHoursMetric}, {{"agent", reading.agent}, {"crm", crm}, {"kind", kind}}, 1.0, reading.at};
  sample.labels.set("days", text.days);
  sample.labels.set("from", text.from);
  sample.labels.set("to", text.to);
  sample.labels.set("tz", text.zone);
  if (!text.holidays.empty()) sample.labels.set("holidays", text.holidays);
  return sample;
}

double seconds(TimePoint time) {
  return static_cast<double>(unix_millis(time)) / 1000.0;
}

}  // namespace

std::vector<Sample> self_samples(const SelfReading& reading) {
  Collector out{reading};
  if (reading.heartbeat) out.add("crm_agent_heartbeat_timestamp_seconds", seconds(reading.at));
  // With the same stamp as every target's info: the collector sees which CRMs are not named any more.
  out.add("crm_agent_crms", static_cast<std::uint64_t>(reading.crms.size()));
  out.add("crm_agent_info", 1.0, "version", CRMPULSE_VERSION);
  out.samples.back().labels.set("system", CRMPULSE_SYSTEM);
  out.add("crm_agent_spool_bytes", reading.spool.bytes);
  // An empty spool has nothing old: now.
  const bool waiting = reading.spool.oldest > TimePoint{};
  out.add("crm_agent_spool_oldest_unsent_timestamp_seconds", seconds(waiting ? reading.spool.oldest : reading.at));
  out.add("crm_agent_spool_damaged_files", static_cast<std::uint64_t>(reading.spool.damaged_files));
  out.add("crm_agent_dropped_samples_total", reading.spool.dropped_samples + reading.shipper.dropped_samples);
  for (const auto& [reason, count] : reading.shipper.refused_samples)
    out.add("crm_agent_refused_samples_total", static_cast<double>(count), "reason", reason);
  out.add("crm_agent_dropped_evidence_total", reading.shipper.dropped_evidence);
  out.add("crm_agent_failed_sends_total", reading.shipper.failed_requests);
  out.add("crm_agent_runs_total", reading.runs.runs);
  out.add("crm_agent_skipped_runs_total", reading.runs.skipped);
  out.add("crm_agent_refused_runs_total", reading.runs.refused);
  out.add("crm_agent_rows_truncated_total", reading.runs.rows_truncated);
  out.add("crm_agent_resident_memory_bytes", reading.resident_bytes);
  out.add("crm_agent_last_reload_successful", reading.last_reload_worked ? 1.0 : 0.0);
  for (const auto& [crm, kind, transport, calls, hours] : reading.crms) {
    Sample info{"crm_agent_target_info", {{"agent", reading.agent}, {"crm", crm}, {"kind", kind}}, 1.0, reading.at};
    info.labels.set("transport", transport);
    out.samples.push_back(std::move(info));
    if (hours) out.samples.push_back(hours_sample(reading, crm, kind, *hours));
    const auto made = reading.runs.calls.find(crm);
    out.add("crm_agent_calls_total", made == reading.runs.calls.end() ? 0.0 : static_cast<double>(made->second), "crm",
            crm);
    out.add("crm_agent_interval_stretch_ratio", calls.stretch, "crm", crm);
    out.add("crm_agent_calls_planned_per_day", calls.planned, "crm", crm);
    if (calls.allowed) out.add("crm_agent_calls_allowed_per_day", *calls.allowed, "crm", crm);
    if (transport == "http")
      out.add("crm_agent_paused_seconds",
              calls.paused_since ? std::max(0.0, to_seconds(reading.now - *calls.paused_since)) : 0.0, "crm", crm);
    if (calls.paused_until)
      out.add("crm_agent_paused_until_timestamp_seconds", seconds(*calls.paused_until), "crm", crm);
  }
  return std::move(out.samples);
}

}  // namespace crmpulse::agent
