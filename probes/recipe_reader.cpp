#include "probes/recipe_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <set>

#include "probes/template.h"

namespace crmpulse::probes {
namespace {

using config::Reader;
using namespace std::chrono_literals;

constexpr double kAnyNumber = std::numeric_limits<double>::max();
const std::vector<std::string_view> kTransports{"sql", "http"};
const std::vector<std::string_view> kDialects{"postgresql", "mysql", "sqlite", "odbc"};
const std::vector<std::string_view> kTypes{"string",   "secret",     "url",    "integer", "number",
                                           "duration", "identifier", "prefix", "boolean", "list"};
const std::vector<std::string_view> kOnNull{"failure", "skip", "zero"};
const std::vector<std::string_view> kReduce{"none", "sum",      "count",    "avg",        "min",
                                            "max",  "distinct", "quantile", "share_above"};
const std::vector<std::string_view> kMethods{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};
const std::vector<std::string_view> kStages{"resolve", "connect",  "tls",     "auth",
                                            "request", "response", "content", "cleanup"};
constexpr std::array<std::string_view, 13> kDimensions{
    "availability", "latency",      "transactions", "staleness", "usage",  "features", "data_quality",
    "process",      "satisfaction", "throughput",   "quota",     "safety", "business"};

template <class Enum>
void get_enum(Reader& reader, std::string_view key, Enum& out, const std::vector<std::string_view>& names) {
  std::size_t index = 0;
  if (reader.get_choice(key, index, names)) out = static_cast<Enum>(index);
}

Text read_text(Reader reader) {
  Text text;
  reader.require("en", text.en);
  reader.require("zh", text.zh);
  reader.finish();
  return text;
}

void read_dialects(Reader& reader, Recipe& recipe) {
  std::vector<std::string> names;
  reader.get("dialects", names);
  for (const std::string& name : names) {
    const auto found = std::find(kDialects.begin(), kDialects.end(), name);
    if (found == kDialects.end()) {
      reader.problem("dialects", fmt::format("'{}' is no dialect; there are postgresql, mysql, sqlite and odbc", name));
      continue;
    }
    const auto dialect = static_cast<Dialect>(found - kDialects.begin());
    if (std::find(recipe.dialects.begin(), recipe.dialects.end(), dialect) != recipe.dialects.end())
      reader.problem("dialects", fmt::format("'{}' stands there twice", name));
    recipe.dialects.push_back(dialect);
  }
  if (recipe.transport == Transport::sql && names.empty())
    reader.problem("dialects", "required: which databases are the queries written for?");
  if (recipe.transport == Transport::http && !names.empty()) reader.problem("dialects", "is for transport sql");
}

void read_not_measured(Reader reader, Recipe& recipe) {
  for (const std::string& dimension : reader.keys()) {
    if (std::find(kDimensions.begin(), kDimensions.end(), dimension) == kDimensions.end())
      reader.problem(dimension, "is no dimension");
    recipe.not_measured.emplace_back(dimension, read_text(reader.child(dimension)));
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
    parameter.help = read_text(reader.child("help"));
  } else {
    reader.missing("help");
  }
  reader.finish();
  return parameter;
}

void read_parameters(Reader reader, Recipe& recipe) {
  for (const std::string& name : reader.keys()) {
    if (!is_plain_name(name)) reader.problem(name, "a parameter's name is letters, digits and _");
    if (name == kRunId || name == kAgent) reader.problem(name, "this name is taken: it exists everywhere");
    recipe.parameters.push_back(read_parameter(reader.child(name), name));
  }
}

void read_failures(Reader& reader, Recipe& recipe) {
  for (Reader& entry : reader.each("failures")) {
    FailureMapping mapping;
    entry.get("sqlstate", mapping.sqlstate);
    int status = 0;
    if (entry.get("status", status, 100, 599)) mapping.status = status;
    entry.get("contains", mapping.contains);
    if (mapping.sqlstate.empty() && !mapping.status && mapping.contains.empty())
      entry.problem("needs sqlstate, status or contains");
    if (!entry.has("stage")) entry.missing("stage");
    get_enum(entry, "stage", mapping.stage, kStages);
    std::string reason;
    if (entry.require("reason", reason)) {
      const auto known = reason_from(reason);
      if (known) {
        mapping.reason = *known;
      } else {
        entry.problem("reason", fmt::format("'{}' is no reason", reason));
      }
    }
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
      texts.problem(name, "is none of this recipe's dialects");
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

void read_pairs(Reader reader, std::vector<std::pair<std::string, std::string>>& out) {
  for (const std::string& key : reader.keys()) {
    std::string value;
    if (reader.get(key, value)) out.emplace_back(key, value);
  }
}

HttpCall read_request(Reader reader) {
  HttpCall call;
  std::size_t method = 0;
  if (reader.get_choice("method", method, kMethods)) call.method = kMethods[method];
  reader.require("url", call.url);
  read_pairs(reader.child("headers"), call.headers);
  reader.get("body", call.body);
  reader.finish();
  return call;
}

void read_expect(Reader reader, HttpCall& call) {
  std::vector<std::string> texts;
  if (reader.get("status", texts)) {
    call.expect_status.clear();
    for (const std::string& text : texts) {
      const Result<double> status = config::parse_number(text);
      if (!status || *status < 100 || *status > 599 || *status != static_cast<int>(*status)) {
        reader.problem("status", fmt::format("'{}' is no HTTP status", text));
      } else {
        call.expect_status.push_back(static_cast<int>(*status));
      }
    }
    if (texts.empty()) reader.problem("status", "is empty");
  }
  reader.get("contains", call.expect_contains);
  reader.get("absent", call.expect_absent);
  reader.finish();
}

void read_quantiles(Reader& reader, SampleSpec& spec) {
  std::vector<std::string> texts;
  reader.get("quantiles", texts);
  for (const std::string& text : texts) {
    const Result<double> quantile = config::parse_number(text);
    if (!quantile || *quantile < 0 || *quantile > 1) {
      reader.problem("quantiles", fmt::format("'{}' is not between 0 and 1", text));
    } else {
      spec.quantiles.push_back(*quantile);
    }
  }
}

SampleSpec read_sample(Reader& reader) {
  SampleSpec spec;
  reader.require("metric", spec.metric);
  reader.get("value", spec.column);
  double constant = 0;
  if (reader.get("constant", constant, -kAnyNumber, kAnyNumber)) spec.constant = constant;
  reader.get("by", spec.by);
  read_pairs(reader.child("labels"), spec.labels);
  reader.get("scale", spec.scale, -kAnyNumber, kAnyNumber);
  get_enum(reader, "null", spec.on_null, kOnNull);
  get_enum(reader, "reduce", spec.reduce, kReduce);
  read_quantiles(reader, spec);
  reader.get("threshold", spec.threshold, -kAnyNumber, kAnyNumber);
  return spec;
}

void read_steps(Reader& reader, const Recipe& recipe, Measurement& measurement) {
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
      if (other.step == step.step) entry.problem("step", fmt::format("'{}' stands there twice", step.step));
    }
    entry.finish();
    measurement.steps.push_back(std::move(step));
  }
}

Measurement read_measurement(Reader& reader, const Recipe& recipe) {
  Measurement out;
  out.line = reader.line();
  reader.require("id", out.id);
  reader.get("liveness", out.liveness);
  out.operation = out.id;
  reader.get("operation", out.operation);
  reader.get("object", out.object);
  Duration duration{};
  if (reader.get("interval", duration, 100ms, 366 * 24h)) out.interval = duration;
  if (reader.get("timeout", duration, 100ms, 1h)) out.timeout = duration;
  reader.get("when", out.when);
  std::size_t fresh = 0;
  out.fresh_connection = reader.get_choice("connection", fresh, {"fresh"});
  out.query = read_template(reader, "query", recipe);
  if (reader.has("request")) {
    out.exchanges.emplace_back();
    out.exchanges.front().call = read_request(reader.child("request"));
  }
  if (reader.has("expect") && !out.exchanges.empty()) read_expect(reader.child("expect"), out.exchanges.front().call);
  reader.get("rows", out.rows, 1, 100'000);
  reader.get("transaction", out.transaction);
  read_steps(reader, recipe, out);
  for (Reader& entry : reader.each("samples")) {
    out.samples.push_back(read_sample(entry));
    check_sample(out, out.samples.back(), entry);
    entry.finish();
  }
  check_measurement(recipe, out, reader);
  reader.finish();
  return out;
}

void read_measurements(Reader& reader, Recipe& recipe) {
  std::set<std::string> ids;
  int liveness = 0;
  for (Reader& entry : reader.each("measurements")) {
    Measurement measurement = read_measurement(entry, recipe);
    if (!measurement.id.empty() && !ids.insert(measurement.id).second)
      entry.problem("id", fmt::format("'{}' stands there twice", measurement.id));
    if (measurement.liveness && ++liveness > 1)
      entry.problem("liveness", "another measurement is the liveness already; exactly one is");
    recipe.measurements.push_back(std::move(measurement));
  }
  if (liveness == 0) reader.problem("measurements", "one measurement must have liveness: true; its success is crm_up");
}

}  // namespace

bool is_plain_name(std::string_view text) {
  const bool characters = text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
                          std::string_view::npos;
  return !text.empty() && characters && (text.front() < '0' || text.front() > '9');
}

Recipe read_recipe(const config::Document& document, Problems& problems) {
  Recipe recipe;
  recipe.file = document.file;
  Reader reader{document.root, "", document.file, problems};
  if (reader.require("recipe", recipe.name) && !is_plain_name(recipe.name))
    reader.problem("recipe", "a recipe's name is letters, digits and _");
  if (reader.has("title")) {
    recipe.title = read_text(reader.child("title"));
  } else {
    reader.missing("title");
  }
  if (!reader.has("transport")) reader.missing("transport");
  get_enum(reader, "transport", recipe.transport, kTransports);
  read_dialects(reader, recipe);
  reader.get("rights", recipe.rights);
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
  read_failures(reader, recipe);
  read_measurements(reader, recipe);
  reader.finish();
  return recipe;
}

}  // namespace crmpulse::probes
