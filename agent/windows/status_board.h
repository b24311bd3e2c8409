#pragma once
// What the running service says of itself, for `service status` and `service reload` in another process: the service
// manager of Windows takes no text. In shared memory, so that nothing waits for a disk; it goes with the service.

#include <windows.h>

#include <cstdint>
#include <optional>
#include <string>

namespace crmpulse::agent::windows {

struct BoardText {
  std::uint32_t reloads = 0;  ///< that are over, whatever their result
  std::string status;         ///< as ServiceNotify was told; cut where it is very long
};

/// The service's side. One thread.
class StatusBoard {
 public:
  StatusBoard();
  ~StatusBoard();
  StatusBoard(const StatusBoard&) = delete;
  StatusBoard& operator=(const StatusBoard&) = delete;
  void post(const BoardText& text);

 private:
  HANDLE handle_;
  void* view_ = nullptr;
};

/// Returns nullopt if no service runs, or if it may not be read: it is for administrators.
[[nodiscard]] std::optional<BoardText> read_board();

}  // namespace crmpulse::agent::windows
