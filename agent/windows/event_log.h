#pragma once
// The event log of Windows, where a service says what happens to it.

#include <windows.h>

#include <string>
#include <string_view>

#include "core/failure/error.h"
#include "core/log.h"

namespace crmpulse::agent::windows {

/// Events of the source crmpulse-agent in the log Application. Thread-safe.
class EventLog {
 public:
  EventLog();
  ~EventLog();
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;
  void write(log::Level level, std::string_view text) const;

 private:
  HANDLE handle_;
};

/// Tells the event log in which program the source's texts lie.
[[nodiscard]] Result<void> register_event_source(const std::string& program);
/// Not an error: there was none.
[[nodiscard]] Result<void> remove_event_source();

}  // namespace crmpulse::agent::windows
