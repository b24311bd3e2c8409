#include "store/history/history_block.h"

#include <bit>
#include <map>
#include <optional>

#include "store/history/integer_column.h"
#include "store/history/scaled_values.h"
#include "store/history/section.h"

namespace crmpulse::store {
namespace {

constexpr char kFormat = 1;

/// Writes values as integers, scaled by the fewest decimals that all of them have; as their bits if there is no such
/// number of decimals.
std::uint64_t to_integers(std::span<const Reading> readings, std::vector<std::int64_t>& out) {
  int digits = 0;
  for (const Reading& reading : readings) {
    digits = digits_of(reading.value, digits);
    if (digits > kMaxDigits) break;
  }
  out.resize(readings.size());
  bool good = digits <= kMaxDigits;
  for (std::size_t i = 0; good && i < readings.size(); ++i) {
    const auto whole = scaled(readings[i].value, digits);
    good = whole.has_value();
    if (whole) out[i] = *whole;
  }
  if (good) return static_cast<std::uint64_t>(digits);
  for (std::size_t i = 0; i < readings.size(); ++i) out[i] = std::bit_cast<std::int64_t>(readings[i].value);
  return kBits;
}

class BlockWriter {
 public:
  void add(const HistorySeries& series) {
    add_name(series.name);
    put_varint(heads_, series.readings.size());
    if (series.readings.empty()) return;
    add_stamps(series.readings);
    const std::uint64_t how = to_integers(series.readings, numbers_);
    put_varint(heads_, how);
    write_column(numbers_, heads_, values_);
  }
  [[nodiscard]] std::string finish(std::size_t series) const {
    std::string out{kFormat};
    put_varint(out, series);
    put_section(out, names_);
    put_section(out, heads_);
    for (const std::string& plane : stamps_) put_section(out, plane);
    for (const std::string& plane : values_) put_section(out, plane);
    return out;
  }

 private:
  /// What it shares with the name before is not written again.
  void add_name(const std::string& name) {
    const auto differs = std::mismatch(name.begin(), name.end(), last_name_.begin(), last_name_.end());
    const auto shared = static_cast<std::size_t>(differs.first - name.begin());
    put_varint(names_, shared);
    put_varint(names_, name.size() - shared);
    names_.append(name, shared);
    last_name_ = name;
  }
  /// The series of one measurement have the same stamps: they stand once.
  void add_stamps(std::span<const Reading> readings) {
    numbers_.resize(readings.size());
    for (std::size_t i = 0; i < readings.size(); ++i) numbers_[i] = readings[i].unix_millis;
    const auto [known, added] = columns_.try_emplace(numbers_, columns_.size());
    put_varint(heads_, known->second);
    if (added) write_column(numbers_, heads_, stamps_);
  }

  std::string names_;
  std::string last_name_;
  std::string heads_;
  Planes stamps_;
  Planes values_;
  std::map<std::vector<std::int64_t>, std::size_t> columns_;
  std::vector<std::int64_t> numbers_;
};

class BlockReader {
 public:
  /// False when the bytes are damaged.
  bool open(std::string_view bytes) {
    ByteReader in{bytes};
    const std::string_view format = in.bytes(1);
    if (format.empty() || format[0] != kFormat) return false;
    series_ = in.varint();
    for (std::string* section : {&names_, &heads_}) {
      if (!take(in, *section)) return false;
    }
    for (std::size_t i = 0; i < 8; ++i) {
      if (!take(in, stamps_.at(i))) return false;
      stamps_left_.left.at(i) = stamps_.at(i);
    }
    for (std::size_t i = 0; i < 8; ++i) {
      if (!take(in, values_.at(i))) return false;
      values_left_.left.at(i) = values_.at(i);
    }
    names_left_ = ByteReader{names_};
    heads_left_ = ByteReader{heads_};
    return series_ <= names_.size();
  }
  [[nodiscard]] std::uint64_t series() const { return series_; }
  bool next(HistorySeries& out) {
    if (!next_name()) return false;
    out.name = name_;
    const std::uint64_t count = heads_left_.varint();
    total_ += count;
    if (!heads_left_.good() || count > kMaxBlockReadings || total_ > kMaxBlockReadings) return false;
    out.readings.resize(count);
    if (count == 0) return true;
    const std::vector<std::int64_t>* column = next_stamps(count);
    if (column == nullptr) return false;
    const std::uint64_t how = heads_left_.varint();
    if (how != kBits && how > kMaxDigits) return false;
    numbers_.resize(count);
    if (!read_column(heads_left_, values_left_, numbers_)) return false;
    for (std::size_t i = 0; i < count; ++i) out.readings[i] = {(*column)[i], from_integer(numbers_[i], how)};
    return true;
  }

 private:
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
    if (!heads_left_.good() || index > columns_.size()) return nullptr;
    if (index == columns_.size()) {
      std::vector<std::int64_t> column(count);
      if (!read_column(heads_left_, stamps_left_, column)) return nullptr;
      columns_.push_back(std::move(column));
    }
    return columns_[index].size() == count ? &columns_[index] : nullptr;
  }

  std::uint64_t series_ = 0;
  std::uint64_t total_ = 0;
  std::string names_;
  std::string heads_;
  Planes stamps_;
  Planes values_;
  ByteReader names_left_{{}};
  ByteReader heads_left_{{}};
  PlaneReaders stamps_left_;
  PlaneReaders values_left_;
  std::string name_;
  std::vector<std::vector<std::int64_t>> columns_;
  std::vector<std::int64_t> numbers_;
};

}  // namespace

std::string encode_block(std::span<const HistorySeries> series) {
  BlockWriter writer;
  for (const HistorySeries& one : series) writer.add(one);
  return writer.finish(series.size());
}

Result<std::vector<HistorySeries>> decode_block(std::string_view bytes,
                                                const std::function<bool(std::string_view)>& wanted) {
  const Error damaged{"a block of the history is damaged"};
  BlockReader reader;
  if (!reader.open(bytes)) return damaged;
  std::vector<HistorySeries> out;
  HistorySeries one;
  for (std::uint64_t i = 0; i < reader.series(); ++i) {
    if (!reader.next(one)) return damaged;
    if (wanted(one.name)) out.push_back(std::move(one));
  }
  return out;
}

}  // namespace crmpulse::store
