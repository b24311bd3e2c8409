#pragma once
// Rows → samples, as they arrive and within bounds: nothing but numbers and the texts of `by` columns is kept.

#include <cstdint>
#include <map>
#include <optional>
#include <unordered_set>
#include <vector>

#include "core/sample.h"
#include "probes/recipe.h"
#include "probes/sql/connection.h"

namespace crmpulse::probes {

inline constexpr std::size_t kMaxLabelBytes = 128;
/// Rows past the limit that are still counted before the rest is left unread.
inline constexpr std::uint64_t kMaxCountedRows = 10'000;

/// The samples of one run of one query. Stamps are set by who asked.
class RowReader final : public sql::Rows {
 public:
  /// `labels` are on every sample. The measurement must outlive this.
  RowReader(const Measurement& measurement, const Labels& labels);
  ~RowReader() override;

  void columns(const std::vector<std::string>& names) override;
  bool row(std::span<const sql::Cell> cells) override;

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
    std::map<Labels, Group> groups;
  };

  void fail(Reason reason, std::string message);
  void take(Spec& spec, std::span<const sql::Cell> cells);
  void add(Spec& spec, const Labels& labels, std::optional<double> value, const sql::Cell* cell);
  void finish_group(const SampleSpec& spec, const Labels& labels, Group& group);
  void emit(const SampleSpec& spec, const Labels& labels, double value);
  [[nodiscard]] Labels labels_of(const Spec& spec, std::span<const sql::Cell> cells) const;

  const Measurement& measurement_;
  const Labels& labels_;
  std::vector<Spec> specs_;
  std::vector<Sample> samples_;
  std::optional<Failure> failure_;
  std::uint64_t rows_ = 0;
  std::uint64_t truncated_ = 0;
};

/// Nearest rank: the smallest value with at least q·n values at or below it. Sorts; not for an empty list.
[[nodiscard]] double quantile(std::vector<double>& values, double q);

}  // namespace crmpulse::probes
