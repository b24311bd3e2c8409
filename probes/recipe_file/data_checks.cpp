#include "probes/recipe_file/data_checks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "probes/recipe_file/reader.h"
#include "probes/recipe_file/sample_labels.h"
#include "probes/template/template.h"

namespace crmpulse::probes {
namespace {

constexpr std::array<std::string_view, 5> kKinds{"complete", "unique", "valid", "fresh", "orphan"};

/// What a check's template sees.
struct Names {
  std::string object;
  std::string field;   ///< empty for `fresh`
  std::string format;  ///< of `valid`
  Duration age{};      ///< of `fresh`
};

/// Names stand bare in queries, so nothing but these characters may come in.
bool is_identifier(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto part = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '.'; };
  return !text.empty() && text.size() <= 128 && letter(text.front()) && text.back() != '.' &&
         text.find("..") == std::string_view::npos && std::all_of(text.begin(), text.end(), part);
}

/// `Contact.Email`: the field is behind the last dot.
bool split_field(std::string_view text, Names& names) {
  const std::size_t dot = text.rfind('.');
  if (dot == std::string_view::npos || !is_identifier(text)) return false;
  names.object = text.substr(0, dot);
  names.field = text.substr(dot + 1);
  return is_identifier(names.object) && is_identifier(names.field);
}

Result<Names> parse(std::string_view kind, const std::string& text) {
  Names names;
  if (kind == "fresh") {
    const std::size_t blank = text.find(' ');
    names.object = text.substr(0, blank);
    const auto age = parse_duration(blank == std::string::npos ? "" : text.substr(blank + 1));
    if (!is_identifier(names.object) || !age || *age <= Duration{0})
      return Error{"must be written `fresh: OBJECT 14d`"};
    names.age = *age;
    return names;
  }
  if (kind == "valid") {
    constexpr std::string_view kAs = " as ";
    const std::size_t as = text.find(kAs);
    if (as == std::string::npos || !split_field(std::string_view{text}.substr(0, as), names))
      return Error{"must be written `valid: OBJECT.FIELD as FORMAT`"};
    names.format = text.substr(as + kAs.size());
    return names;
  }
  if (!split_field(text, names)) return Error{fmt::format("must be written `{}: OBJECT.FIELD`", kind)};
  return names;
}

/// Puts the names where a template's texts have ${object}, ${field}, ${age} and ${now-age}.
class Binder {
 public:
  explicit Binder(const Names& names) : names_(names) {}

  void bind(Measurement& measurement) const {
    bind(measurement.operation);
    bind(measurement.object);
    bind(measurement.query.any);
    for (auto& own : measurement.query.by_dialect) bind(own.second);
    for (Exchange& exchange : measurement.exchanges) bind(exchange);
    for (SampleSpec& sample : measurement.samples) bind(sample);
  }

 private:
  void bind(std::string& text) const {
    if (text.find("${") == std::string::npos) return;
    auto pieces = parse_template(text);
    if (!pieces) return;
    for (Piece& piece : *pieces) {
      if (piece.back == "age") piece.back = format_duration(names_.age);
      const auto value = value_of(piece.name);
      if (!value) continue;
      const bool quoted = !piece.filters.empty() && piece.filters.front() != "number";
      piece = Piece{quoted ? "'" + *value + "'" : *value, {}};
    }
    text = to_text(*pieces);
  }
  [[nodiscard]] std::optional<std::string> value_of(std::string_view name) const {
    if (name == "object") return names_.object;
    if (name == "field" && !names_.field.empty()) return names_.field;
    if (name == "age" && names_.age > Duration{0}) return fmt::format("{:.0f}", to_seconds(names_.age));
    return std::nullopt;
  }
  void bind(TextPairs& pairs) const {
    for (auto& pair : pairs) {
      bind(pair.first);
      bind(pair.second);
    }
  }
  void bind(config::Node& node) const {
    bind(node.scalar);
    for (config::Node& item : node.items) bind(item);
    for (config::Member& member : node.members) {
      bind(member.first);
      bind(member.second);
    }
  }
  void bind(Column& column) const {
    if (column.at) bind(*column.at);
    for (std::string* text : {&column.header, &column.from, &column.to, &column.text, &column.count}) bind(*text);
    for (auto& mapped : column.map) bind(mapped.second);
  }
  void bind(SampleSpec& sample) const {
    bind(sample.column);
    bind(sample.labels);
    for (std::string& column : sample.by) bind(column);
    for (RowFilter& filter : sample.where) bind(filter.column);
  }
  void bind(Exchange& exchange) const {
    HttpCall& call = exchange.call;
    for (std::string* text : {&call.url, &call.body, &call.expect_contains, &call.expect_absent, &exchange.rows_at})
      bind(*text);
    for (TextPairs* pairs : {&call.query, &call.headers, &call.form, &call.expect_at}) bind(*pairs);
    if (call.json) {
      auto json = std::make_shared<config::Node>(*call.json);
      bind(*json);
      call.json = std::move(json);
    }
    if (exchange.next) {
      for (std::string* text : {&exchange.next->url, &exchange.next->cursor, &exchange.next->more,
                                &exchange.next->total, &exchange.next->size})
        bind(*text);
      if (exchange.next->id) bind(*exchange.next->id);
    }
    for (Column& column : exchange.columns) bind(column);
    for (Column& column : exchange.save) bind(column);
    for (SampleSpec& sample : exchange.samples) bind(sample);
  }

