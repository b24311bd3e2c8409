#include "store/history/rollup_block.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <optional>

#include "store/history/named_columns.h"
#include "store/history/scaled_values.h"

namespace crmpulse::store {
namespace {

constexpr char kRollupFormat = 1;
/// Of each series: count, last, and least, greatest and sum as what they are beyond the last.
constexpr std::size_t kColumns = 5;
using Columns = std::array<std::vector<std::int64_t>, kColumns>;
constexpr double kMostWhole = 9e15;

std::int64_t minus(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
std::int64_t plus(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
std::int64_t times(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
}

/// A sum of numbers with so many decimals has no more; nullopt if it is too large to say.
std::optional<std::int64_t> whole_sum(double sum, int digits) {
  const double whole = std::nearbyint(sum * std::pow(10, digits));
  if (!(std::fabs(whole) < kMostWhole)) return std::nullopt;
  return static_cast<std::int64_t>(whole);
}

std::optional<std::array<std::int64_t, 4>> whole(const Rollup& point, int digits) {
  const auto last = scaled(point.last, digits);
  const auto least = scaled(point.min, digits);
  const auto most = scaled(point.max, digits);
  const auto sum = whole_sum(point.sum, digits);
  if (!last || !least || !most || !sum) return std::nullopt;
  return std::array{*last, *least, *most, *sum};
}

std::uint64_t to_columns(std::span<const Rollup> points, Columns& columns) {
  for (auto& column : columns) column.assign(points.size(), 0);
  int digits = 0;
  for (const Rollup& point : points) {
    for (const double value : {point.last, point.min, point.max}) digits = digits_of(value, digits);
  }
  bool good = digits <= kMaxDigits;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto count = static_cast<std::int64_t>(points[i].count);
    columns[0][i] = count;
    const auto numbers = good ? whole(points[i], digits) : std::nullopt;
    good = numbers.has_value();
    if (!numbers) break;
    const auto [last, least, most, sum] = *numbers;
    columns[1][i] = last;
    columns[2][i] = minus(last, least);
    columns[3][i] = minus(most, last);
    columns[4][i] = minus(sum, times(count, last));
  }
  if (good) return static_cast<std::uint64_t>(digits);
  for (std::size_t i = 0; i < points.size(); ++i) {
    columns[0][i] = static_cast<std::int64_t>(points[i].count);
    columns[1][i] = std::bit_cast<std::int64_t>(points[i].last);
    columns[2][i] = std::bit_cast<std::int64_t>(points[i].min);
    columns[3][i] = std::bit_cast<std::int64_t>(points[i].max);
    columns[4][i] = std::bit_cast<std::int64_t>(points[i].sum);
  }
  return kBits;
}

Rollup from_columns(TimePoint at, const Columns& columns, std::size_t i, std::uint64_t how) {
  Rollup point{at};
  const std::int64_t count = columns[0][i];
  point.count = static_cast<std::uint64_t>(count);
  const std::int64_t last = columns[1][i];
  point.last = from_integer(last, how);
  const bool bits = how == kBits;
  point.min = from_integer(bits ? columns[2][i] : minus(last, columns[2][i]), how);
  point.max = from_integer(bits ? columns[3][i] : plus(last, columns[3][i]), how);
  point.sum = from_integer(bits ? columns[4][i] : plus(columns[4][i], times(count, last)), how);
  return point;
}

void put_sketch(const Sketch& sketch, std::string& out) {
  put_varint(out, sketch.buckets().size());
  std::int64_t before = 0;
  for (const Sketch::Bucket& bucket : sketch.buckets()) {
    put_varint(out, zigzag(bucket.index - before));
    put_varint(out, bucket.count);
    before = bucket.index;
  }
}

std::optional<Sketch> take_sketch(ByteReader& in) {
  const std::uint64_t count = in.varint();
  if (!in.good() || count > 2 * Sketch::kMostIndex + 2) return std::nullopt;
  std::vector<Sketch::Bucket> buckets(count);
  std::int64_t index = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t step = unzigzag(in.varint());
    index = plus(index, step);
    const bool ascends = i == 0 || step > 0;
    if (!ascends || index < std::numeric_limits<std::int16_t>::min() || index > Sketch::kMostIndex) return std::nullopt;
    buckets[i] = {static_cast<std::int16_t>(index), static_cast<std::uint32_t>(in.varint())};
  }
  if (!in.good()) return std::nullopt;
  return Sketch{std::move(buckets)};
}

class RollupWriter {
 public:
  void add(const RollupSeries& series) {
    block_.begin(series.name, series.points.size());
    if (series.points.empty()) return;
    std::vector<std::int64_t> stamps(series.points.size());
    std::transform(series.points.begin(), series.points.end(), stamps.begin(),
                   [](const Rollup& point) { return unix_millis(point.at) / 1000; });
    block_.add_stamps(stamps);
    block_.add_number(to_columns(series.points, columns_));
    for (const auto& column : columns_) block_.add_column(column);
    add_sketches(series.points);
  }
  [[nodiscard]] std::string finish() const { return block_.finish(&sketches_); }

