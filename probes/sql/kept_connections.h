#pragma once
// Limits how many database connections stay open between runs.

#include <mutex>

namespace crmpulse::probes::sql {

/// How many connections all targets together keep between their runs. A process has only so many file descriptors, and
/// one that is out of them measures nothing. Thread-safe.
class KeptConnections {
 public:
  explicit KeptConnections(int most) : most_(most) {}

  /// Notes that somebody who kept `before` connections keeps `after` now. Returns false if that is too many: close them
  /// and call this again.
  [[nodiscard]] bool change(int before, int after) {
    const std::lock_guard lock{mutex_};
    kept_ += after - before;
    return kept_ <= most_ || after == 0;
  }

 private:
  const int most_;
  std::mutex mutex_;
  int kept_ = 0;
};

}  // namespace crmpulse::probes::sql
