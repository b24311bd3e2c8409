#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/metric_names.h"
#include "probes/recipe_file/reader.h"
#include "probes/rows/reduce.h"
#include "probes/template/template.h"

namespace crmpulse::probes {
namespace {

using config::Reader;

// What every run says about itself, whatever the recipe says.
constexpr std::array<std::string_view, 5> kAutomatic{
    "crm_up", "crm_operation_duration_seconds", "crm_operation_phase_seconds", "crm_operation_success", "crm_failure"};
constexpr std::array<std::string_view, 4> kReservedLabels{"crm", "kind", "agent", "__name__"};

void check_metric(const std::string& metric, Reader& reader) {
  if (metric.empty()) return;
  if (!is_plain_name(metric)) {
    reader.problem("metric", fmt::format("'{}' is not a metric name", metric));
  } else if (contains(kAutomatic, metric)) {
    reader.problem("metric", fmt::format("{} is made from every run by itself", metric));
  } else if (metric.starts_with("crm_") && !is_metric_name(metric)) {
    reader.problem("metric", fmt::format("there is no metric {}; names of your own do not begin with crm_", metric));
  }
}

void check_labels(const SampleSpec& spec, Reader& reader) {
  std::vector<std::string_view> seen;
  const auto check = [&](std::string_view key, std::string_view name) {
    if (!is_plain_name(name)) reader.problem(key, fmt::format("'{}' is not a label name", name));
    if (contains(kReservedLabels, name)) reader.problem(key, fmt::format("the label {} is set for every sample", name));
    if (contains(seen, name)) reader.problem(key, fmt::format("the label {} is given twice", name));
    seen.push_back(name);
  };
  if (spec.reduce == Reduce::quantile) seen.push_back("quantile");
  for (const std::string& column : spec.by) check("by", label_of(column));
  for (const auto& label : spec.labels) check("labels", label.first);
}

void check_texts(const Scope& scope, const Template& text, std::string_view when, std::string_view key,
                 Reader& reader) {
  const Recipe& recipe = scope.recipe;
  std::vector<std::string> faults;
  for (const Dialect dialect : recipe.dialects) {
    for (const std::string& fault : template_faults(scope, text.text(dialect), Place::sql, dialect)) {
      if (!contains(faults, fault)) faults.push_back(fault);
    }
  }
  for (const std::string& fault : faults) reader.problem(key, fault);
  check_given(recipe, text.any, when, key, reader);
  for (const auto& own : text.by_dialect) check_given(recipe, own.second, when, key, reader);
}

void check_kind(const Recipe& recipe, const Measurement& measurement, Reader& reader) {
  const bool writes = !measurement.transaction.empty() || !measurement.steps.empty();
  const int kinds = (measurement.query.empty() ? 0 : 1) + (measurement.exchanges.empty() ? 0 : 1) + (writes ? 1 : 0);
  const bool sql = recipe.transport == Transport::sql;
  if (kinds != 1)
    reader.problem(sql ? "needs exactly one of query, or transaction with steps"
                       : "needs exactly one of request, requests, or transaction with steps");
  if (writes && measurement.transaction.empty())
    reader.problem("steps", "need a transaction (the name of the write test)");
  if (writes && measurement.steps.empty()) reader.problem("transaction", "needs steps");
  if (!sql && !measurement.query.empty()) reader.problem("query", "is for transport sql");
  if (sql && !measurement.samples.empty() && measurement.query.empty()) reader.problem("samples", "need a query");
  if (reader.raw("expect") != nullptr && measurement.exchanges.empty()) reader.problem("expect", "is for a request");
  if (measurement.fresh_connection && writes) reader.problem("connection", "a write test has a connection of its own");
  if (measurement.sweep && !writes) reader.problem("sweep", "is for a write test");
}

void check_batch(const Recipe& recipe, const Measurement& measurement, Reader& reader) {
  if (!measurement.batch) return;
  if (!recipe.batch) reader.problem("batch", "the recipe has no `batch`");
  for (const Exchange& exchange : measurement.exchanges) {
    if (exchange.next || !exchange.call.also.empty()) reader.problem("batch", "a request in a batch has no pages");
    if (!exchange.call.auth) reader.problem("batch", "a request in a batch has the batch's login");
    if (!exchange.call.form.empty() || !exchange.call.body.empty())
      reader.problem("batch", "a request in a batch has a body of json, or none");
    const std::string& url = exchange.call.url;
    if (url.starts_with("http") || url.starts_with("${url}"))
      reader.problem("batch", "a request in a batch has a path");
  }
}

}  // namespace

void check_given(const Recipe& recipe, std::string_view text, std::string_view when, std::string_view key,
                 Reader& reader) {
  for (const std::string& name : names_in(text)) {
    const Parameter* parameter = recipe.parameter(name);
    if (parameter == nullptr || parameter->required || parameter->default_text || parameter->default_list ||
        parameter->name == when)
      continue;
    if (parameter->type == ParameterType::boolean) continue;
    reader.problem(
        key, fmt::format("${{{0}}} may not have been given: make it required, give it a default, or write `when: {0}`",
                         name));
  }
}

void check_sample(const SampleSpec& spec, Reader& reader) {
  check_metric(spec.metric, reader);
  check_labels(spec, reader);
  const bool has_value = !spec.column.empty() || spec.constant.has_value() || !spec.ratio.first.empty();
  if (!spec.column.empty() && spec.constant) reader.problem("constant", "cannot be combined with value");
  if (!has_value && spec.reduce != Reduce::count) reader.problem("needs a value (a column) or a constant");
  if (!spec.ratio.first.empty() && (!spec.column.empty() || spec.constant))
    reader.problem("ratio", "cannot be combined with value");
  if (!spec.column.empty() && !is_plain_name(spec.column) && spec.column.front() != '/')
    reader.problem("value", fmt::format("'{}' is not a column name: letters, digits and _ (over HTTP also a pointer)",
                                        spec.column));
  if (spec.constant && spec.reduce != Reduce::none) reader.problem("reduce", "reduces a column, not a constant");
  const bool quantile = spec.reduce == Reduce::quantile;
  if (quantile && !reader.has("quantiles")) reader.problem("quantiles", "required by reduce: quantile");
  if (!quantile && reader.has("quantiles")) reader.problem("quantiles", "is for reduce: quantile");
  const bool share = spec.reduce == Reduce::share_above;
  if (share && !reader.has("threshold")) reader.problem("threshold", "required by reduce: share_above");
  if (!share && reader.has("threshold")) reader.problem("threshold", "is for reduce: share_above");
}

void check_measurement(const Scope& scope, const Measurement& measurement, Reader& reader) {
  const Recipe& recipe = scope.recipe;
  if (!measurement.id.empty() && !is_plain_name(measurement.id))
    reader.problem("id", "an id must be made of letters, digits and _");
  check_kind(recipe, measurement, reader);
  check_batch(recipe, measurement, reader);
  if (!measurement.when.empty() && recipe.parameter(measurement.when) == nullptr) {
    reader.problem("when", fmt::format("'{}' is not a parameter of this recipe", measurement.when));
  }
  if (measurement.liveness && !measurement.when.empty()) reader.problem("when", "the liveness measurement always runs");
  check_texts(scope, measurement.query, measurement.when, "query", reader);
  for (const Step& step : measurement.steps) {
    check_texts(scope, step.statement, measurement.when, "steps", reader);
    check_texts(scope, step.query, measurement.when, "steps", reader);
  }
}

}  // namespace crmpulse::probes
