// What a damaged store could hand to the reader of the history: any bytes as a block. And of any readings each comes
// back.
#include <bit>
#include <cstring>

#include "store/history/history_block.h"
#include "tests/fuzz/fuzz_target.h"

using namespace crmpulse;

namespace {

void read(std::string_view bytes) {
  std::size_t total = 0;
  const auto read = store::decode_block(bytes, [](std::string_view) { return true; });
  if (!read) return;
  for (const store::HistorySeries& series : *read) total += series.readings.size();
  fuzz::require(total <= store::kMaxBlockReadings);
}

std::int64_t take_number(std::string_view& bytes) {
  std::int64_t number = 0;
  std::memcpy(&number, bytes.data(), sizeof number);
  bytes.remove_prefix(sizeof number);
  return number;
}

/// A length byte, then so many pairs of stamp and value, again and again.
std::vector<store::HistorySeries> series_from(std::string_view bytes) {
  constexpr std::size_t kPair = 16;
  std::vector<store::HistorySeries> all;
  while (!bytes.empty()) {
    const auto count = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    store::HistorySeries& series = all.emplace_back();
    series.name = std::string{bytes.substr(0, count % 8)};
    for (int i = 0; i < count && bytes.size() >= kPair; ++i) {
      const std::int64_t at = take_number(bytes);
      series.readings.push_back({at, std::bit_cast<double>(take_number(bytes))});
    }
  }
  return all;
}

bool same(const store::HistorySeries& a, const store::HistorySeries& b) {
  if (a.name != b.name || a.readings.size() != b.readings.size()) return false;
  for (std::size_t i = 0; i < a.readings.size(); ++i) {
    if (a.readings[i].unix_millis != b.readings[i].unix_millis) return false;
    if (std::bit_cast<std::int64_t>(a.readings[i].value) != std::bit_cast<std::int64_t>(b.readings[i].value))
      return false;
  }
  return true;
}

void write_and_read(std::string_view bytes) {
  const std::vector<store::HistorySeries> given = series_from(bytes);
  const auto got = store::decode_block(store::encode_block(given), [](std::string_view) { return true; });
  fuzz::require(got.has_value() && got->size() == given.size());
  for (std::size_t i = 0; i < given.size(); ++i) fuzz::require(same(given[i], (*got)[i]));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = fuzz::text_of(data, size);
  read(bytes);
  write_and_read(bytes);
  return 0;
}
