#pragma once
// SQLite passes over the damaged end of a write-ahead log in silence; this says that there is one. Internal to store/.

#include <cstdint>
#include <string>

namespace crmpulse::store {

struct WalTail {
  std::uint64_t frames = 0;  ///< intact from the start on: what SQLite uses, up to the last commit among them
  /// Belong to this log, but lie behind a frame that is damaged or cut short. Zero after a plain kill.
  std::uint64_t lost_bytes = 0;
};

/// Reads the log as SQLite's recovery does (https://www.sqlite.org/fileformat2.html#the_write_ahead_log). Call it
/// before the database is opened. A file that is not there has no frames.
[[nodiscard]] WalTail read_wal_tail(const std::string& wal_file);

}  // namespace crmpulse::store