  const Names& names_;
};

/// What the shipped rules judge of each kind, as a share of `crm_records_checked` of the same check.
std::string_view count_of(std::string_view kind) {
  if (kind == "complete") return "crm_records_incomplete";
  if (kind == "unique") return "crm_records_duplicate";
  if (kind == "valid") return "crm_records_invalid";
  return kind == "fresh" ? "crm_records_outdated" : "crm_records_orphaned";
}

const SampleSpec* sample_of(const Measurement& measurement, std::string_view metric) {
  for (const SampleSpec* sample : samples_of(measurement))
    if (sample->metric == metric) return sample;
  return nullptr;
}

std::map<std::string_view, std::string_view> labels_of(const SampleSpec& sample) {
  std::map<std::string_view, std::string_view> labels;
  for (const auto& [name, text] : sample.labels) labels.emplace(name, text);
  return labels;
}

/// Why no rule would judge what the check counts, or nothing. Rules divide by what the check itself counted, or else by
/// `crm_records` of the same object, which the recipe then must measure.
std::optional<std::string> unread(const Recipe& recipe, const Check& check) {
  const std::string where =
      fmt::format("no rule would judge this check: `checks.{}` of recipe '{}' ", check.kind, recipe.name);
  const SampleSpec* count = sample_of(check.measurement, count_of(check.kind));
  if (count == nullptr) return fmt::format("{}gives no {}", where, count_of(check.kind));
  const SampleSpec* checked = sample_of(check.measurement, "crm_records_checked");
  if (checked == nullptr) {
    const bool counts =
        std::any_of(recipe.measurements.begin(), recipe.measurements.end(),
                    [](const auto& measurement) { return sample_of(measurement, "crm_records") != nullptr; });
    if (counts) return std::nullopt;
    return fmt::format(
        "{}gives no crm_records_checked (how many records it looked at), nor does the recipe give "
        "crm_records",
        where);
  }
  auto wanted = labels_of(*count);
  wanted.emplace("check", check.kind);
  if (labels_of(*checked) == wanted && count->by.empty() && checked->by.empty()) return std::nullopt;
  return fmt::format("{}needs crm_records_checked with the labels of {} and `check: {}`", where, count->metric,
                     check.kind);
}

std::string id_of(std::string_view kind, const Names& names) {
  std::string id = fmt::format("check_{}_{}", kind, names.object);
  for (const std::string& part : {names.field, names.format}) {
    if (!part.empty()) id += "_" + part;
  }
  std::replace(id.begin(), id.end(), '.', '_');
  return id;
}

}  // namespace

std::vector<std::string_view> check_kinds() {
  return {kKinds.begin(), kKinds.end()};
}

Result<Measurement> make_check(const Recipe& recipe, std::string_view kind, const std::string& text) {
  const Result<Names> names = parse(kind, text);
  if (!names) return names.error();
  std::vector<std::string> formats;
  const Check* check = nullptr;
  for (const Check& known : recipe.checks) {
    if (known.kind != kind) continue;
    if (known.object.empty()) formats.push_back(known.format);
    if (known.format != names->format || (!known.object.empty() && known.object != names->object)) continue;
    if (check == nullptr || !known.object.empty()) check = &known;
  }
  if (formats.empty()) return Error{fmt::format("recipe '{}' cannot check this", recipe.name)};
  if (check == nullptr)
    return Error{fmt::format("recipe '{}' knows no format '{}'; it has {}", recipe.name, one_line(names->format, 60),
                             fmt::join(formats, ", "))};
  if (auto fault = unread(recipe, *check)) return Error{std::move(*fault)};
  Measurement measurement = check->measurement;
  Binder{*names}.bind(measurement);
  measurement.id = id_of(kind, *names);
  return measurement;
}

Measurement read_own_measurement(const Recipe& recipe, config::Reader& reader) {
  Measurement out;
  out.line = reader.line();
  if (reader.require("id", out.id) && !is_plain_name(out.id))
    reader.problem("id", "must be made of letters, digits and _");
  out.operation = out.id;
  reader.get("transaction", out.transaction);
  Scope scope = scope_of(recipe);
  read_questions(reader, scope, out);
  if (recipe.transport == Transport::http) read_steps(reader, scope, out);
  check_measurement(scope, out, reader);
  reader.finish();
  return out;
}

}  // namespace crmpulse::probes
