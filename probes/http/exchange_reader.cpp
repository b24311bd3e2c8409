#include "probes/http/exchange_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "probes/rows/values.h"

namespace crmpulse::probes {
namespace {

ReadValue of_text(std::string text) {
  return {false, std::nullopt, std::move(text)};
}
ReadValue of_number(double number) {
  return {false, number, fmt::format("{}", number)};
}

/// A scalar of an answer; truth is 1, so that it can be a sample.
Result<ReadValue> of_json(const JsonValue& value) {
  if (value.null()) return ReadValue{};
  if (!value.is_scalar()) return Error{"is not a single value"};
  if (const auto truth = value.boolean()) return ReadValue{false, *truth ? 1.0 : 0.0, value.text()};
  return ReadValue{false, value.number(), value.text()};
}

/// Unix seconds of a value that is a time: bare numbers in units of the column. One that cannot be was told in another
/// unit; a date people wrote may lie as far ahead as they like.
Result<double> seconds_of(const ReadValue& value, double unit, TimePoint now) {
  const Cell cell{false, value.number, value.text};
  const auto seconds = time_of(cell, unit);
  if (!seconds) return Error{"is not a time"};
  if (!is_bare_number(cell)) return *seconds;
  if (unit == 0) return Error{"is not a time: a bare number needs unit: s or unit: ms"};
  if (const auto fault = past_time_fault(*seconds, now)) return Error{*fault};
  return *seconds;
}

Result<std::optional<double>> time_at(const JsonValue& value, double unit, TimePoint now) {
  using Time = std::optional<double>;
  const Result<ReadValue> read = of_json(value);
  if (!read) return read.error();
  if (read->null || read->text.empty()) return Time{};
  const Result<double> seconds = seconds_of(*read, unit, now);
  if (!seconds) return seconds.error();
  return Time{*seconds};
}

Result<ReadValue> read_span(const Column& column, const JsonValue& row, TimePoint now) {
  double ends[2] = {};
  for (int i = 0; i < 2; ++i) {
    const std::string& pointer = i == 0 ? column.from : column.to;
    if (pointer == kNow) {
      ends[i] = static_cast<double>(unix_millis(now)) / 1000;
      continue;
    }
    const auto time = time_at(row.at(pointer), column.unit, now);
    if (!time) return time.error();
    if (!*time) return ReadValue{};
    ends[i] = **time;
  }
  return of_number(ends[1] - ends[0]);
}

Result<ReadValue> read_count(const Column& column, const JsonValue& row) {
  const JsonValue value = row.at(column.count);
  if (value.null()) return ReadValue{};
  if (!value.is_array()) return Error{"is not an array"};
  return of_number(static_cast<double>(value.size()));
}

Result<ReadValue> matched(const Column& column, Result<ReadValue> from) {
  if (!from || from->null) return from;
  auto group = column.match.group_in(from->text);
  if (!group) return ReadValue{};
  return of_text(std::move(*group));
}

Result<ReadValue> source_of(const Column& column, const JsonValue& row, const Answer& answer, const Values& values) {
  if (!column.text.empty()) {
    Result<std::string> text = expand(column.text, values, Place::text);
    if (!text) return text.error();
    return of_text(std::move(*text));
  }
  if (!column.from.empty()) return read_span(column, row, values.now);
  if (!column.count.empty()) return read_count(column, row);
  if (!column.header.empty()) {
    const std::string_view header = answer.header(column.header);
    return header.empty() ? ReadValue{} : of_text(std::string{header});
  }
  if (!column.at) {
    auto group = column.match.group_in(answer.body());
    return group ? of_text(std::move(*group)) : ReadValue{};
  }
  return of_json(row.at(*column.at));
}

Result<ReadValue> mapped(const Column& column, ReadValue value) {
  const auto known =
      std::find_if(column.map.begin(), column.map.end(), [&](const auto& entry) { return entry.first == value.text; });
  if (known != column.map.end()) return of_text(known->second);
  if (column.otherwise) return of_text(*column.otherwise);
  return Error{"has a value the recipe does not know"};
}

Failure bad_content(std::string message) {
  return {Stage::content, Reason::bad_content, one_line(message)};
}

/// Returns the failure for a field that an administrator removed: an error, not an empty value.
Failure gone(std::string_view pointer) {
  const std::string_view name = pointer.substr(pointer.rfind('/') + 1);
  return {Stage::content, Reason::missing, one_line(fmt::format("this measurement is blind: {} is gone", name))};
}

/// Returns false if a row has no member that the pointer names, though it has others in its place. What is null, empty
/// or a value on the way there cannot tell.
bool leads_somewhere(const JsonValue& row, std::string_view pointer) {
  if (row.at(pointer).present()) return true;
  while (!pointer.empty()) {
    pointer = pointer.substr(0, pointer.rfind('/'));
    const JsonValue above = row.at(pointer);
    if (above.present()) return above.null() || above.is_scalar() || above.is_array() || above.size() == 0;
  }
  return true;
}

/// The pointers of a column in its row.
std::vector<std::string_view> pointers_of(const Column& column) {
  std::vector<std::string_view> out;
  if (column.at) out.emplace_back(*column.at);
  for (const std::string* pointer : {&column.count, &column.from, &column.to})
    if (pointer->starts_with('/')) out.emplace_back(*pointer);
  return out;
}

bool has_placeholder(const SampleSpec& spec) {
  return std::any_of(spec.labels.begin(), spec.labels.end(),
                     [](const auto& label) { return label.second.find('$') != std::string::npos; });
}

}  // namespace

namespace {

Result<ReadValue> timed(const Column& column, const ReadValue& value, TimePoint now) {
  const Result<double> seconds = seconds_of(value, column.unit, now);
  if (!seconds) return seconds.error();
  return of_number(*seconds);
}

Result<ReadValue> added(double more, Result<ReadValue> value) {
  if (!value || value->null || more == 0) return value;
  const auto number = number_of(Cell{false, value->number, value->text});
  if (!number) return Error{"is not a number"};
  return of_number(*number + more);
}

}  // namespace

Result<ReadValue> read_column(const Column& column, const JsonValue& row, const Answer& answer, const Values& values) {
  Result<ReadValue> value = source_of(column, row, answer, values);
  if (!column.match.empty() && (column.at || !column.header.empty())) value = matched(column, std::move(value));
  if (!value || value->null) return value;
  if (!column.map.empty()) value = mapped(column, std::move(*value));
  if (value && column.unit != 0 && column.from.empty()) value = timed(column, *value, values.now);
  return added(column.add, std::move(value));
}

bool needs_json(const Exchange& exchange) {
  const auto by_pointer = [](const Column& column) {
    return column.at || !column.from.empty() || !column.count.empty();
  };
  const auto points = [](const SampleSpec& spec) {
    const auto pointer = [](const std::string& column) { return column.starts_with('/'); };
    return pointer(spec.column) || std::any_of(spec.by.begin(), spec.by.end(), pointer) ||
           std::any_of(spec.where.begin(), spec.where.end(),
                       [](const RowFilter& filter) { return filter.column.starts_with('/'); });
  };
  return exchange.has_rows_at || exchange.next ||
         std::any_of(exchange.columns.begin(), exchange.columns.end(), by_pointer) ||
         std::any_of(exchange.save.begin(), exchange.save.end(), by_pointer) ||
         std::any_of(exchange.samples.begin(), exchange.samples.end(), points);
}

ExchangeReader::ExchangeReader(const Exchange& exchange, const Values& values, const Labels& labels, bool keep_rows)
    : exchange_(exchange), values_(values), labels_(labels), keep_rows_(keep_rows) {
  if (std::any_of(exchange.samples.begin(), exchange.samples.end(), has_placeholder)) {
    own_samples_ = exchange.samples;
    for (SampleSpec& spec : own_samples_) {
      for (auto& label : spec.labels) {
        const Result<std::string> text = expand(label.second, values_, Place::text);
        label.second = text ? one_line(*text, kMaxLabelBytes) : std::string{};
      }
    }
  }
  bind();
}

void ExchangeReader::bind() {
  const auto& samples = own_samples_.empty() ? exchange_.samples : own_samples_;
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (name.empty() || std::find(names.begin(), names.end(), name) != names.end()) return;
    Column& column = implicit_.emplace_back();
    column.name = name;
    column.at = name;
    names.push_back(name);
  };
  for (const Column& column : exchange_.columns) names.push_back(column.name);
  for (const SampleSpec& spec : samples) {
    add(spec.column);
    for (const std::string& column : spec.by) add(column);
    for (const RowFilter& filter : spec.where) add(filter.column);
  }
  for (const Column& column : exchange_.columns) columns_.push_back(&column);
  for (const Column& column : implicit_) columns_.push_back(&column);
  for (const Column* column : columns_) {
    for (const std::string_view pointer : pointers_of(*column))
      if (std::find(unseen_.begin(), unseen_.end(), pointer) == unseen_.end()) unseen_.push_back(pointer);
  }
  read_.resize(columns_.size());
  cells_.resize(columns_.size());
  if (samples.empty()) return;
  reducer_ = std::make_unique<RowReader>(samples, std::numeric_limits<int>::max(), labels_, values_.now);
  reducer_->columns(names);
}

