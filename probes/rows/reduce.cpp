#include "probes/rows/reduce.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/text/ascii.h"
#include "probes/rows/values.h"

namespace crmpulse::probes {
namespace {

std::optional<std::size_t> position_of(const std::vector<std::string>& names, std::string_view wanted) {
  const auto exact = std::find(names.begin(), names.end(), wanted);
  if (exact != names.end()) return static_cast<std::size_t>(exact - names.begin());
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (ascii::same_without_case(names[i], wanted)) return i;
  }
  return std::nullopt;
}

bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/// Only blanks, or nothing.
bool is_empty(std::string_view text) {
  return std::all_of(text.begin(), text.end(), is_blank);
}

/// A letter of two bytes in UTF-8 (Latin with accents, Greek, Cyrillic) as its small one; any other as it is.
unsigned small_letter(unsigned letter) {
  if (letter >= 0xc0 && letter <= 0xde && letter != 0xd7) return letter + 0x20;                         // À … Þ
  if ((letter >= 0x100 && letter <= 0x137) || (letter >= 0x14a && letter <= 0x177)) return letter | 1;  // Ā … ķ, Ŋ … ŷ
  if ((letter >= 0x139 && letter <= 0x148) || (letter >= 0x179 && letter <= 0x17e)) return letter + letter % 2;
  if (letter == 0x178) return 0xff;                                                 // Ÿ
  if (letter >= 0x391 && letter <= 0x3ab && letter != 0x3a2) return letter + 0x20;  // Α … Ϋ
  if (letter >= 0x410 && letter <= 0x42f) return letter + 0x20;                     // А … Я
  if (letter >= 0x400 && letter <= 0x40f) return letter + 0x50;                     // Ѐ … Џ
  return letter;
}

/// As the SQL of the shipped recipes compares texts: blanks at the ends, how many stand between two words, and the case
/// of letters make no difference between duplicates.
std::string folded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (is_blank(text[i])) {
      if (!out.empty() && out.back() != ' ') out += ' ';
    } else if ((byte & 0xe0U) == 0xc0U && i + 1 < text.size()) {
      const unsigned letter = small_letter((byte & 0x1fU) << 6U | (static_cast<unsigned char>(text[++i]) & 0x3fU));
      out += static_cast<char>(0xc0U | letter >> 6U);
      out += static_cast<char>(0x80U | (letter & 0x3fU));
    } else {
      out += ascii::lower(text[i]);
    }
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

bool is_time(std::string_view metric) {
  return metric.ends_with("_timestamp_seconds");
}

/// Of times alone: what they tell may be still to come.
bool may_lie_ahead(std::string_view metric) {
  for (const std::string_view word :
       {"expiry", "expires", "exhaustion", "until", "reset", "renewal", "next", "due", "end"}) {
    if (metric.find(word) != std::string_view::npos) return true;
  }
  return false;
}

/// How long something took or is old: less than nothing is a clock that is ahead, or a record's own disorder.
bool is_length_of_time(std::string_view metric) {
  return metric.starts_with("crm_") && metric.ends_with("_seconds") && !is_time(metric);
}

bool counts_texts(Reduce reduce) {
  return reduce == Reduce::distinct || reduce == Reduce::count || reduce == Reduce::duplicates;
}

}  // namespace

double quantile(std::vector<double>& values, double q) {
  std::sort(values.begin(), values.end());
  const double rank = std::ceil(q * static_cast<double>(values.size()) - 1e-9);
  const auto index = static_cast<std::size_t>(std::max(1.0, rank)) - 1;
  return values[std::min(index, values.size() - 1)];
}

std::string_view label_of(std::string_view column) {
  const std::size_t slash = column.rfind('/');
  return slash == std::string_view::npos ? column : column.substr(slash + 1);
}

