#pragma once
// Our service as Windows' service manager knows it. Every error says what to do where that is known.

#include <windows.h>

#include <winsvc.h>

#include <optional>
#include <string>
#include <string_view>

#include "core/failure/error.h"
#include "core/time/time.h"

namespace crmpulse::agent::windows {

class ManagerHandle {
 public:
  explicit ManagerHandle(SC_HANDLE handle) : handle_(handle) {}
  ~ManagerHandle() {
    if (handle_ != nullptr) CloseServiceHandle(handle_);
  }
  ManagerHandle(ManagerHandle&& other) noexcept : handle_(other.handle_) { other.handle_ = nullptr; }
  ManagerHandle& operator=(ManagerHandle&&) = delete;
  [[nodiscard]] SC_HANDLE get() const { return handle_; }

 private:
  SC_HANDLE handle_;
};

struct ServiceStatus {
  DWORD state = SERVICE_STOPPED;
  DWORD process = 0;    ///< 0 when it is not running
  DWORD exit_code = 0;  ///< of the last run: Windows' number, or the program's own
};

struct ServiceSettings {
  std::string image_path;
  std::string account;
};

/// What the service manager runs, and as whom.
struct ServiceDefinition {
  std::string image_path;
  std::string account;
};

class Service {
 public:
  /// Returns nullopt if it is not installed. `rights`: SERVICE_START and the like.
  [[nodiscard]] static Result<std::optional<Service>> find(DWORD rights);
  /// Returns nullopt if the system has no such account.
  [[nodiscard]] static Result<std::optional<Service>> create(const ServiceDefinition& definition);

  [[nodiscard]] Result<ServiceStatus> status() const;
  [[nodiscard]] Result<ServiceSettings> settings() const;
  /// Renews what it runs; the account only if one is given. How it is started stays: an admin may have disabled it.
  [[nodiscard]] Result<void> change(const std::string& image_path, const std::optional<std::string>& account);
  /// ChangeServiceConfig2.
  [[nodiscard]] Result<void> set(DWORD what, void* value);
  [[nodiscard]] Result<void> start();
  /// SERVICE_CONTROL_…
  [[nodiscard]] Result<void> control(DWORD what);
  [[nodiscard]] Result<void> remove();
  /// Asks ten times a second until it is in that state, or stopped, or the time is over; returns the state then.
  [[nodiscard]] Result<ServiceStatus> wait_for(DWORD state, Duration longest) const;

 private:
  explicit Service(SC_HANDLE handle) : handle_(handle) {}
  ManagerHandle handle_;
};

/// "running", "stopped", …
[[nodiscard]] std::string_view state_name(DWORD state);

}  // namespace crmpulse::agent::windows