void ExchangeReader::look_for_pointers(const JsonValue& row) {
  std::erase_if(unseen_, [&](std::string_view pointer) { return leads_somewhere(row, pointer); });
}

std::optional<Failure> ExchangeReader::read_row(const JsonValue& row, const Answer& answer) {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i]->present) {
      const std::string& pointer = columns_[i]->at ? *columns_[i]->at : columns_[i]->count;
      if (!row.at(pointer).present()) return gone(pointer);
    }
    Result<ReadValue> value = read_column(*columns_[i], row, answer, values_);
    if (!value) return bad_content(fmt::format("'{}' {}", columns_[i]->name, value.error().message));
    read_[i] = std::move(*value);
    cells_[i] = Cell{read_[i].null, read_[i].number, read_[i].text};
  }
  if (rows_ == 0) {
    for (const Column& column : exchange_.save) {
      Result<ReadValue> value = read_column(column, row, answer, values_);
      if (!value) return bad_content(fmt::format("'{}' {}", column.name, value.error().message));
      if (!value->null) saved_.insert_or_assign(column.name, std::move(value->text));
    }
  }
  if (exchange_.has_rows_at) look_for_pointers(row);
  ++rows_;
  if (reducer_) {
    (void)reducer_->row(cells_);
    if (reducer_->failure()) return reducer_->failure();
  }
  if (keep_rows_) {
    std::vector<std::string>& kept = kept_.emplace_back();
    for (std::size_t i = 0; i < exchange_.columns.size(); ++i) kept.push_back(read_[i].text);
  }
  return std::nullopt;
}

