// What one key alone cannot tell about requests.
#include <fmt/format.h>

#include <algorithm>

#include "probes/json/json.h"
#include "probes/recipe_file/reader.h"

namespace crmpulse::probes {
namespace {

using config::Reader;

bool is_header_name(std::string_view name) {
  return !name.empty() &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~") ==
             std::string_view::npos;
}

void check_json(const Scope& scope, const config::Node& node, std::string_view when, Reader& reader) {
  if (node.kind == config::Node::Kind::scalar) check_text(scope, node.scalar, Place::text, when, "request", reader);
  for (const config::Node& item : node.items) check_json(scope, item, when, reader);
  for (const config::Member& member : node.members) {
    check_text(scope, member.first, Place::text, when, "request", reader);
    check_json(scope, member.second, when, reader);
  }
}

/// OData's conditions hold texts in quotes too, but do not begin with select.
void check_filter(const Scope& scope, const std::pair<std::string, std::string>& query, Reader& reader) {
  if (query.first != "$filter" && query.first != "$apply") return;
  for (const std::string& fault : template_faults(scope, "select " + query.second, Place::text))
    reader.problem("request", fault);
}

bool is_path(std::string_view url) {
  return !url.starts_with("http://") && !url.starts_with("https://") && !url.starts_with("${");
}

bool has_base(const Recipe& recipe) {
  const auto gives = [](const AuthFlow& flow) { return !flow.base_url.empty(); };
  const Parameter* url = recipe.parameter("url");
  return !recipe.base_url.empty() || (url != nullptr && url->type == ParameterType::url) ||
         std::any_of(recipe.auth.flows.begin(), recipe.auth.flows.end(), gives);
}

bool has_column(const std::vector<Column>& columns, std::string_view name) {
  return std::any_of(columns.begin(), columns.end(), [&](const Column& column) { return column.name == name; });
}

void check_reference(const Exchange& exchange, const std::string& column, std::string_view what, Reader& reader) {
  if (column.empty() || has_column(exchange.columns, column)) return;
  if (column.front() != '/') {
    reader.problem("samples", fmt::format("{}: '{}' is neither a column of this request nor a pointer", what, column));
  } else if (const auto fault = pointer_fault(column)) {
    reader.problem("samples", fmt::format("{}: {}", what, *fault));
  }
}

void check_labels(const Scope& scope, const SampleSpec& spec, std::string_view when, Reader& reader) {
  for (const auto& label : spec.labels) check_text(scope, label.second, Place::url, when, "samples", reader);
}

bool is_saved(const Exchange& exchange, const SampleSpec& spec) {
  if (!spec.ratio.first.empty()) return true;
  return has_column(exchange.save, spec.column) && !has_column(exchange.columns, spec.column);
}

}  // namespace

void check_text(const Scope& scope, std::string_view text, Place place, std::string_view when, std::string_view key,
                Reader& reader) {
  if (text.find('$') == std::string_view::npos) return;
  check_given(scope.recipe, text, when, key, reader);
  for (const std::string& fault : template_faults(scope, text, place)) reader.problem(key, fault);
}

void check_call(const Scope& scope, const HttpCall& call, std::string_view when, Reader& reader) {
  check_text(scope, call.url, Place::url, when, "request", reader);
  if (is_path(call.url) && !has_base(scope.recipe))
    reader.problem("request", "a path needs the recipe's base_url, a parameter 'url', or a login that tells base_url");
  for (const auto& query : call.query) {
    check_text(scope, query.second, Place::url, when, "request", reader);
    check_filter(scope, query, reader);
  }
  for (const auto& [name, text] : call.headers) {
    check_text(scope, text, Place::header, when, "request", reader);
    if (!is_header_name(name)) reader.problem("request", fmt::format("'{}' is not a header name", name));
    if (text.find_first_of("\r\n") != std::string::npos)
      reader.problem("request", fmt::format("the header {} has a line break in it", name));
  }
  check_text(scope, call.basic.first, Place::header, when, "request", reader);
  check_text(scope, call.basic.second, Place::header, when, "request", reader);
  for (const auto& field : call.form) check_text(scope, field.second, Place::text, when, "request", reader);
  check_text(scope, call.body, Place::json, when, "request", reader);
  if (call.json) check_json(scope, *call.json, when, reader);
  for (const auto& value : call.expect_at) check_text(scope, value.second, Place::text, when, "expect", reader);
}

namespace {

void check_also(const Scope& scope, const Exchange& exchange, std::string_view when, Reader& reader) {
  if (exchange.call.also.empty()) return;
  check_text(scope, exchange.call.also, Place::url, when, "request", reader);
  if (!exchange.has_rows_at) reader.problem("request", "`also` adds the rows of another address, so it needs `each`");
}

}  // namespace

void check_exchange(const Scope& scope, const Exchange& exchange, std::string_view when, Reader& reader) {
  check_call(scope, exchange.call, when, reader);
  for (const auto* columns : {&exchange.columns, &exchange.save}) {
    for (const Column& column : *columns) check_text(scope, column.text, Place::url, when, "columns", reader);
  }
  check_paging(exchange, reader);
  check_also(scope, exchange, when, reader);
  for (const SampleSpec& spec : exchange.samples) {
    check_labels(scope, spec, when, reader);
    if (is_saved(exchange, spec)) continue;
    check_reference(exchange, spec.column, "value", reader);
    for (const std::string& column : spec.by) check_reference(exchange, column, "by", reader);
    for (const RowFilter& filter : spec.where) check_reference(exchange, filter.column, "where", reader);
  }
}

void check_saved_sample(const Scope& scope, const SampleSpec& spec, const std::vector<std::string>& saved,
                        Reader& reader) {
  check_labels(scope, spec, "", reader);
  const auto check = [&](const std::string& name) {
    if (!name.empty() && std::find(saved.begin(), saved.end(), name) == saved.end())
      reader.problem("samples", fmt::format("'{}' is not a saved value", name));
  };
  check(spec.column);
  check(spec.ratio.first);
  check(spec.ratio.second);
  if (spec.reduce != Reduce::none || !spec.by.empty() || !spec.where.empty() || spec.constant)
    reader.problem("samples", "a sample of saved values has no rows: no constant, by, where and reduce");
}

}  // namespace crmpulse::probes
