#include "probes/recipe_file/sample_labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "config/suggest.h"
#include "core/metric_names.h"
#include "probes/rows/reduce.h"

namespace crmpulse::probes {
namespace {

std::vector<std::string> label_names_of(const SampleSpec& sample) {
  std::vector<std::string> names;
  for (const std::string& column : sample.by) names.emplace_back(label_of(column));
  for (const auto& label : sample.labels) names.push_back(label.first);
  return names;
}

std::optional<std::string> fault_in(const SampleSpec& sample) {
  const std::vector<std::string> given = label_names_of(sample);
  const auto needed = required_labels(sample.metric);
  const auto is_given = [&](std::string_view name) {
    return std::find(given.begin(), given.end(), name) != given.end();
  };
  for (const std::string_view label : needed) {
    if (is_given(label)) continue;
    for (const std::string& name : given) {
      const bool strange = std::find(needed.begin(), needed.end(), name) == needed.end();
      const std::string near = config::suggestion(name, {std::string{label}});
      if (strange && near.find("did you mean") != std::string::npos)
        return fmt::format("{} needs the label {}, and has '{}'{}", sample.metric, label, name, near);
    }
    return fmt::format("{} needs the label {}, in `labels` or `by`: rules tell its series by it", sample.metric, label);
  }
  return std::nullopt;
}

}  // namespace

std::vector<std::string> label_faults(const Measurement& measurement) {
  std::vector<std::string> faults;
  for (const SampleSpec* sample : samples_of(measurement))
    if (auto fault = fault_in(*sample)) faults.push_back(std::move(*fault));
  return faults;
}

std::vector<const SampleSpec*> samples_of(const Measurement& measurement) {
  std::vector<const SampleSpec*> samples;
  for (const SampleSpec& sample : measurement.samples) samples.push_back(&sample);
  for (const Exchange& exchange : measurement.exchanges)
    for (const SampleSpec& sample : exchange.samples) samples.push_back(&sample);
  return samples;
}

}  // namespace crmpulse::probes
