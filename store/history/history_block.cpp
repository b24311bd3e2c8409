#include "store/history/history_block.h"

#include <zstd.h>

#include <bit>
#include <cmath>
#include <map>
#include <memory>
#include <optional>

#include "store/history/integer_column.h"

namespace crmpulse::store {
namespace {

constexpr char kFormat = 1;
constexpr int kLevel = 3;                  // the next ones save a few hundredths of a byte a reading for twice the time
constexpr std::size_t kWorthPacking = 24;  // bytes; a frame of zstd has about ten of its own
constexpr std::uint64_t kMaxSection = 64 * 1024 * 1024;
constexpr int kMaxDigits = 9;
constexpr std::uint64_t kExact = std::uint64_t{1} << 53;  // whole numbers up to here are exact in a double

/// How a series' values became integers: 0…9: value · 10^n, exactly; kBits: each double's bits.
constexpr std::uint64_t kBits = 15;

double power_of_ten(int digits) {
  constexpr std::array kPowers{1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
  return kPowers.at(static_cast<std::size_t>(digits));
}

/// The whole number that divided by 10^digits gives this very double.
std::optional<std::int64_t> scaled(double value, int digits) {
  const double whole = std::nearbyint(value * power_of_ten(digits));
  if (!(std::fabs(whole) < static_cast<double>(kExact))) return std::nullopt;
  const bool same = std::bit_cast<std::uint64_t>(whole / power_of_ten(digits)) == std::bit_cast<std::uint64_t>(value);
  if (!same || (whole == 0 && std::signbit(value))) return std::nullopt;
  return static_cast<std::int64_t>(whole);
}

/// Writes values as integers, scaled by the fewest decimals that all of them have; as their bits if there is no such
/// number of decimals.
std::uint64_t to_integers(std::span<const Reading> readings, std::vector<std::int64_t>& out) {
  int digits = 0;
  for (const Reading& reading : readings) {
    while (digits <= kMaxDigits && !scaled(reading.value, digits)) ++digits;
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

double from_integer(std::int64_t number, std::uint64_t how) {
  if (how == kBits) return std::bit_cast<double>(number);
  return static_cast<double>(number) / power_of_ten(static_cast<int>(how));
}

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

void put_section(std::string& out, const std::string& raw) {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context{ZSTD_createCCtx()};
  put_varint(out, raw.size());
  std::string packed;
  if (raw.size() >= kWorthPacking) {
    packed.resize(ZSTD_compressBound(raw.size()));
    const std::size_t size =
        ZSTD_compressCCtx(context.get(), packed.data(), packed.size(), raw.data(), raw.size(), kLevel);
    packed.resize(ZSTD_isError(size) != 0 ? 0 : size);
  }
  const bool pays = !packed.empty() && packed.size() < raw.size();
  const std::string& stored = pays ? packed : raw;
  put_varint(out, pays ? stored.size() : 0);
  out += stored;
}

/// Nothing when it is damaged.
std::optional<std::string> take_section(ByteReader& in) {
  const std::uint64_t size = in.varint();
  const std::uint64_t packed_size = in.varint();
  if (!in.good() || size > kMaxSection) return std::nullopt;
  const std::string_view bytes = in.bytes(packed_size == 0 ? size : packed_size);
  if (!in.good()) return std::nullopt;
  if (packed_size == 0) return std::string{bytes};
  std::string raw(size, '\0');
  const std::size_t got = ZSTD_decompress(raw.data(), raw.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(got) != 0 || got != size) return std::nullopt;
  return raw;
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
