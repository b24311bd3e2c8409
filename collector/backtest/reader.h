#pragma once
// JSON lines → batches of events. Most lines look like the ones before them, so most are read without a JSON document:
// what stands between the time and the value is looked up as it stands, and only a line that cannot be read so goes
// through Boost.JSON, which also says what is wrong with it. A day of 10,000 CRMs is 35 million lines; a document for
// each would take longer than judging them.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/backtest/backtest.h"
#include "core/text/hash.h"

namespace crmpulse::collector {

/// Parses one JSON line. The caller skips blank lines.
[[nodiscard]] Result<BacktestLine> parse_backtest_line(std::string_view text);

/// Assigns an index to each series, and collects the names of the new ones.
class BacktestNames {
 public:
  /// Returns the index assigned to `key`, nullopt if it was not seen before.
  [[nodiscard]] std::optional<std::uint32_t> find(std::string_view key);
  std::uint32_t add(std::string_view key, BacktestBatch::Name name, BacktestBatch& batch);

 private:
  void came(std::uint32_t number);

  std::deque<std::string> keys_;                                                                   ///< by index
  boost::unordered_flat_map<std::string_view, std::uint32_t, TextHash, std::equal_to<>> numbers_;  ///< views of keys_
  /// Samples are sent in one order again and again: the one that came after it the last time is looked at first, which
  /// costs a comparison instead of a hash and a walk to two places in memory.
  std::vector<std::uint32_t> next_;
  std::uint32_t last_ = 0;
};

class JsonBatches {
 public:
  static constexpr std::size_t kEvents = 65'536;  ///< of a batch, about
  static constexpr std::size_t kBlock = 1U << 20U;

  /// `in` outlives this object.
  explicit JsonBatches(std::istream& in) : in_(in) {}
  /// The lines before a wrong one come first, then the error with the line's number.
  [[nodiscard]] Result<std::optional<BacktestBatch>> next();

 private:
  [[nodiscard]] bool fill();  ///< false: the end
  [[nodiscard]] std::optional<std::string_view> line();
  [[nodiscard]] Result<void> take(std::string_view text, BacktestBatch& batch);
  [[nodiscard]] bool take_plain(std::string_view text, BacktestBatch& batch);
  [[nodiscard]] bool read_time(std::string_view text);

  std::istream& in_;
  std::string buffer_;
  std::size_t from_ = 0;  ///< of the buffer, what is not read yet
  std::size_t number_ = 0;
  bool ended_ = false;
  BacktestNames names_;
  std::string time_text_;  ///< of the newest line, and what it says: lines of one moment follow each other
  TimePoint time_;
  std::optional<Error> wrong_;
};

}  // namespace crmpulse::collector
