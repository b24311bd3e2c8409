#include "agent/settings/reconcile_settings.h"

#include <fmt/format.h>

#include <algorithm>

#include "agent/settings/crm_settings.h"
#include "agent/settings/reconcile_measurement.h"
#include "core/metric_names.h"
#include "probes/template/template.h"

namespace crmpulse::agent {
namespace {

constexpr std::size_t kMostName = 64;

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kMostName && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

CrmSettings* find_crm(Settings& settings, std::string_view name) {
  const auto found = std::find_if(settings.crms.begin(), settings.crms.end(),
                                  [&](const CrmSettings& crm) { return crm.name == name; });
  return found == settings.crms.end() ? nullptr : &*found;
}

void check_query(const std::string& query, const CrmSettings& crm, config::Reader& reader) {
  const probes::Recipe& recipe = *crm.recipe;
  if (recipe.transport != probes::Transport::sql)
    return reader.problem(
        "query", fmt::format("'{}' is reached over HTTP and takes no queries; name one of its metrics", crm.name));
  std::vector<std::string> told;
  for (const probes::Dialect dialect : recipe.dialects) {
    for (const std::string& fault : probes::template_faults(recipe, query, probes::Place::sql, dialect)) {
      if (std::find(told.begin(), told.end(), fault) != told.end()) continue;
      reader.problem("query", fault);
      told.push_back(fault);
    }
  }
}

ReconcileSide read_side(config::Reader reader, Settings& settings, const std::set<std::string>& names) {
  ReconcileSide side;
  reader.require("crm", side.crm);
  if (!side.crm.empty() && !names.contains(side.crm))
    reader.problem("crm", fmt::format("there is no CRM named '{}'", side.crm));
  reader.get("metric", side.metric);
  reader.get("query", side.query);
  auto labels = reader.child("labels");
  for (const std::string& name : labels.keys()) {
    std::string value;
    if (labels.get(name, value)) side.labels.set(name, value);
  }
  if (side.metric.empty() == side.query.empty())
    reader.problem("give either metric (and labels) or query");
  else if (!side.query.empty() && !side.labels.empty())
    reader.problem("labels", "choose series of a metric; leave them out beside a query");
  else if (side.metric.starts_with("crm_") && !is_metric_name(side.metric))
    reader.problem("metric", fmt::format("there is no metric {}", side.metric));
  const CrmSettings* crm = find_crm(settings, side.crm);
  if (crm != nullptr && !side.query.empty()) check_query(side.query, *crm, reader);
  reader.finish();
  return side;
}

/// The recipe is shared by CRMs: this one's gets the measurement.
void add_measurement(Settings& settings, const Reconciliation& reconciliation, bool left) {
  const ReconcileSide& side = left ? reconciliation.left : reconciliation.right;
  CrmSettings* crm = find_crm(settings, side.crm);
  if (side.query.empty() || crm == nullptr) return;
  auto recipe = std::make_shared<probes::Recipe>(*crm->recipe);
  recipe->measurements.push_back(reconcile_measurement(reconciliation, left));
  crm->recipe = std::move(recipe);
}

Reconciliation read_one(config::Reader& reader, Settings& settings, const std::set<std::string>& names) {
  Reconciliation one;
  reader.require("name", one.name);
  if (reader.has("name") && !is_name(one.name))
    reader.problem("name", fmt::format("must be 1 to {} letters, digits, - or _: it becomes a label", kMostName));
  for (const auto& [key, side] : {std::pair{"left", &one.left}, std::pair{"right", &one.right}}) {
    if (reader.has(key))
      *side = read_side(reader.child(key), settings, names);
    else
      reader.missing(key);
  }
  one.crm = one.left.crm;
  if (reader.get("crm", one.crm) && !names.contains(one.crm))
    reader.problem("crm", fmt::format("there is no CRM named '{}'", one.crm));
  reader.get("interval", one.interval, kMinInterval, kMaxInterval);
  reader.finish();
  return one;
}

}  // namespace

void read_reconcile(config::Reader& root, Settings& settings, const std::set<std::string>& names) {
  std::set<std::string> known;
  for (config::Reader& reader : root.each("reconcile")) {
    const std::size_t before = reader.problem_count();
    Reconciliation one = read_one(reader, settings, names);
    if (!one.name.empty() && !known.insert(one.name).second)
      reader.problem("name", fmt::format("there are two reconciliations named '{}'", one.name));
    if (reader.problem_count() != before) continue;
    add_measurement(settings, one, true);
    add_measurement(settings, one, false);
    settings.reconcile.push_back(std::move(one));
  }
}

}  // namespace crmpulse::agent
