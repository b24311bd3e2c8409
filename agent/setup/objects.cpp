#include "agent/setup/objects.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "agent/settings/targets.h"

namespace crmpulse::agent::setup {
namespace {

using probes::Exchange;
using probes::Measurement;

constexpr std::string_view kNewest = "crm_last_modified_timestamp_seconds";

const Exchange* exchange_for(const Measurement& measurement, const std::string& parameter) {
  const auto found = std::find_if(measurement.exchanges.begin(), measurement.exchanges.end(),
                                  [&](const Exchange& one) { return one.each_of.second == parameter; });
  return found == measurement.exchanges.end() ? nullptr : &*found;
}

bool tells_newest(const Exchange& exchange) {
  return std::any_of(exchange.samples.begin(), exchange.samples.end(),
                     [](const probes::SampleSpec& sample) { return sample.metric == kNewest; });
}

/// The measurement that is made for each item; one that tells the newest change before others.
const Measurement* measurement_for(const probes::Recipe& recipe, const std::string& parameter) {
  const Measurement* first = nullptr;
  for (const Measurement& measurement : recipe.measurements) {
    const Exchange* const exchange = exchange_for(measurement, parameter);
    if (exchange == nullptr || !measurement.transaction.empty() || !measurement.when.empty()) continue;
    if (tells_newest(*exchange)) return &measurement;
    if (first == nullptr) first = &measurement;
  }
  return first;
}

bool cannot_be_read(const Failure& failure) {
  return failure.reason == Reason::permission || failure.reason == Reason::missing ||
         failure.reason == Reason::bad_content;
}

/// Returns why the item is left out, nullopt if it is used.
std::optional<std::string> fault_of_item(const probes::Reading& reading, bool needs_newest, const std::string& item) {
  if (reading.failure) {
    if (!cannot_be_read(*reading.failure) || probes::is_of_login(reading)) return std::nullopt;
    return fmt::format("{}: {}", to_string(reading.failure->reason), reading.failure->message);
  }
  if (!needs_newest) return std::nullopt;
  const bool newest = std::any_of(reading.samples.begin(), reading.samples.end(), [&](const Sample& sample) {
    return sample.metric == kNewest && sample.labels.get("object") == item;
  });
  return newest ? std::nullopt : std::optional<std::string>{"no records"};
}

std::optional<std::size_t> index_of(const probes::Target& target, const std::string& id) {
  const auto& planned = target.measurements();
  for (std::size_t i = 0; i < planned.size(); ++i)
    if (planned[i].measurement->id == id) return i;
  return std::nullopt;
}

}  // namespace

std::vector<std::string> object_parameters(const probes::Recipe& recipe) {
  std::vector<std::string> out;
  for (const probes::Parameter& parameter : recipe.parameters) {
    const bool list = parameter.type == probes::ParameterType::list && parameter.default_list;
    if (list && measurement_for(recipe, parameter.name) != nullptr) out.push_back(parameter.name);
  }
  return out;
}

ObjectLook look_at_objects(const probes::Recipe& recipe, const std::string& parameter,
                           const std::vector<std::string>& items, const MakeTarget& make) {
  ObjectLook look{parameter, {}, {}};
  const Measurement* const measurement = measurement_for(recipe, parameter);
  for (const std::string& item : items) {
    const auto target = measurement == nullptr ? nullptr : make(parameter, item);
    const auto index = target == nullptr ? std::nullopt : index_of(*target, measurement->id);
    if (!index) {
      look.used.push_back(item);
      continue;
    }
    const bool needs_newest = tells_newest(*exchange_for(*measurement, parameter));
    if (auto fault = fault_of_item(run_once(*target, *index), needs_newest, item))
      look.left_out.emplace_back(item, std::move(*fault));
    else
      look.used.push_back(item);
  }
  return look;
}

}  // namespace crmpulse::agent::setup
