#pragma once
// How much a server has sent since the last row. Client libraries hold a row whole and have no bound of their own.

#include <cstdint>

namespace crmpulse::probes::sql {

/// Counts what one socket received. Used by one thread at a time.
class Intake {
 public:
  /// Once per read, before it: a socket that is not TCP counts by what waits there.
  void before_read(int fd);
  /// A row is complete, or a statement begins: what came so far is gone.
  void begin(int fd);
  /// Bytes read since begin().
  [[nodiscard]] std::uint64_t size(int fd) const;

 private:
  std::uint64_t counted_ = 0;
  std::uint64_t start_ = 0;
};

}  // namespace crmpulse::probes::sql
