#include <fmt/format.h>

#include "probes/recipe_file/reader.h"

namespace crmpulse::probes {
namespace {

using config::Reader;

const std::vector<std::string_view> kOnNull{"failure", "skip", "zero"};
const std::vector<std::string_view> kReduce{"none", "sum",      "count",    "avg",         "min",
                                            "max",  "distinct", "quantile", "share_above", "duplicates"};

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

void get_number(Reader& reader, std::string_view key, std::optional<double>& out) {
  double number = 0;
  if (reader.get(key, number, -kAnyNumber, kAnyNumber)) out = number;
}

/// `won: {is: 1}`, or `won: 1` for the same.
RowFilter read_filter(Reader& where, const std::string& column) {
  RowFilter filter;
  filter.column = column;
  const config::Node* node = where.raw(column);
  if (node != nullptr && node->kind == config::Node::Kind::scalar) {
    filter.is = node->scalar;
    return filter;
  }
  Reader reader = where.child(column);
  std::string is;
  if (reader.get("is", is)) filter.is = is;
  get_number(reader, "above", filter.above);
  get_number(reader, "below", filter.below);
  reader.get("missing", filter.missing);
  get_pattern(reader, "matches", filter.matches, 0);
  get_pattern(reader, "not_matches", filter.not_matches, 0);
  if (reader.node().members.empty()) reader.problem("needs is, above, below, missing, matches or not_matches");
  if (filter.missing && reader.node().members.size() > 1) reader.problem("missing", "stands alone");
  reader.finish();
  return filter;
}

void read_ratio(Reader& reader, SampleSpec& spec) {
  std::vector<std::string> names;
  if (!reader.get("ratio", names)) return;
  if (names.size() == 2) {
    spec.ratio = {names[0], names[1]};
  } else {
    reader.problem("ratio", "needs the names of two saved values: [part, whole]");
  }
}

}  // namespace

SampleSpec read_sample(Reader& reader) {
  SampleSpec spec;
  reader.require("metric", spec.metric);
  reader.get("value", spec.column);
  get_number(reader, "constant", spec.constant);
  reader.get("by", spec.by);
  read_pairs(reader.child("labels"), spec.labels);
  reader.get("scale", spec.scale, -kAnyNumber, kAnyNumber);
  std::size_t unit = 0;
  if (reader.get_choice("unit", unit, {"s", "ms"})) spec.unit = unit == 0 ? 1 : 0.001;
  get_enum(reader, "reduce", spec.reduce, kReduce);
  // What has no value is not a duplicate of anything, nor is a text of blanks.
  if (spec.reduce == Reduce::duplicates) spec.on_null = OnNull::skip;
  get_enum(reader, "null", spec.on_null, kOnNull);
  read_quantiles(reader, spec);
  reader.get("threshold", spec.threshold, -kAnyNumber, kAnyNumber);
  Reader where = reader.child("where");
  for (const std::string& column : where.keys()) spec.where.push_back(read_filter(where, column));
  read_ratio(reader, spec);
  return spec;
}

}  // namespace crmpulse::probes
