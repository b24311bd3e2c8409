#include "store/history/rollup_block.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <optional>
#include <type_traits>

#include "store/history/named_columns.h"
#include "store/history/scaled_values.h"

namespace crmpulse::store {
namespace {

/// Format 1 has the sketch of every span, and tells sums by the last value alone.
constexpr char kFirstFormat = 1;
constexpr char kRollupFormat = 2;
/// Of each series: count, last, least and greatest as what they are beyond the last, and the sum as what it is beyond
/// the one that the others let expect. What is as expected is 0 and costs next to nothing.
constexpr std::size_t kColumns = 5;
/// The least and the greatest are all values of a span of so many: its sum and its sketch follow from them.
constexpr std::uint64_t kFew = 2;
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

std::int64_t different_bits(double a, double b) {
  return std::bit_cast<std::int64_t>(a) ^ std::bit_cast<std::int64_t>(b);
}
double with_bits(double a, std::int64_t different) {
  return std::bit_cast<double>(std::bit_cast<std::int64_t>(a) ^ different);
}

/// The sum of a span as far as its other numbers tell it.
template <typename Number>
Number expected_sum(std::int64_t count, Number last, Number least, Number most) {
  if constexpr (std::is_same_v<Number, std::int64_t>)
    return static_cast<std::uint64_t>(count) == kFew ? plus(least, most) : times(count, last);
  else
    return static_cast<std::uint64_t>(count) == kFew ? least + most : static_cast<double>(count) * last;
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
    columns[4][i] = minus(sum, expected_sum(count, last, least, most));
  }
  if (good) return static_cast<std::uint64_t>(digits);
  for (std::size_t i = 0; i < points.size(); ++i) {
    const Rollup& point = points[i];
    const auto count = static_cast<std::int64_t>(point.count);
    columns[0][i] = count;
    columns[1][i] = std::bit_cast<std::int64_t>(point.last);
    columns[2][i] = different_bits(point.min, point.last);
    columns[3][i] = different_bits(point.max, point.last);
    columns[4][i] = different_bits(point.sum, expected_sum(count, point.last, point.min, point.max));
  }
  return kBits;
}

Rollup from_columns(TimePoint at, const Columns& columns, std::size_t i, std::uint64_t how, char format) {
  Rollup point{at};
  const std::int64_t count = columns[0][i];
  point.count = static_cast<std::uint64_t>(count);
  const std::int64_t last = columns[1][i];
  point.last = from_integer(last, how);
  const bool first = format == kFirstFormat;
  if (how == kBits) {
    point.min = first ? from_integer(columns[2][i], how) : with_bits(point.last, columns[2][i]);
    point.max = first ? from_integer(columns[3][i], how) : with_bits(point.last, columns[3][i]);
    point.sum = first ? from_integer(columns[4][i], how)
                      : with_bits(expected_sum(count, point.last, point.min, point.max), columns[4][i]);
    return point;
  }
  const std::int64_t least = minus(last, columns[2][i]);
  const std::int64_t most = plus(last, columns[3][i]);
  point.min = from_integer(least, how);
  point.max = from_integer(most, how);
  point.sum =
      from_integer(plus(columns[4][i], first ? times(count, last) : expected_sum(count, last, least, most)), how);
  return point;
}

/// What the sketch of a span of at most kFew durations is.
Sketch sketch_of_few(const Rollup& point) {
  Sketch sketch;
  if (point.count > 0) sketch.add(point.min);
  if (point.count > 1) sketch.add(point.max);
  return sketch;
}
/// Which sketches of a series stand in a block.
enum class Sketches : std::uint64_t { none, of_many, all };

Sketches sketches_of(std::span<const Rollup> points) {
  if (std::all_of(points.begin(), points.end(), [](const Rollup& point) { return point.sketch.empty(); }))
    return Sketches::none;
  const bool follow = std::all_of(points.begin(), points.end(), [](const Rollup& point) {
    return point.count > kFew || point.sketch == sketch_of_few(point);
  });
  return follow ? Sketches::of_many : Sketches::all;
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
    const Sketches which = sketches_of(points);
    const std::size_t before = sketches_.size();
    for (const Rollup& point : points) {
      if (which == Sketches::all || (which == Sketches::of_many && point.count > kFew))
        put_sketch(point.sketch, sketches_);
    }
    block_.add_number(static_cast<std::uint64_t>(which));
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
    format_ = bytes.starts_with(kFirstFormat) ? kFirstFormat : kRollupFormat;
    if (!block_.open(bytes, format_, &sketches_)) return false;
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
    const auto which = format_ == kFirstFormat ? std::optional<std::uint64_t>{} : block_.number();
    const auto length = block_.number();
    if (!length) return false;
    const std::string_view sketches = sketches_left_.bytes(*length);
    if (!sketches_left_.good()) return false;
    if (!take_it) return true;
    if (format_ == kFirstFormat)
      return fill(*stamps, *how, sketches.empty() ? Sketches::none : Sketches::all, sketches, out);
    if (!which || *which > static_cast<std::uint64_t>(Sketches::all)) return false;
    return fill(*stamps, *how, static_cast<Sketches>(*which), sketches, out);
  }

 private:
  bool fill(const std::vector<std::int64_t>& stamps, std::uint64_t how, Sketches which, std::string_view sketches,
            RollupSeries& out) {
    ByteReader in{sketches};
    out.points.reserve(stamps.size());
    for (std::size_t i = 0; i < stamps.size(); ++i) {
      out.points.push_back(from_columns(from_unix_millis(times(stamps[i], 1000)), columns_, i, how, format_));
      if (which == Sketches::none) continue;
      if (which == Sketches::of_many && out.points.back().count <= kFew) {
        out.points.back().sketch = sketch_of_few(out.points.back());
        continue;
      }
      auto sketch = take_sketch(in);
      if (!sketch) return false;
      out.points.back().sketch = std::move(*sketch);
    }
    return true;
  }

  NamedColumnsReader block_{kMostRollups};
  char format_ = kRollupFormat;
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
