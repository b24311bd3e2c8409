#pragma once
// What the operating system and its service manager give and want. The one place behind which POSIX and systemd stay:
// service_linux.cpp implements it, a Windows build brings its own.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/time.h"

namespace crmpulse::agent::service {

[[nodiscard]] std::string host_name();
/// The folder of the running program, without a closing slash.
[[nodiscard]] std::string executable_dir();
/// What the service manager gave us, or the system's usual place.
[[nodiscard]] std::string default_state_dir();
/// Memory the process holds now, bytes; 0 when the system does not say.
[[nodiscard]] std::uint64_t resident_bytes();
/// Once at start: what a service needs of its process (a broken pipe is an error code, not a signal).
void prepare_process();

/// Tells the service manager how we are (systemd: sd_notify's datagrams). Without a manager every call does nothing.
/// One thread: the loop that does the work, so that a hang shows.
class Manager {
 public:
  /// From the environment the manager set.
  Manager();
  ~Manager();
  Manager(const Manager&) = delete;
  Manager& operator=(const Manager&) = delete;

  void ready();
  void status(const std::string& text);  ///< one line for people
  void reloading();                      ///< then ready() again
  void stopping();
  void alive();
  /// How often alive() is wanted; nothing when nobody watches.
  [[nodiscard]] std::optional<Duration> alive_interval() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace crmpulse::agent::service