bool holds(const RowFilter& filter, const Cell& cell) {
  if (filter.missing) return cell.null || is_empty(cell.text);
  if (cell.null) return false;
  if (filter.is && cell.text != *filter.is) {
    const Cell wanted{false, std::nullopt, *filter.is};
    const auto a = number_of(cell);
    if (!a || a != number_of(wanted)) return false;
  }
  if (filter.above || filter.below) {
    const auto number = number_of(cell);
    if (!number || (filter.above && *number <= *filter.above) || (filter.below && *number >= *filter.below))
      return false;
  }
  if (!filter.matches.empty() && !filter.matches.found_in(cell.text)) return false;
  return filter.not_matches.empty() || !filter.not_matches.found_in(cell.text);
}

const Sample* twice_told(const std::vector<Sample>& samples) {
  std::set<std::pair<std::string_view, const Labels&>> seen;
  for (const Sample& sample : samples) {
    if (!seen.emplace(sample.metric, sample.labels).second) return &sample;
  }
  return nullptr;
}

RowReader::RowReader(const std::vector<SampleSpec>& samples, int max_rows, const Labels& labels, TimePoint now)
    : wanted_(samples), max_rows_(static_cast<std::uint64_t>(std::max(0, max_rows))), labels_(labels), now_(now) {}
RowReader::~RowReader() = default;

void RowReader::fail(Reason reason, std::string message) {
  if (!failure_) failure_ = Failure{Stage::content, reason, one_line(message)};
}

std::size_t RowReader::bind(const std::vector<std::string>& names, const std::string& wanted) {
  const auto position = position_of(names, wanted);
  if (!position) fail(Reason::bad_content, fmt::format("the answer has no column '{}'", wanted));
  return position.value_or(0);
}

void RowReader::columns(const std::vector<std::string>& names) {
  for (const SampleSpec& spec : wanted_) {
    Spec& bound = specs_.emplace_back();
    bound.spec = &spec;
    if (!spec.column.empty()) bound.value = bind(names, spec.column);
    for (const std::string& column : spec.by) bound.by.push_back(bind(names, column));
    for (const RowFilter& filter : spec.where) bound.where.push_back(bind(names, filter.column));
  }
}

bool RowReader::row(std::span<const Cell> cells) {
  if (rows_ >= max_rows_) return ++truncated_ < kMaxCountedRows;
  ++rows_;
  for (Spec& spec : specs_) {
    if (failure_) break;
    take(spec, cells);
  }
  return true;
}

Labels RowReader::labels_of(const Spec& spec, std::span<const Cell> cells) const {
  Labels labels;
  for (std::size_t i = 0; i < spec.by.size(); ++i) {
    const Cell& cell = cells[spec.by[i]];
    if (!cell.null)
      labels.set(label_of(spec.spec->by[i]), one_line(cell.text.substr(0, 4 * kMaxLabelBytes), kMaxLabelBytes));
  }
  return labels;
}

void RowReader::take(Spec& spec, std::span<const Cell> cells) {
  for (std::size_t i = 0; i < spec.where.size(); ++i) {
    if (!holds(spec.spec->where[i], cells[spec.where[i]])) return;
  }
  const Labels labels = labels_of(spec, cells);
  if (!spec.value) {
    add(spec, labels, spec.spec->constant.value_or(0), nullptr);
    return;
  }
  const Cell& cell = cells[*spec.value];
  if (cell.null) {
    if (spec.spec->on_null == OnNull::zero) add(spec, labels, 0, &cell);
    if (spec.spec->on_null == OnNull::failure)
      fail(Reason::missing,
           fmt::format("column '{}' is NULL in a row; if it may be empty, write `null: skip` in the sample of {}",
                       spec.spec->column, spec.spec->metric));
    return;
  }
  const std::optional<double> value = counts_texts(spec.spec->reduce) ? 0 : time_of(cell, spec.spec->unit);
  if (!value) {
    fail(Reason::bad_content, fmt::format("column '{}' is not a number", spec.spec->column));
    return;
  }
  add(spec, labels, *value, &cell);
}

