#include "store/history/rollup_block.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <map>
#include <optional>

#include "store/history/integer_column.h"
#include "store/history/scaled_values.h"
#include "store/history/section.h"

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
    const auto differs = std::mismatch(series.name.begin(), series.name.end(), last_name_.begin(), last_name_.end());
    const auto shared = static_cast<std::size_t>(differs.first - series.name.begin());
    put_varint(names_, shared);
    put_varint(names_, series.name.size() - shared);
    names_.append(series.name, shared);
    last_name_ = series.name;
    put_varint(heads_, series.points.size());
    if (series.points.empty()) return;
    std::vector<std::int64_t> stamps(series.points.size());
    std::transform(series.points.begin(), series.points.end(), stamps.begin(),
                   [](const Rollup& point) { return unix_millis(point.at) / 1000; });
    const auto [known, added] = stamp_columns_.try_emplace(stamps, stamp_columns_.size());
    put_varint(heads_, known->second);
    if (added) write_column(stamps, heads_, stamps_);
    put_varint(heads_, to_columns(series.points, columns_));
    for (const auto& column : columns_) write_column(column, heads_, values_);
    add_sketches(series.points);
  }
  [[nodiscard]] std::string finish(std::size_t series) const {
    std::string out{kRollupFormat};
    put_varint(out, series);
    for (const std::string* section : {&names_, &heads_, &sketches_}) put_section(out, *section);
    for (const Planes* planes : {&stamps_, &values_}) {
      for (const std::string& plane : *planes) put_section(out, plane);
    }
    return out;
  }

 private:
  /// Their length stands in the head, so that a reader passes over those that it does not want.
  void add_sketches(std::span<const Rollup> points) {
    const bool some =
        std::any_of(points.begin(), points.end(), [](const Rollup& point) { return !point.sketch.empty(); });
    const std::size_t before = sketches_.size();
    for (const Rollup& point : points) {
      if (some) put_sketch(point.sketch, sketches_);
    }
    put_varint(heads_, sketches_.size() - before);
  }

  std::string names_;
  std::string last_name_;
  std::string heads_;
  std::string sketches_;
  Planes stamps_;
  Planes values_;
  std::map<std::vector<std::int64_t>, std::size_t> stamp_columns_;
  Columns columns_;
};

class RollupReader {
 public:
  /// Returns false if the bytes are damaged.
  bool open(std::string_view bytes) {
    ByteReader in{bytes};
    const std::string_view format = in.bytes(1);
    if (format.empty() || format[0] != kRollupFormat) return false;
    series_ = in.varint();
    for (std::string* section : {&names_, &heads_, &sketches_}) {
      if (!take(in, *section)) return false;
    }
    for (auto [planes, left] : {std::pair{&stamps_, &stamps_left_}, std::pair{&values_, &values_left_}}) {
      for (std::size_t i = 0; i < planes->size(); ++i) {
        if (!take(in, planes->at(i))) return false;
        left->left.at(i) = planes->at(i);
      }
    }
    names_left_ = ByteReader{names_};
    heads_left_ = ByteReader{heads_};
    sketches_left_ = ByteReader{sketches_};
    return series_ <= names_.size();
  }
  [[nodiscard]] std::uint64_t series() const { return series_; }
  /// Fills `out` if `wanted` says so; otherwise leaves it without a name.
  bool next(const std::function<bool(std::string_view)>& wanted, RollupSeries& out) {
    out = {};
    if (!next_name()) return false;
    const std::uint64_t count = heads_left_.varint();
    total_ += count;
    if (!heads_left_.good() || count > kMostRollups || total_ > kMostRollups) return false;
    const bool take_it = wanted(name_);
    if (take_it) out.name = name_;
    if (count == 0) return true;
    const std::vector<std::int64_t>* stamps = next_stamps(count);
    if (stamps == nullptr) return false;
    const std::uint64_t how = heads_left_.varint();
    if (how != kBits && how > kMaxDigits) return false;
    for (auto& column : columns_) {
      column.resize(count);
      if (!(take_it ? read_column(heads_left_, values_left_, column)
                    : skip_column(heads_left_, values_left_, column.size())))
        return false;
    }
    const std::string_view sketches = sketches_left_.bytes(heads_left_.varint());
    if (!heads_left_.good() || !sketches_left_.good()) return false;
    return !take_it || fill(*stamps, how, sketches, out);
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
  static bool take(ByteReader& in, std::string& section) {
    auto taken = take_section(in);
    if (taken) section = std::move(*taken);
    return taken.has_value();
  }
  bool next_name() {
    const std::uint64_t shared = names_left_.varint();
    const std::string_view rest = names_left_.bytes(names_left_.varint());
    if (!names_left_.good() || shared > name_.size()) return false;
    name_.resize(shared);
    name_ += rest;
    return true;
  }
  const std::vector<std::int64_t>* next_stamps(std::uint64_t count) {
    const std::uint64_t index = heads_left_.varint();
    if (!heads_left_.good() || index > stamp_columns_.size()) return nullptr;
    if (index == stamp_columns_.size()) {
      std::vector<std::int64_t> column(count);
      if (!read_column(heads_left_, stamps_left_, column)) return nullptr;
      stamp_columns_.push_back(std::move(column));
    }
    return stamp_columns_[index].size() == count ? &stamp_columns_[index] : nullptr;
  }

  std::uint64_t series_ = 0;
  std::uint64_t total_ = 0;
  std::string names_;
  std::string heads_;
  std::string sketches_;
  Planes stamps_;
  Planes values_;
  ByteReader names_left_{{}};
  ByteReader heads_left_{{}};
  ByteReader sketches_left_{{}};
  PlaneReaders stamps_left_;
  PlaneReaders values_left_;
  std::string name_;
  std::vector<std::vector<std::int64_t>> stamp_columns_;
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
  return writer.finish(series.size());
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
