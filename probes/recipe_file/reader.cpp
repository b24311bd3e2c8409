#include "probes/recipe_file/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "core/dimension.h"
#include "core/failure/failure.h"
#include "probes/recipe_file/arguments.h"
#include "probes/recipe_file/endings.h"
#include "probes/recipe_file/signs.h"
#include "probes/template/template.h"

namespace crmpulse::probes {
namespace {

using config::Reader;
using namespace std::chrono_literals;

const std::vector<std::string_view> kTransports{"sql", "http"};
const std::vector<std::string_view> kDialects{"postgresql", "mysql", "sqlite", "odbc"};
const std::vector<std::string_view> kTypes{"string",   "secret",     "url",    "integer", "number",
                                           "duration", "identifier", "prefix", "boolean", "list"};
const std::vector<std::string_view> kStages{stage_names().begin(), stage_names().end()};

void read_dialects(Reader& reader, Recipe& recipe) {
  std::vector<std::string> names;
  reader.get("dialects", names);
  for (const std::string& name : names) {
    const auto found = std::find(kDialects.begin(), kDialects.end(), name);
    if (found == kDialects.end()) {
      reader.problem("dialects",
                     fmt::format("'{}' is not a dialect; there are postgresql, mysql, sqlite and odbc", name));
      continue;
    }
    const auto dialect = static_cast<Dialect>(found - kDialects.begin());
    if (std::find(recipe.dialects.begin(), recipe.dialects.end(), dialect) != recipe.dialects.end())
      reader.problem("dialects", fmt::format("'{}' is given twice", name));
    recipe.dialects.push_back(dialect);
  }
  if (recipe.transport == Transport::sql && names.empty())
    reader.problem("dialects", "required: which databases are the queries written for?");
  if (recipe.transport == Transport::http && !names.empty()) reader.problem("dialects", "is for transport sql");
}

void read_not_measured(Reader reader, Recipe& recipe) {
  for (const std::string& dimension : reader.keys()) {
    if (find_dimension(dimension) == nullptr) reader.problem(dimension, "is not a dimension");
    recipe.not_measured.emplace_back(dimension, read_text(reader, dimension));
  }
}

void read_default(Reader& reader, Parameter& parameter) {
  if (!reader.has("default")) return;
  if (parameter.type == ParameterType::secret) {
    reader.raw("default");
    reader.problem("default", "a secret has no default");
    return;
  }
  if (parameter.type == ParameterType::list) {
    std::vector<std::string> items;
    if (reader.get("default", items)) parameter.default_list = std::move(items);
    return;
  }
  std::string text;
  if (!reader.get("default", text)) return;
  if (const auto fault = fault_of(parameter, text)) reader.problem("default", *fault);
  parameter.default_text = std::move(text);
}

void read_bounds(Reader& reader, Parameter& parameter) {
  if (parameter.type == ParameterType::duration) {
    for (const auto& [key, out] : {std::pair{"min", &parameter.min}, {"max", &parameter.max}}) {
      Duration bound{};
      if (reader.get(key, bound, 0ms, Duration::max())) *out = to_seconds(bound);
    }
  } else if (parameter.type == ParameterType::integer || parameter.type == ParameterType::number) {
    for (const auto& [key, out] : {std::pair{"min", &parameter.min}, {"max", &parameter.max}}) {
      double bound = 0;
      if (reader.get(key, bound, -kAnyNumber, kAnyNumber)) *out = bound;
    }
  } else {
    for (const char* key : {"min", "max"}) {
      if (reader.raw(key) != nullptr) reader.problem(key, "is for integer, number and duration");
    }
  }
}

Parameter read_parameter(Reader reader, const std::string& name) {
  Parameter parameter;
  parameter.name = name;
  if (!reader.has("type")) reader.missing("type");
  get_enum(reader, "type", parameter.type, kTypes);
  reader.get("required", parameter.required);
  reader.get("choices", parameter.choices);
  read_bounds(reader, parameter);
  read_default(reader, parameter);
  if (parameter.required && (parameter.default_text || parameter.default_list))
    reader.problem("default", "a required parameter has no default");
  if (reader.has("help")) {
    parameter.help = read_text(reader, "help");
  } else {
    reader.missing("help");
  }
  reader.finish();
  return parameter;
}

void read_parameters(Reader reader, Recipe& recipe) {
  for (const std::string& name : reader.keys()) {
    if (!is_plain_name(name)) reader.problem(name, "a parameter's name must be made of letters, digits and _");
    if (is_taken_name(name)) reader.problem(name, "this name is taken: every recipe has it");
    recipe.parameters.push_back(read_parameter(reader.child(name), name));
  }
}

void read_failures(Reader& reader, Recipe& recipe) {
  for (Reader& entry : reader.each("failures")) {
    FailureMapping mapping;
    entry.get("sqlstate", mapping.sqlstate);
    read_failure_conditions(entry, mapping);
    if (!entry.has("stage")) entry.missing("stage");
    get_enum(entry, "stage", mapping.stage, kStages);
    std::string reason;
    if (entry.require("reason", reason)) {
      const auto known = reason_from(reason);
      if (known) {
        mapping.reason = *known;
      } else {
        entry.problem("reason", fmt::format("'{}' is not a reason", reason));
      }
    }
    if (get_pattern(entry, "blind", mapping.blind, 1) && recipe.transport == Transport::sql)
      entry.problem("blind", "is for transport http");
    Duration wait{};
    if (entry.get("wait", wait, 1s, 24h)) mapping.wait = wait;
    entry.finish();
    recipe.failures.push_back(std::move(mapping));
  }
}

/// Text, or a mapping of dialects to texts.
Template read_template(Reader& reader, std::string_view key, const Recipe& recipe) {
  Template out;
  const config::Node* node = reader.raw(key);
  if (node == nullptr) return out;
  if (node->kind != config::Node::Kind::mapping) {
    if (reader.get(key, out.any) && out.any.find_first_not_of(" \t\r\n") == std::string::npos)
      reader.problem(key, "is empty");
    return out;
  }
  Reader texts = reader.child(key);
  for (const std::string& name : texts.keys()) {
    const auto found = std::find(kDialects.begin(), kDialects.end(), name);
    const auto dialect = static_cast<Dialect>(found - kDialects.begin());
    if (found == kDialects.end() ||
        std::find(recipe.dialects.begin(), recipe.dialects.end(), dialect) == recipe.dialects.end()) {
      texts.problem(name, "is not one of this recipe's dialects");
      continue;
    }
    std::string text;
    if (texts.get(name, text)) out.by_dialect.emplace(dialect, std::move(text));
  }
  for (const Dialect dialect : recipe.dialects) {
    if (!texts.has(to_string(dialect))) texts.problem(fmt::format("has no text for {}", to_string(dialect)));
  }
  return out;
}

void read_sql_steps(Reader& reader, const Recipe& recipe, Measurement& measurement) {
  for (Reader& entry : reader.each("steps")) {
    Step step;
    entry.require("step", step.step);
    step.statement = read_template(entry, "statement", recipe);
    step.query = read_template(entry, "query", recipe);
    entry.get("cleanup", step.cleanup);
    if (entry.has("expect")) {
      Reader expect = entry.child("expect");
      expect.require("column", step.expect_column);
      double equals = 0;
      if (expect.require("equals", equals, -kAnyNumber, kAnyNumber)) step.expect_equals = equals;
      expect.finish();
    }
    if (step.statement.empty() == step.query.empty()) entry.problem("needs either a statement or a query");
    if (step.expect_equals && step.query.empty()) entry.problem("expect", "needs a query");
    for (const Step& other : measurement.steps) {
      if (other.step == step.step) entry.problem("step", fmt::format("'{}' is given twice", step.step));
    }
    entry.finish();
    measurement.steps.push_back(std::move(step));
  }
}

/// With one request, samples of saved values stand among those of its rows.
void part_samples(Measurement& out) {
  Exchange& exchange = out.exchanges.front();
  const auto named = [](const std::vector<Column>& columns, const std::string& name) {
    return std::any_of(columns.begin(), columns.end(), [&](const Column& column) { return column.name == name; });
  };
  const auto own = std::stable_partition(exchange.samples.begin(), exchange.samples.end(), [&](const SampleSpec& spec) {
    return spec.ratio.first.empty() && (named(exchange.columns, spec.column) || !named(exchange.save, spec.column));
  });
  std::move(own, exchange.samples.end(), std::back_inserter(out.samples));
  exchange.samples.erase(own, exchange.samples.end());
}

void read_requests(Reader& reader, Scope& scope, Measurement& out) {
  if (reader.has("requests")) {
    for (Reader& entry : reader.each("requests")) {
      out.exchanges.push_back(read_exchange(entry, scope, out.when));
      entry.finish();
    }
    if (out.exchanges.empty()) reader.problem("requests", "is empty");
    if (reader.raw("request") != nullptr) reader.problem("request", "cannot be combined with requests");
    for (Reader& entry : reader.each("samples")) {
      out.samples.push_back(read_sample(entry));
      check_sample(out.samples.back(), entry);
      entry.finish();
    }
  } else if (reader.has("request")) {
    out.exchanges.push_back(read_exchange(reader, scope, out.when));
    part_samples(out);
  }
  if (out.exchanges.empty()) return;
  out.exchanges.front().call.fresh = out.fresh_connection;
  std::vector<std::string> saved;
  for (const Exchange& exchange : out.exchanges) {
    for (const Column& column : exchange.save) {
      if (std::find(saved.begin(), saved.end(), column.name) != saved.end())
        reader.problem("save", fmt::format("'{}' is saved twice", column.name));
      saved.push_back(column.name);
    }
  }
  for (const SampleSpec& spec : out.samples) check_saved_sample(scope, spec, saved, reader);
}

Measurement read_measurement(Reader& reader, const Recipe& recipe) {
  Measurement out;
  out.line = reader.line();
  reader.require("id", out.id);
  reader.get("liveness", out.liveness);
  out.operation = out.id;
  reader.get("transaction", out.transaction);
  Scope scope = scope_of(recipe);
  read_questions(reader, scope, out);
  if (recipe.transport == Transport::http) {
    read_steps(reader, scope, out);
  } else {
    read_sql_steps(reader, recipe, out);
  }
  check_measurement(scope, out, reader);
  reader.finish();
  return out;
}

void read_measurements(Reader& reader, Recipe& recipe) {
  std::set<std::string> ids;
  int liveness = 0;
  for (Reader& entry : reader.each("measurements")) {
    Measurement measurement = read_measurement(entry, recipe);
    if (!measurement.id.empty() && !ids.insert(measurement.id).second)
      entry.problem("id", fmt::format("'{}' is given twice", measurement.id));
    if (measurement.liveness && ++liveness > 1)
      entry.problem("liveness", "another measurement is the liveness already; exactly one is");
    recipe.measurements.push_back(std::move(measurement));
  }
  if (liveness == 0) reader.problem("measurements", "one measurement must have liveness: true; its success is crm_up");
}

bool is_recipe_name(std::string_view text) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  return !text.empty() && text.find_first_not_of(kLetters) == std::string_view::npos && text.front() != '-' &&
         (text.front() < '0' || text.front() > '9');
}

}  // namespace

