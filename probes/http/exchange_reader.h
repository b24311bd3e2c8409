#pragma once
// Answers of one exchange → samples, saved values, rows. For exchanger.cpp and batch.cpp.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "probes/http/exchange.h"
#include "probes/http/exchange_answer.h"
#include "probes/rows/reduce.h"

namespace crmpulse::probes {

/// A value read out of an answer.
struct ReadValue {
  bool null = true;
  std::optional<double> number;
  std::string text;
};

/// Reads one column of one row. Returns an error if the answer has something there that is not a value, or that the map
/// does not know.
[[nodiscard]] Result<ReadValue> read_column(const Column& column, const JsonValue& row, const Answer& answer,
                                            const Values& values);

/// Is JSON needed to read this exchange's answer?
[[nodiscard]] bool needs_json(const Exchange& exchange);

/// Fed with the pages of one exchange. The exchange, the labels and what `values` refers to must outlive it.
class ExchangeReader {
 public:
  ExchangeReader(const Exchange& exchange, const Values& values, const Labels& labels, bool keep_rows);

  /// One page; a failure ends the exchange.
  [[nodiscard]] std::optional<Failure> read(const Answer& answer);
  /// No more rows are wanted.
  [[nodiscard]] bool full() const { return rows_ >= static_cast<std::uint64_t>(exchange_.rows); }
  /// Rows or pages that were left out.
  void count_truncated(std::uint64_t rows) { truncated_ += rows; }
  /// Rows that the answer tells of and that no page had.
  void count_withheld(std::uint64_t rows) { withheld_ += rows; }
  /// How many rows all pages have, as the answer says; nullopt: it does not.
  void know_total(std::optional<std::uint64_t> total) { total_ = total; }
  /// Once, at the end: what was read into the result. Samples only when nothing failed.
  void finish(ExchangeResult& result);

 private:
  void bind();
  void warn(std::vector<Warning>& warnings) const;
  void look_for_pointers(const JsonValue& row);
  [[nodiscard]] std::optional<Failure> read_row(const JsonValue& row, const Answer& answer);

  const Exchange& exchange_;
  const Values values_;
  const Labels& labels_;
  const bool keep_rows_;
  std::vector<SampleSpec> own_samples_;  ///< with ${} of their labels filled in; empty: the exchange's are used
  std::vector<Column> implicit_;         ///< pointers that samples name themselves
  std::vector<const Column*> columns_;
  std::unique_ptr<RowReader> reducer_;
  std::vector<ReadValue> read_;
  std::vector<Cell> cells_;
  std::vector<std::vector<std::string>> kept_;
  Variables saved_;
  std::vector<std::string_view> unseen_;  ///< pointers of columns that led nowhere in every row so far
  std::uint64_t rows_ = 0;
  std::uint64_t truncated_ = 0;
  std::uint64_t withheld_ = 0;
  std::optional<std::uint64_t> total_;
};

}  // namespace crmpulse::probes
