#include "store/history/history_block.h"

#include <bit>

#include "store/history/named_columns.h"
#include "store/history/scaled_values.h"

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

/// Fills `out` with the next series. Returns false if the bytes are damaged.
bool read_series(NamedColumnsReader& in, std::vector<std::int64_t>& numbers, HistorySeries& out) {
  const auto count = in.begin();
  if (!count) return false;
  out.name = in.name();
  out.readings.resize(*count);
  if (*count == 0) return true;
  const std::vector<std::int64_t>* const stamps = in.stamps(*count);
  if (stamps == nullptr) return false;
  const auto how = in.number();
  if (!how || (*how != kBits && *how > kMaxDigits)) return false;
  numbers.resize(*count);
  if (!in.column(numbers)) return false;
  for (std::size_t i = 0; i < *count; ++i) out.readings[i] = {(*stamps)[i], from_integer(numbers[i], *how)};
  return true;
}

}  // namespace

std::string encode_block(std::span<const HistorySeries> series) {
  NamedColumnsWriter writer{kFormat};
  std::vector<std::int64_t> numbers;
  for (const HistorySeries& one : series) {
    writer.begin(one.name, one.readings.size());
    if (one.readings.empty()) continue;
    numbers.resize(one.readings.size());
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = one.readings[i].unix_millis;
    writer.add_stamps(numbers);
    writer.add_number(to_integers(one.readings, numbers));
    writer.add_column(numbers);
  }
  return writer.finish();
}

Result<std::vector<HistorySeries>> decode_block(std::string_view bytes,
                                                const std::function<bool(std::string_view)>& wanted) {
  const Error damaged{"a block of the history is damaged"};
  NamedColumnsReader reader{kMaxBlockReadings};
  if (!reader.open(bytes, kFormat)) return damaged;
  std::vector<HistorySeries> out;
  std::vector<std::int64_t> numbers;
  HistorySeries one;
  for (std::uint64_t i = 0; i < reader.series(); ++i) {
    if (!read_series(reader, numbers, one)) return damaged;
    if (wanted(one.name)) out.push_back(std::move(one));
  }
  return out;
}

}  // namespace crmpulse::store