std::optional<Failure> ExchangeReader::read(const Answer& answer) {
  if (columns_.empty() && exchange_.save.empty() && !exchange_.has_rows_at && !reducer_) return std::nullopt;
  const JsonValue root = needs_json(exchange_) ? answer.json() : JsonValue{};
  if (!exchange_.has_rows_at) return full() ? std::nullopt : read_row(root, answer);
  const JsonValue rows = root.at(exchange_.rows_at);
  if (rows.present() && rows.null()) return std::nullopt;
  if (!rows.is_array()) return bad_content(fmt::format("the answer has no array at '{}'", exchange_.rows_at));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (full()) {
      truncated_ += rows.size() - i;
      break;
    }
    if (auto failure = read_row(rows.item(i), answer)) return failure;
  }
  return std::nullopt;
}

void ExchangeReader::warn(std::vector<Warning>& warnings) const {
  if (exchange_.has_rows_at && rows_ > 0) {
    for (const std::string_view pointer : unseen_) warnings.push_back(nowhere_warning(pointer, rows_));
  }
  if (!needs_all_rows(exchange_.samples)) return;
  if (truncated_ > 0) {
    const std::optional<int> pages = exchange_.next ? std::optional{exchange_.pages} : std::nullopt;
    warnings.push_back(cut_warning({rows_, total_, exchange_.rows, pages}));
  } else if (withheld_ > 0) {
    warnings.push_back(withheld_warning(rows_, rows_ + withheld_));
  }
}

void ExchangeReader::finish(ExchangeResult& result) {
  result.rows_truncated += truncated_ + withheld_;
  if (!result.failure) {
    warn(result.warnings);
    if (reducer_) {
      reducer_->finish();
      result.failure = reducer_->failure();
      result.samples = std::move(reducer_->samples());
    }
    result.saved = std::move(saved_);
  }
  result.rows = std::move(kept_);
}

}  // namespace crmpulse::probes
