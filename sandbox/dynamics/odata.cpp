#include "sandbox/dynamics/odata.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "sandbox/dynamics/odata_filter.h"
#include "sandbox/vendor/reply.h"

namespace crmpulse::sandbox {
namespace {

constexpr std::size_t kMostRows = 5000;

struct Method {
  std::string_view name;
  Aggregate aggregate;
};
constexpr std::array kMethods{Method{"sum", Aggregate::sum}, Method{"average", Aggregate::avg},
                              Method{"min", Aggregate::min}, Method{"max", Aggregate::max},
                              Method{"countdistinct", Aggregate::count_distinct}};

/// `filter(…)/groupby((a,b),aggregate($count as n))`: the steps between slashes, outside of brackets and texts.
std::vector<std::string> steps_of(std::string_view text) {
  std::vector<std::string> steps{""};
  int depth = 0;
  bool quoted = false;
  for (const char c : text) {
    if (c == '\'') quoted = !quoted;
    if (!quoted && c == '(') ++depth;
    if (!quoted && c == ')') --depth;
    if (!quoted && depth == 0 && c == '/') {
      steps.emplace_back();
    } else {
      steps.back().push_back(c);
    }
  }
  return steps;
}

/// Choices are numbers too, but nothing adds them up.
bool aggregates(Aggregate how, const Field& field) {
  const bool number = is_number(field.type) && field.options.empty();
  if (how == Aggregate::sum || how == Aggregate::avg) return number;
  if (how == Aggregate::min || how == Aggregate::max) return number || is_day_or_time(field.type);
  return field.type != FieldType::long_text;
}

class Options {
 public:
  Options(const Object& object, const Schema& schema, TimePoint now) : object_(object), schema_(schema), now_(now) {}
  OData read(const ODataOptions& options);

 private:
  using Reader = odata::Reader;
  [[nodiscard]] Reader reader(std::string_view text) const { return Reader{text, object_, schema_, now_}; }
  static void finish(const Reader& reader, std::string_view option);
  void select(std::string_view text);
  void apply(std::string_view text);
  void add_filter(std::string_view text, std::string_view option);
  void aggregate(Reader& reader);
  void group(Reader& reader);
  void order(std::string_view text);
  void show(const Field& field);
  [[nodiscard]] std::optional<std::size_t> output_named(std::string_view name) const;

