#include "agent/windows/service_manager.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <thread>
#include <vector>

#include "agent/windows/service_name.h"
#include "core/windows/wide.h"
#include "core/windows/win32_error.h"

namespace crmpulse::agent::windows {
namespace {

using crmpulse::windows::error_text;
using crmpulse::windows::to_utf8;
using crmpulse::windows::to_wide;

std::string_view advice(DWORD code) {
  switch (code) {
    case ERROR_ACCESS_DENIED: return "; run this as an administrator";
    case ERROR_SERVICE_MARKED_FOR_DELETE:
      return "; it goes when every window that shows it is closed (services.msc, Task Manager): then try again";
    case ERROR_SERVICE_DISABLED: return "; an administrator has disabled it: sc config crmpulse-agent start= auto";
    case ERROR_SERVICE_LOGON_FAILED:
      return "; its account must exist and have the right to log on as a service; one that needs a password is set in "
             "services.msc";
    case ERROR_SERVICE_REQUEST_TIMEOUT: return "; the event log says what it did meanwhile";
    default: return {};
  }
}

Error failed(std::string_view what, DWORD code = GetLastError()) {
  return Error{fmt::format("cannot {} the service crmpulse-agent: {}{}", what, error_text(code), advice(code))};
}

Result<ManagerHandle> open_manager(DWORD rights) {
  ManagerHandle manager{OpenSCManagerW(nullptr, nullptr, rights)};
  if (manager.get() == nullptr) {
    const DWORD code = GetLastError();
    return Error{fmt::format("cannot reach the service manager: {}{}", error_text(code), advice(code))};
  }
  return manager;
}

}  // namespace

Result<std::optional<Service>> Service::find(DWORD rights) {
  const auto manager = open_manager(SC_MANAGER_CONNECT);
  if (!manager) return manager.error();
  SC_HANDLE const service = OpenServiceW(manager->get(), kServiceName, rights);
  if (service != nullptr) return std::optional{Service{service}};
  if (GetLastError() == ERROR_SERVICE_DOES_NOT_EXIST) return std::optional<Service>{};
  return failed("open");
}

Result<std::optional<Service>> Service::create(const ServiceDefinition& definition) {
  const auto manager = open_manager(SC_MANAGER_CONNECT | SC_MANAGER_CREATE_SERVICE);
  if (!manager) return manager.error();
  SC_HANDLE const service =
      CreateServiceW(manager->get(), kServiceName, kDisplayName, SERVICE_ALL_ACCESS, SERVICE_WIN32_OWN_PROCESS,
                     SERVICE_AUTO_START, SERVICE_ERROR_NORMAL, to_wide(definition.image_path).c_str(), nullptr, nullptr,
                     nullptr, to_wide(definition.account).c_str(), nullptr);
  if (service != nullptr) return std::optional{Service{service}};
  const DWORD code = GetLastError();
  if (code == ERROR_INVALID_SERVICE_ACCOUNT || code == ERROR_NONE_MAPPED) return std::optional<Service>{};
  return failed("install", code);
}

Result<ServiceStatus> Service::status() const {
  SERVICE_STATUS_PROCESS found{};
  DWORD size = 0;
  if (QueryServiceStatusEx(handle_.get(), SC_STATUS_PROCESS_INFO, reinterpret_cast<BYTE*>(&found), sizeof found,
                           &size) == FALSE)
    return failed("query");
  const bool own = found.dwWin32ExitCode == ERROR_SERVICE_SPECIFIC_ERROR;
  return ServiceStatus{found.dwCurrentState, found.dwProcessId,
                       own ? found.dwServiceSpecificExitCode : found.dwWin32ExitCode};
}

Result<ServiceSettings> Service::settings() const {
  DWORD size = 0;
  QueryServiceConfigW(handle_.get(), nullptr, 0, &size);
  // Its strings stand behind the structure.
  std::vector<std::max_align_t> memory(size / sizeof(std::max_align_t) + 1);
  auto* const found = reinterpret_cast<QUERY_SERVICE_CONFIGW*>(memory.data());
  if (QueryServiceConfigW(handle_.get(), found, size, &size) == FALSE) return failed("query");
  return ServiceSettings{to_utf8(found->lpBinaryPathName),
                         found->lpServiceStartName != nullptr ? to_utf8(found->lpServiceStartName) : ""};
}

Result<void> Service::change(const std::string& image_path, const std::optional<std::string>& account) {
  const std::wstring name = to_wide(account.value_or(""));
  if (ChangeServiceConfigW(handle_.get(), SERVICE_WIN32_OWN_PROCESS, SERVICE_NO_CHANGE, SERVICE_ERROR_NORMAL,
                           to_wide(image_path).c_str(), nullptr, nullptr, nullptr, account ? name.c_str() : nullptr,
                           account ? L"" : nullptr, kDisplayName) == FALSE)
    return failed("change");
  return {};
}

Result<void> Service::set(DWORD what, void* value) {
  if (ChangeServiceConfig2W(handle_.get(), what, value) == FALSE) return Error{error_text(GetLastError())};
  return {};
}

Result<void> Service::start() {
  if (StartServiceW(handle_.get(), 0, nullptr) != FALSE) return {};
  const DWORD code = GetLastError();
  if (code == ERROR_SERVICE_ALREADY_RUNNING) return {};
  return failed("start", code);
}

Result<void> Service::control(DWORD what) {
  SERVICE_STATUS status{};
  if (ControlService(handle_.get(), what, &status) != FALSE) return {};
  const DWORD code = GetLastError();
  // Nothing to stop: it is what was asked for.
  if (what == SERVICE_CONTROL_STOP && code == ERROR_SERVICE_NOT_ACTIVE) return {};
  return failed(what == SERVICE_CONTROL_STOP ? "stop" : "reload", code);
}

Result<void> Service::remove() {
  if (DeleteService(handle_.get()) == FALSE && GetLastError() != ERROR_SERVICE_MARKED_FOR_DELETE)
    return failed("remove");
  return {};
}

Result<ServiceStatus> Service::wait_for(DWORD state, Duration longest) const {
  const auto end = std::chrono::steady_clock::now() + longest;
  while (true) {
    auto now = status();
    if (!now || now->state == state || now->state == SERVICE_STOPPED || std::chrono::steady_clock::now() >= end)
      return now;
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
  }
}

std::string_view state_name(DWORD state) {
  switch (state) {
    case SERVICE_STOPPED: return "stopped";
    case SERVICE_START_PENDING: return "starting";
    case SERVICE_STOP_PENDING: return "stopping";
    case SERVICE_RUNNING: return "running";
    case SERVICE_CONTINUE_PENDING: return "continuing";
    case SERVICE_PAUSE_PENDING: return "pausing";
    case SERVICE_PAUSED: return "paused";
    default: return "in a state that is not known";
  }
}

}  // namespace crmpulse::agent::windows
