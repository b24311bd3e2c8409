#include "agent/settings/additions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "agent/settings/settings.h"
#include "probes/recipe_file/data_checks.h"
#include "probes/recipe_file/sample_labels.h"

namespace crmpulse::agent {
namespace {

constexpr Duration kRequestInterval{std::chrono::minutes{5}};

void add(config::Reader& reader, std::string_view key, probes::Measurement measurement, probes::Recipe& adapted) {
  for (const std::string& fault : probes::label_faults(measurement)) reader.problem("samples", fault);
  const auto same = [&](const probes::Measurement& other) { return other.id == measurement.id; };
  if (std::any_of(adapted.measurements.begin(), adapted.measurements.end(), same))
    return reader.problem(key, fmt::format("there is a measurement '{}' already", measurement.id));
  adapted.measurements.push_back(std::move(measurement));
}

/// One item: a kind of check with its text, and an interval of its own if it is wanted.
void read_check(config::Reader& reader, const probes::Recipe& recipe, probes::Recipe& adapted) {
  std::string kind;
  std::string text;
  for (const std::string_view known : probes::check_kinds()) {
    if (!reader.has(known)) continue;
    if (!kind.empty()) return reader.problem("holds two checks; begin each with its own dash");
    if (!reader.get(known, text)) return;
    kind = known;
  }
  if (kind.empty()) reader.problem(fmt::format("needs one of {}", fmt::join(probes::check_kinds(), ", ")));
  Duration interval{};
  const bool own_interval = reader.get("interval", interval, kMinInterval, kMaxInterval);
  Duration timeout{};
  const bool own_timeout = reader.get("timeout", timeout, kMinTimeout, kMaxTimeout);
  reader.finish();
  if (kind.empty()) return;
  auto measurement = probes::make_check(recipe, kind, text);
  if (!measurement) return reader.problem(kind, measurement.error().message);
  if (own_interval) measurement->interval = interval;
  if (own_timeout) measurement->timeout = timeout;
  add(reader, kind, std::move(*measurement), adapted);
}

}  // namespace

void read_additions(config::Reader& reader, const probes::Recipe& recipe, bool write_tests, probes::Recipe& adapted,
                    std::vector<std::string>& off) {
  for (config::Reader& item : reader.each("checks")) read_check(item, recipe, adapted);
  for (config::Reader& item : reader.each("requests")) {
    const std::size_t before = item.problem_count();
    probes::Measurement measurement = probes::read_own_measurement(recipe, item);
    if (!measurement.interval) measurement.interval = kRequestInterval;
    if (item.problem_count() != before) continue;
    if (!measurement.transaction.empty() && !write_tests)
      off.push_back(measurement.id);
    else
      add(item, "id", std::move(measurement), adapted);
  }
}

}  // namespace crmpulse::agent