void read_questions(Reader& reader, Scope& scope, Measurement& out) {
  reader.get("operation", out.operation);
  reader.get("object", out.object);
  Duration duration{};
  if (reader.get("interval", duration, 100ms, 366 * 24h)) out.interval = duration;
  if (reader.get("timeout", duration, 100ms, 1h)) out.timeout = duration;
  reader.get("when", out.when);
  std::size_t fresh = 0;
  out.fresh_connection = reader.get_choice("connection", fresh, {"fresh"});
  reader.get("rows", out.rows, 1, 100'000);
  out.query = read_template(reader, "query", scope.recipe);
  if (scope.recipe.transport == Transport::http) {
    reader.get("batch", out.batch);
    read_requests(reader, scope, out);
    return;
  }
  for (const std::string_view key : {"request", "requests"}) {
    if (reader.raw(key) != nullptr) reader.problem(key, "is for transport http");
  }
  for (Reader& entry : reader.each("samples")) {
    out.samples.push_back(read_sample(entry));
    check_sample(out.samples.back(), entry);
    entry.finish();
  }
}

Recipe read_recipe(const config::Document& document, Problems& problems) {
  Recipe recipe;
  recipe.file = document.file;
  Reader reader{document.root, "", document.file, problems};
  if (reader.require("recipe", recipe.name) && !is_recipe_name(recipe.name))
    reader.problem("recipe", "a recipe's name must be made of letters, digits, _ and -");
  if (reader.has("title")) {
    recipe.title = read_text(reader, "title");
  } else {
    reader.missing("title");
  }
  if (!reader.has("transport")) reader.missing("transport");
  get_enum(reader, "transport", recipe.transport, kTransports);
  read_dialects(reader, recipe);
  read_rights(reader, recipe);
  read_not_measured(reader.child("not_measured"), recipe);
  read_parameters(reader.child("parameters"), recipe);
  if (recipe.transport == Transport::sql) {
    const Parameter* url = recipe.parameter("url");
    if (url == nullptr || url->type != ParameterType::url || !url->required)
      reader.problem("parameters", "transport sql needs a required parameter 'url' of type url");
    const Parameter* password = recipe.parameter("password");
    if (password != nullptr && password->type != ParameterType::secret)
      reader.problem("parameters", "'password' must be of type secret");
  }
  read_endings(reader, recipe);
  read_http(reader, recipe);
  read_failures(reader, recipe);
  read_measurements(reader, recipe);
  read_http_templates(reader, recipe);
  (void)read_signs(reader, recipe);  // what is wrong with it is told like the rest
  reader.finish();
  return recipe;
}

}  // namespace crmpulse::probes
