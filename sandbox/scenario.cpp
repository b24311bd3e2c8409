#include "sandbox/scenario.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "config/node.h"
#include "config/reader.h"

namespace crmpulse::sandbox {
namespace {

constexpr Duration kLongest = std::chrono::days{30};

boost::system::result<Scenario, Problems> scenario_of(const config::Document& document,
                                                      const std::vector<std::string>& crms) {
  Problems problems;
  Scenario out;
  config::Reader reader{document.root, "", document.file, problems};
  reader.get("scenario", out.title);
  if (!reader.has("steps")) reader.missing("steps");
  std::vector<config::Reader> items = reader.each("steps");
  for (config::Reader& item : items) {
    Scenario::Step step;
    item.require("at", step.at, Duration{}, kLongest);
    step.rule = fault_from_yaml(item);
    if (!step.rule.crm.empty() && std::find(crms.begin(), crms.end(), step.rule.crm) == crms.end())
      item.problem("crm", fmt::format("'{}' is not one of {}", step.rule.crm, fmt::join(crms, ", ")));
    item.finish();
    out.steps.push_back(std::move(step));
  }
  reader.finish();
  if (!problems.empty()) return problems;
  return out;
}

}  // namespace

boost::system::result<Scenario, Problems> load_scenario(const std::string& file, const std::vector<std::string>& crms) {
  const auto document = config::load_file(file);
  if (!document) return document.error();
  return scenario_of(document.value(), crms);
}

boost::system::result<Scenario, Problems> read_scenario(std::string_view text, const std::string& file,
                                                        const std::vector<std::string>& crms) {
  const auto document = config::load_text(text, file);
  if (!document) return document.error();
  return scenario_of(document.value(), crms);
}

}  // namespace crmpulse::sandbox
