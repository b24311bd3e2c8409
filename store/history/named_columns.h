#pragma once
// What blocks of readings and of rollups have in common on disk: series by name, each with the number of its elements,
// their stamps and columns of values. Internal to store/.
//
// A block is a byte that says its format, the number of series, and sections: names (each without what it shares with
// the one before), heads (numbers of each series, and how its columns are predicted), what the format adds, the planes
// of the stamps, the planes of the values.

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/history/integer_column.h"

namespace crmpulse::store {

class NamedColumnsWriter {
 public:
  explicit NamedColumnsWriter(char format) : format_(format) {}

  /// Begins a series of `count` elements. One with elements has stamps next, then what its format writes.
  void begin(const std::string& name, std::size_t count);
  /// Writes the stamps of the series; once for all series that have the same ones.
  void add_stamps(const std::vector<std::int64_t>& stamps);
  /// Writes a number into the heads.
  void add_number(std::uint64_t number);
  void add_column(std::span<const std::int64_t> column);
  /// Returns the block. `added` is the section of the format's own; null if it has none.
  [[nodiscard]] std::string finish(const std::string* added = nullptr) const;

 private:
  char format_;
  std::uint64_t series_ = 0;
  std::string names_;
  std::string last_name_;
  std::string heads_;
  Planes stamps_;
  Planes values_;
  std::map<std::vector<std::int64_t>, std::size_t> stamp_columns_;
};

/// Reads what NamedColumnsWriter wrote, in the same order. Each function says when the bytes are damaged; nothing is
/// read after that.
class NamedColumnsReader {
 public:
  /// `most`: a block holds at most so many elements in all.
  explicit NamedColumnsReader(std::uint64_t most) : most_(most) {}
  /// The parts that are left to read point into the sections.
  NamedColumnsReader(const NamedColumnsReader&) = delete;
  NamedColumnsReader& operator=(const NamedColumnsReader&) = delete;

  /// Fills `added`, if it is not null, with the section of the format's own. Returns false if the bytes are damaged or
  /// of another format.
  [[nodiscard]] bool open(std::string_view bytes, char format, std::string* added = nullptr);
  [[nodiscard]] std::uint64_t series() const { return series_; }
  /// Begins the next series. Returns the number of its elements, nullopt if the bytes are damaged.
  [[nodiscard]] std::optional<std::size_t> begin();
  /// Returns the name of the series that was begun. Valid until the next begin().
  [[nodiscard]] const std::string& name() const { return name_; }
  /// Returns the stamps of a series of `count` elements, null if the bytes are damaged. Valid until the next call.
  [[nodiscard]] const std::vector<std::int64_t>* stamps(std::size_t count);
  /// Returns a number of the heads, nullopt if the bytes are damaged.
  [[nodiscard]] std::optional<std::uint64_t> number();
  /// Fills `column`, which has the right size already. Returns false if the bytes are damaged.
  [[nodiscard]] bool column(std::span<std::int64_t> column);
  /// Passes over a column of `count` numbers. Returns false if the bytes are damaged.
  [[nodiscard]] bool pass(std::size_t count);

 private:
  [[nodiscard]] bool next_name();

  std::uint64_t most_;
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
  std::vector<std::vector<std::int64_t>> stamp_columns_;
};

}  // namespace crmpulse::store