 private:
  /// Their length stands in the head, so that a reader passes over those that it does not want.
  void add_sketches(std::span<const Rollup> points) {
    const bool some =
        std::any_of(points.begin(), points.end(), [](const Rollup& point) { return !point.sketch.empty(); });
    const std::size_t before = sketches_.size();
    for (const Rollup& point : points) {
      if (some) put_sketch(point.sketch, sketches_);
    }
    block_.add_number(sketches_.size() - before);
  }

  NamedColumnsWriter block_{kRollupFormat};
  std::string sketches_;
  Columns columns_;
};

class RollupReader {
 public:
  /// Returns false if the bytes are damaged.
  bool open(std::string_view bytes) {
    if (!block_.open(bytes, kRollupFormat, &sketches_)) return false;
    sketches_left_ = ByteReader{sketches_};
    return true;
  }
  [[nodiscard]] std::uint64_t series() const { return block_.series(); }
  /// Fills `out` if `wanted` says so; otherwise leaves it without a name.
  bool next(const std::function<bool(std::string_view)>& wanted, RollupSeries& out) {
    out = {};
    const auto count = block_.begin();
    if (!count) return false;
    const bool take_it = wanted(block_.name());
    if (take_it) out.name = block_.name();
    if (*count == 0) return true;
    const std::vector<std::int64_t>* const stamps = block_.stamps(*count);
    if (stamps == nullptr) return false;
    const auto how = block_.number();
    if (!how || (*how != kBits && *how > kMaxDigits)) return false;
    for (auto& column : columns_) {
      column.resize(*count);
      if (!(take_it ? block_.column(column) : block_.pass(*count))) return false;
    }
    const auto length = block_.number();
    if (!length) return false;
    const std::string_view sketches = sketches_left_.bytes(*length);
    if (!sketches_left_.good()) return false;
    return !take_it || fill(*stamps, *how, sketches, out);
  }

 private:
  bool fill(const std::vector<std::int64_t>& stamps, std::uint64_t how, std::string_view sketches, RollupSeries& out) {
    ByteReader in{sketches};
    out.points.reserve(stamps.size());
    for (std::size_t i = 0; i < stamps.size(); ++i) {
      out.points.push_back(from_columns(from_unix_millis(times(stamps[i], 1000)), columns_, i, how));
      if (sketches.empty()) continue;
      auto sketch = take_sketch(in);
      if (!sketch) return false;
      out.points.back().sketch = std::move(*sketch);
    }
    return true;
  }

  NamedColumnsReader block_{kMostRollups};
  std::string sketches_;
  ByteReader sketches_left_{{}};
  Columns columns_;
};

}  // namespace

void Rollup::add(double value, bool duration) {
  ++count;
  sum += value;
  min = std::min(min, value);
  max = std::max(max, value);
  last = value;
  if (duration) sketch.add(value);
}

void Rollup::merge(const Rollup& later) {
  count += later.count;
  sum += later.sum;
  min = std::min(min, later.min);
  max = std::max(max, later.max);
  last = later.last;
  sketch.merge(later.sketch);
}

std::string encode_rollups(std::span<const RollupSeries> series) {
  RollupWriter writer;
  for (const RollupSeries& one : series) writer.add(one);
  return writer.finish();
}

Result<std::vector<RollupSeries>> decode_rollups(std::string_view bytes,
                                                 const std::function<bool(std::string_view)>& wanted) {
  const Error damaged{"a block of the history's rollups is damaged"};
  RollupReader reader;
  if (!reader.open(bytes)) return damaged;
  std::vector<RollupSeries> out;
  RollupSeries one;
  for (std::uint64_t i = 0; i < reader.series(); ++i) {
    if (!reader.next(wanted, one)) return damaged;
    if (!one.name.empty()) out.push_back(std::move(one));
  }
  return out;
}

}  // namespace crmpulse::store
