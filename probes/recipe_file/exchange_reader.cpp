// Requests, their columns and their pages.
#include <fmt/format.h>

#include <algorithm>

#include "core/text/ascii.h"
#include "probes/json/json.h"
#include "probes/recipe_file/reader.h"

namespace crmpulse::probes {
namespace {

using config::Node;
using config::Reader;
using namespace std::chrono_literals;

const std::vector<std::string_view> kMethods{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};
constexpr int kMostRedirects = 10;
constexpr std::uint64_t kMostBytes = 64ULL * 1024 * 1024;

std::optional<int> status_from(const std::string& text) {
  const Result<double> status = config::parse_number(text);
  if (!status || *status < 100 || *status > 599 || *status != static_cast<int>(*status)) return std::nullopt;
  return static_cast<int>(*status);
}

bool has_source(const Column& column) {
  return column.at || !column.header.empty() || !column.from.empty() || !column.text.empty() || !column.count.empty();
}

void read_span(Reader& reader, Column& column) {
  for (const auto& [key, out] : {std::pair{"from", &column.from}, {"to", &column.to}}) {
    if (!reader.get(key, *out) || *out == kNow) continue;
    if (const auto fault = pointer_fault(*out)) reader.problem(key, *fault + ", or now");
  }
  if (column.from.empty() != column.to.empty()) reader.problem("needs both from and to, or neither");
}

/// Everything a column's mapping may say.
void read_column_keys(Reader& reader, Column& column) {
  std::string pointer;
  if (get_pointer(reader, "at", pointer)) column.at = pointer;
  reader.get("present", column.present);
  if (reader.get("header", column.header)) column.header = ascii::lower(column.header);
  get_pattern(reader, "match", column.match, 1);
  read_span(reader, column);
  reader.get("text", column.text);
  get_pointer(reader, "count", column.count);
  if (column.present && !column.at && column.count.empty()) reader.problem("present", "is for at or count");
  read_pairs(reader.child("map"), column.map);
  std::string otherwise;
  if (reader.get("otherwise", otherwise)) column.otherwise = otherwise;
  reader.get("add", column.add, -kAnyNumber, kAnyNumber);
  std::size_t unit = 0;
  if (reader.get_choice("unit", unit, {"s", "ms"})) column.unit = unit == 0 ? 1 : 0.001;
  const int sources = (column.at ? 1 : 0) + (column.header.empty() ? 0 : 1) + (column.from.empty() ? 0 : 1) +
                      (column.text.empty() ? 0 : 1) + (column.count.empty() ? 0 : 1);
  if (sources > 1) reader.problem("a value comes from one place: at, header, from and to, text, or count");
  if (!has_source(column) && column.match.empty())
    reader.problem("needs at, header, from and to, text, count or match");
  if (!column.match.empty() && sources == 1 && !column.at && column.header.empty())
    reader.problem("match", "is for at, header, or the whole body");
  if (column.otherwise && column.map.empty()) reader.problem("otherwise", "is for a map");
}

std::vector<Column> read_columns(Reader& parent, std::string_view key) {
  std::vector<Column> out;
  Reader reader = parent.child(key);
  for (const std::string& name : reader.keys()) {
    Column column;
    column.name = name;
    if (!is_plain_name(name)) reader.problem(name, "a column's name must be made of letters, digits and _");
    const Node* node = reader.raw(name);
    if (node != nullptr && node->kind == Node::Kind::mapping) {
      Reader keys = reader.child(name);
      read_column_keys(keys, column);
      keys.finish();
    } else {
      std::string pointer;
      if (get_pointer(reader, name, pointer)) column.at = pointer;
    }
    out.push_back(std::move(column));
  }
  return out;
}

void read_for(Reader& parent, Scope& scope, Exchange& exchange) {
  if (!parent.has("for")) return;
  Reader reader = parent.child("for");
  const std::vector<std::string> names = reader.keys();
  if (names.size() != 1) {
    reader.problem("needs one name and one list parameter: {object: objects}");
    return;
  }
  exchange.each_of.first = names.front();
  reader.get(names.front(), exchange.each_of.second);
  const Parameter* list = scope.recipe.parameter(exchange.each_of.second);
  if (list == nullptr || list->type != ParameterType::list)
    reader.problem(names.front(), fmt::format("'{}' is not a list parameter of this recipe", exchange.each_of.second));
  if (!is_plain_name(names.front()) || is_taken_name(names.front()) || scope.type_of(names.front()))
    reader.problem(names.front(), "this name is taken, or is not made of letters, digits and _");
}

void add_saved_names(Reader& reader, Scope& scope, const Exchange& exchange) {
  for (const Column& column : exchange.save) {
    if (is_taken_name(column.name) || scope.recipe.parameter(column.name) != nullptr)
      reader.problem("save", fmt::format("the name '{}' is taken", column.name));
    scope.names.insert_or_assign(column.name, ParameterType::string);
  }
}

}  // namespace

void read_expect(Reader reader, HttpCall& call) {
  std::vector<std::string> texts;
  if (reader.get("status", texts)) {
    call.expect_status.clear();
    for (const std::string& text : texts) {
      if (const auto status = status_from(text)) {
        call.expect_status.push_back(*status);
      } else {
        reader.problem("status", fmt::format("'{}' is not an HTTP status", text));
      }
    }
    if (texts.empty()) reader.problem("status", "is empty");
  }
  int empty = 0;
  if (reader.get("empty", empty, 100, 599)) call.expect_empty = empty;
  reader.get("contains", call.expect_contains);
  reader.get("absent", call.expect_absent);
  Reader at = reader.child("at");
  read_pairs(at, call.expect_at);
  for (const auto& entry : call.expect_at) {
    if (const auto fault = pointer_fault(entry.first)) at.problem(entry.first, *fault);
  }
  reader.finish();
}

HttpCall read_call(Reader reader) {
  HttpCall call;
  std::size_t method = 0;
  if (reader.get_choice("method", method, kMethods)) call.method = kMethods[method];
  reader.require("url", call.url);
  reader.get("also", call.also);
  read_pairs(reader.child("query"), call.query);
  read_pairs(reader.child("headers"), call.headers);
  if (const Node* json = reader.raw("json"); json != nullptr) {
    if (json->kind != Node::Kind::mapping && json->kind != Node::Kind::sequence)
      reader.problem("json", "must be a mapping or a list");
    call.json = std::make_shared<const Node>(*json);
  }
  read_pairs(reader.child("form"), call.form);
  reader.get("body", call.body);
  if (reader.has("basic")) {
    Reader basic = reader.child("basic");
    basic.require("username", call.basic.first);
    basic.require("password", call.basic.second);
    basic.finish();
  }
  if ((call.json ? 1 : 0) + (call.form.empty() ? 0 : 1) + (call.body.empty() ? 0 : 1) > 1)
    reader.problem("has one body: json, form or body");
  std::size_t none = 0;
  call.auth = !reader.get_choice("auth", none, {"none"});
  call.free = !call.auth;
  reader.get("free", call.free);
  reader.get("redirects", call.redirects, 0, kMostRedirects);
  std::uint64_t bytes = 0;
  if (reader.get_bytes("max_bytes", bytes, 1, kMostBytes)) call.max_bytes = static_cast<std::size_t>(bytes);
  reader.finish();
  return call;
}

Exchange read_exchange(Reader& reader, Scope& scope, const std::string& when) {
  Exchange out;
  read_for(reader, scope, out);
  if (!reader.has("request")) reader.missing("request");
  out.call = read_call(reader.child("request"));
  read_expect(reader.child("expect"), out.call);
  out.has_rows_at = get_pointer(reader, "each", out.rows_at);
  out.next = read_paging(reader, scope, out.call);
  reader.get("pages", out.pages, 1, 1000);
  reader.get("rows", out.rows, 1, 100'000);
  out.columns = read_columns(reader, "columns");
  out.save = read_columns(reader, "save");
  for (Reader& entry : reader.each("samples")) {
    out.samples.push_back(read_sample(entry));
    check_sample(out.samples.back(), entry);
    entry.finish();
  }
  Scope inner = scope;
  if (!out.each_of.first.empty()) inner.names.insert_or_assign(out.each_of.first, ParameterType::identifier);
  if (out.next && out.next->offset == kOffsetInTexts) inner.names.insert_or_assign("offset", ParameterType::integer);
  if (out.next && out.next->page == kPageInTexts) inner.names.insert_or_assign("page", ParameterType::integer);
  check_exchange(inner, out, when, reader);
  if (!out.save.empty() && !out.each_of.first.empty())
    reader.problem("save", "beside `for` only the last item's value would be kept");
  add_saved_names(reader, scope, out);
  return out;
}

namespace {

Until read_until(Reader reader) {
  Until until;
  if (!reader.has("at")) reader.missing("at");
  get_pointer(reader, "at", until.at);
  double above = 0;
  if (reader.get("above", above, -kAnyNumber, kAnyNumber)) until.above = above;
  reader.get("is", until.is);
  if (!until.above && until.is.empty()) reader.problem("needs above or is");
  reader.finish();
  return until;
}

}  // namespace

void read_steps(Reader& reader, Scope& scope, Measurement& measurement) {
  reader.get("cap", measurement.cap, 1, 1000);
  for (Reader& entry : reader.each("steps")) {
    Step step;
    entry.require("step", step.step);
    entry.get("cleanup", step.cleanup);
    for (const std::string key : {"statement", "query"}) {
      if (entry.raw(key) != nullptr) entry.problem(key, "is for transport sql");
    }
    step.exchange = read_exchange(entry, scope, measurement.when);
    if (entry.has("until")) step.until = read_until(entry.child("until"));
    Duration within{};
    if (entry.get("within", within, 100ms, 1h)) {
      if (!step.until) entry.problem("within", "needs until");
      if (step.until) step.until->within = within;
    }
    if (!step.exchange->samples.empty()) entry.problem("samples", "a step of a write test gives none");
    if (!step.exchange->each_of.first.empty()) entry.problem("for", "a step of a write test is one request");
    for (const Step& other : measurement.steps) {
      if (other.step == step.step) entry.problem("step", fmt::format("'{}' is given twice", step.step));
    }
    entry.finish();
    measurement.steps.push_back(std::move(step));
  }
  const bool cleans =
      std::any_of(measurement.steps.begin(), measurement.steps.end(), [](const Step& step) { return step.cleanup; });
  if (!measurement.steps.empty() && !cleans)
    reader.problem("steps", "one must have cleanup: true and remove the record");
  if (!reader.has("sweep")) return;
  Reader sweep = reader.child("sweep");
  Scope of_sweep = scope_of(scope.recipe);
  measurement.sweep = read_exchange(sweep, of_sweep, measurement.when);
  for (const std::string_view name : {"id", "marker"}) {
    const auto& columns = measurement.sweep->columns;
    if (std::none_of(columns.begin(), columns.end(), [&](const Column& column) { return column.name == name; }))
      sweep.problem("columns", fmt::format("needs the column '{}'", name));
  }
  sweep.finish();
}

}  // namespace crmpulse::probes