void RowReader::add(Spec& spec, const Labels& labels, double number, const Cell* cell) {
  const SampleSpec& how = *spec.spec;
  if (number * how.scale < 0 && is_length_of_time(how.metric)) number = 0;
  if (how.reduce == Reduce::none) {
    emit(how, labels, number);
    return;
  }
  const std::string text = how.reduce == Reduce::duplicates && cell != nullptr ? folded(cell->text) : std::string{};
  if (how.reduce == Reduce::duplicates && text.empty()) return;
  Group& group = spec.groups[labels];
  group.min = group.count == 0 ? number : std::min(group.min, number);
  group.max = group.count == 0 ? number : std::max(group.max, number);
  group.sum += number;
  ++group.count;
  if (number > how.threshold) ++group.above;
  if (how.reduce == Reduce::quantile) group.values.push_back(number);
  if (how.reduce == Reduce::distinct && cell != nullptr && !cell->null)
    group.distinct.insert(std::hash<std::string_view>{}(cell->text));
  if (how.reduce == Reduce::duplicates) group.distinct.insert(std::hash<std::string_view>{}(text));
}

void RowReader::finish_group(const SampleSpec& spec, const Labels& labels, Group& group) {
  const auto count = static_cast<double>(group.count);
  switch (spec.reduce) {
    case Reduce::none: break;
    case Reduce::duplicates: emit(spec, labels, count - static_cast<double>(group.distinct.size())); break;
    case Reduce::sum: emit(spec, labels, group.sum); break;
    case Reduce::count: emit(spec, labels, count); break;
    case Reduce::avg: emit(spec, labels, group.sum / count); break;
    case Reduce::min: emit(spec, labels, group.min); break;
    case Reduce::max: emit(spec, labels, group.max); break;
    case Reduce::distinct: emit(spec, labels, static_cast<double>(group.distinct.size())); break;
    case Reduce::share_above: emit(spec, labels, static_cast<double>(group.above) / count); break;
    case Reduce::quantile:
      for (const double q : spec.quantiles) {
        Labels with_quantile = labels;
        with_quantile.set("quantile", fmt::format("{}", q));
        emit(spec, with_quantile, quantile(group.values, q));
      }
      break;
  }
}

void RowReader::emit(const SampleSpec& spec, const Labels& labels, double value) {
  value *= spec.scale;
  if (!std::isfinite(value)) {
    fail(Reason::bad_content, fmt::format("the value of {} is too large", spec.metric));
    return;
  }
  if (is_time(spec.metric)) {
    const auto fault = may_lie_ahead(spec.metric) ? any_time_fault(value) : past_time_fault(value, now_);
    if (fault) {
      fail(Reason::bad_content,
           fmt::format("{} {}", spec.column.empty() ? spec.metric : fmt::format("'{}'", spec.column), *fault));
      return;
    }
  }
  Labels all = labels_;
  for (const auto& [name, text] : spec.labels) all.set(name, text);
  for (const auto& [name, text] : labels) all.set(name, text);
  samples_.push_back(Sample{spec.metric, std::move(all), value, {}});
}

void RowReader::finish() {
  for (Spec& spec : specs_) {
    const Reduce reduce = spec.spec->reduce;
    const bool counts = reduce == Reduce::sum || counts_texts(reduce);
    // Without rows a sum or a count is 0, but an average has no value.
    if (spec.groups.empty() && counts && spec.spec->by.empty()) emit(*spec.spec, {}, 0);
    for (auto& [labels, group] : spec.groups) finish_group(*spec.spec, labels, group);
  }
  if (const Sample* twice = twice_told(samples_)) {
    fail(Reason::bad_content,
         fmt::format("several rows give {} the same labels; name the column that tells them apart in 'by'",
                     twice->metric));
  }
  if (failure_) samples_.clear();
}

}  // namespace crmpulse::probes
