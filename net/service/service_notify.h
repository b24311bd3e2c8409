#pragma once
// How a program tells its service manager how it is. The one place behind which systemd stays: service_notify_posix.cpp
// speaks sd_notify's datagrams, another system brings its own.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/failure/error.h"
#include "core/time/time.h"

namespace crmpulse::net {

/// Without a manager every call does nothing; none blocks. One thread: the loop that does the work, so that a hang
/// shows.
class ServiceNotify {
 public:
  /// Reads the environment that the manager set.
  ServiceNotify();
  ~ServiceNotify();
  ServiceNotify(const ServiceNotify&) = delete;
  ServiceNotify& operator=(const ServiceNotify&) = delete;

  void ready();
  void status(std::string_view text);  ///< for people, only its first line; what was said last is not said again
  void reloading();                    ///< then ready() again
  void stopping();
  void alive();
  /// Like alive(), and asks for more time during the start.
  void busy();
  /// Returns how often alive() must be called at least, nullopt if nobody watches.
  [[nodiscard]] std::optional<Duration> alive_interval() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// `refused: FILE:LINE: PATH: what is wrong (and 2 more problems)`, for the status after a reload.
[[nodiscard]] std::string refusal_status(const Problems& problems);

}  // namespace crmpulse::net
