#pragma once
// Rows → samples, as they arrive and within bounds: nothing but numbers and the texts of `by` columns is kept.

#include <cstdint>
#include <map>
#include <optional>
#include <unordered_set>
#include <vector>

#include "core/sample.h"
#include "core/time/clock.h"
#include "probes/recipe/recipe.h"
#include "probes/recipe/rows.h"

namespace crmpulse::probes {

inline constexpr std::size_t kMaxLabelBytes = 128;
/// Rows past the limit that are still counted before the rest is left unread.
inline constexpr std::uint64_t kMaxCountedRows = 10'000;

/// The samples of one run of one query or request. Stamps are set by who asked.
class RowReader final : public Rows {
 public:
  /// `labels` are on every sample; `now` tells times that can be from those that cannot. References must outlive this.
  RowReader(const std::vector<SampleSpec>& samples, int max_rows, const Labels& labels, TimePoint now = wall_now());
  ~RowReader() override;

  /// Exact names are preferred; else they may differ in case, as some databases return them in capitals.
  void columns(const std::vector<std::string>& names) override;
  bool row(std::span<const Cell> cells) override;

  /// Once, after the last row.
  void finish();
  [[nodiscard]] const std::optional<Failure>& failure() const { return failure_; }
  [[nodiscard]] std::vector<Sample>& samples() { return samples_; }
  [[nodiscard]] std::uint64_t truncated() const { return truncated_; }
  [[nodiscard]] std::uint64_t rows() const { return rows_; }

 private:
  struct Group {
    double sum = 0;
    double min = 0;
    double max = 0;
    std::uint64_t count = 0;
    std::uint64_t above = 0;
    std::vector<double> values;                ///< for quantiles; at most `rows` of them
    std::unordered_set<std::size_t> distinct;  ///< hashes of texts, not the texts
  };
  struct Spec {
    const SampleSpec* spec = nullptr;
    std::optional<std::size_t> value;
    std::vector<std::size_t> by;
    std::vector<std::size_t> where;
    std::map<Labels, Group> groups;
  };

  void fail(Reason reason, std::string message);
  [[nodiscard]] std::size_t bind(const std::vector<std::string>& names, const std::string& wanted);
  void take(Spec& spec, std::span<const Cell> cells);
  void add(Spec& spec, const Labels& labels, double number, const Cell* cell);
  void finish_group(const SampleSpec& spec, const Labels& labels, Group& group);
  void emit(const SampleSpec& spec, const Labels& labels, double value);
  [[nodiscard]] Labels labels_of(const Spec& spec, std::span<const Cell> cells) const;

  const std::vector<SampleSpec>& wanted_;
  const std::uint64_t max_rows_;
  const Labels& labels_;
  const TimePoint now_;
  std::vector<Spec> specs_;
  std::vector<Sample> samples_;
  std::optional<Failure> failure_;
  std::uint64_t rows_ = 0;
  std::uint64_t truncated_ = 0;
};

/// Nearest rank: the smallest value with at least q·n values at or below it. Sorts; not for an empty list.
[[nodiscard]] double quantile(std::vector<double>& values, double q);

/// The label a `by` column becomes: its name, or the last token of a pointer.
[[nodiscard]] std::string_view label_of(std::string_view column);

/// Does a condition hold for a value?
[[nodiscard]] bool holds(const RowFilter& filter, const Cell& cell);

/// Two samples of one name with the same labels, if there are any.
[[nodiscard]] const Sample* twice_told(const std::vector<Sample>& samples);

}  // namespace crmpulse::probes