  const Object& object_;
  const Schema& schema_;
  TimePoint now_;
  OData odata_;
  std::vector<Condition> conditions_;
};

/// Nothing may follow what was read.
void Options::finish(const Reader& reader, std::string_view option) {
  if (!reader.at_end())
    throw Refusal{Refusal::Kind::syntax, reader.peek().text, std::string{option},
                  fmt::format("Syntax error at '{}' in {}", reader.peek().text, option)};
}

void Options::show(const Field& field) {
  odata_.query.outputs.push_back({query_name(field), Aggregate::none, "", std::string{field.name}});
  odata_.fields.push_back(&field);
}

void Options::select(std::string_view text) {
  Reader reader = this->reader(text);
  do show(reader.property());
  while (reader.skip(","));
  finish(reader, "$select");
}

void Options::add_filter(std::string_view text, std::string_view option) {
  Reader reader = this->reader(text);
  conditions_.push_back(reader.expression());
  finish(reader, option);
}

/// `aggregate($count as n, estimatedvalue with sum as total)`, after the word.
void Options::aggregate(Reader& reader) {
  reader.expect("(");
  do {
    Output output;
    const Field* field = nullptr;
    if (reader.skip("$count")) {
      output.aggregate = Aggregate::count;
    } else {
      field = &reader.property();
      reader.expect("with");
      const std::string method = reader.take().text;
      for (const Method& one : kMethods) output.aggregate = one.name == method ? one.aggregate : output.aggregate;
      if (output.aggregate == Aggregate::none)
        reader.refuse(Refusal::Kind::syntax, method, fmt::format("'{}' is not an aggregation method", method));
      if (!aggregates(output.aggregate, *field))
        reader.refuse(Refusal::Kind::value, std::string{field->name},
                      fmt::format("The attribute '{}' cannot be aggregated with {}", field->name, method));
      output.field = query_name(*field);
    }
    reader.expect("as");
    output.name = reader.take().text;
    const bool keeps_type = output.aggregate == Aggregate::min || output.aggregate == Aggregate::max;
    odata_.fields.push_back(keeps_type ? field : nullptr);
    odata_.query.outputs.push_back(std::move(output));
  } while (reader.skip(","));
  reader.expect(")");
}

/// `groupby((a,b),aggregate(…))`, after the word.
void Options::group(Reader& reader) {
  reader.expect("(");
  reader.expect("(");
  do {
    const Field& field = reader.property();
    if (field.type == FieldType::long_text)
      reader.refuse(Refusal::Kind::value, std::string{field.name},
                    fmt::format("The attribute '{}' cannot be grouped by", field.name));
    show(field);
    odata_.query.group_by.push_back(odata_.query.outputs.back());
  } while (reader.skip(","));
  reader.expect(")");
  if (reader.skip(",")) {
    reader.expect("aggregate");
    aggregate(reader);
  }
  reader.expect(")");
}

void Options::apply(std::string_view text) {
  odata_.grouped = true;
  for (const std::string& step : steps_of(text)) {
    Reader reader = this->reader(step);
    const std::string what = reader.take().text;
    if (what == "filter" && step.size() > 8 && step.back() == ')') {
      add_filter(std::string_view{step}.substr(7, step.size() - 8), "$apply");
      continue;
    }
    if (what == "groupby") {
      group(reader);
    } else if (what == "aggregate") {
      aggregate(reader);
    } else {
      reader.refuse(Refusal::Kind::syntax, what, fmt::format("'{}' is not a transformation", what));
    }
    finish(reader, "$apply");
  }
}

std::optional<std::size_t> Options::output_named(std::string_view name) const {
  const auto& outputs = odata_.query.outputs;
  for (std::size_t at = 0; at < outputs.size(); ++at) {
    if (outputs[at].name == name) return at;
  }
  return std::nullopt;
}

void Options::order(std::string_view text) {
  Reader reader = this->reader(text);
  do {
    Order order;
    // Rows that are not grouped go by their fields, shown or not.
    if (const auto output = odata_.grouped ? output_named(reader.peek().text) : std::nullopt) {
      order.output = *output;
      reader.take();
    } else {
      const Field& field = reader.property();
      if (odata_.grouped || field.type == FieldType::long_text)
        reader.refuse(Refusal::Kind::value, std::string{field.name},
                      fmt::format("The attribute '{}' cannot be ordered by", field.name));
      order.field = query_name(field);
    }
    order.descending = reader.skip("desc");
    if (!order.descending) reader.skip("asc");
    order.nulls_last = order.descending;
    odata_.query.order_by.push_back(order);
  } while (reader.skip(","));
  finish(reader, "$orderby");
}

OData Options::read(const ODataOptions& options) {
  const auto option = [&](const char* name) {
    const auto found = options.find(name);
    return found != options.end() ? std::string_view{found->second} : std::string_view{};
  };
  if (options.contains("$skip"))
    throw Refusal{Refusal::Kind::syntax, "$skip", "$skip", "Skip Clause is not supported in CRM"};
  if (!option("$filter").empty()) add_filter(option("$filter"), "$filter");
  if (!option("$apply").empty()) apply(option("$apply"));
  if (!odata_.grouped && !option("$select").empty()) select(option("$select"));
  if (!odata_.grouped && option("$select").empty()) {
    for (const Field* field : schema_.fields(object_)) show(*field);
  }
  if (!option("$orderby").empty()) order(option("$orderby"));
  const std::string_view count = option("$count");
  if (!count.empty() && count != "true" && count != "false")
    throw Refusal{Refusal::Kind::syntax, "$count", "$count",
                  fmt::format("Invalid value '{}' for $count query option found.", count)};
  odata_.count = count == "true";
  if (const std::string_view top = option("$top"); !top.empty()) {
    const auto number = whole_number(top, kMostRows, 0, std::numeric_limits<std::size_t>::max());
    if (!number)
      throw Refusal{Refusal::Kind::syntax, "$top", "$top",
                    fmt::format("Invalid value '{}' for $top query option found. The $top query option requires a "
                                "non-negative integer value.",
                                top)};
    odata_.query.limit = std::min(*number, kMostRows);
  }
  odata_.query.where = all_of(std::move(conditions_));
  return std::move(odata_);
}

}  // namespace

OData read_odata(const ODataOptions& options, const Object& object, const Schema& schema, TimePoint now) {
  return Options{object, schema, now}.read(options);
}

}  // namespace crmpulse::sandbox
