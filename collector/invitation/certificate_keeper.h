#pragma once
// Keeps the collector's certificate from ending while it runs. Belongs to the Collector and the loop's thread; files
// are read and written on the file thread. Who follows the files takes the new certificate into use.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "collector/configuration/configuration.h"
#include "collector/invitation/renewal.h"
#include "core/time/clock.h"
#include "net/loop/file_thread.h"

namespace crmpulse::collector {

class CertificateKeeper {
 public:
  static constexpr Duration kBetweenLooks{std::chrono::minutes{1}};

  struct Stats {
    std::uint64_t renewed = 0;
    std::uint64_t failed = 0;                ///< looks that found it due and could not renew it
    std::optional<std::string> fault;        ///< of the last look
    std::optional<TimePoint> authority_end;  ///< as of the last look
  };
  using Current = std::function<std::shared_ptr<const Configuration>()>;

  CertificateKeeper(net::FileThread& files, const Clock& wall, Current current)
      : files_(files), wall_(wall), current_(std::move(current)) {}

  /// Looks at once, in place; for the start, before anything listens.
  void look_now();
  /// Looks when it is time. Call it once a second.
  void tick();
  [[nodiscard]] const Stats& stats() const { return stats_; }
  [[nodiscard]] bool idle() const { return !looking_; }

 private:
  void take(const Renewal& renewal);

  net::FileThread& files_;
  const Clock& wall_;
  Current current_;
  Stats stats_;
  bool looking_ = false;
  int ticks_ = 0;
};

}  // namespace crmpulse::collector
