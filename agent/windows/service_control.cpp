#include "agent/windows/service_control.h"

#include <windows.h>

#include <fmt/format.h>

#include <exception>
#include <mutex>
#include <ostream>
#include <sstream>
#include <string_view>

#include "agent/commands.h"
#include "agent/windows/event_log.h"
#include "agent/windows/service_name.h"
#include "agent/windows/status_board.h"
#include "core/log.h"
#include "core/windows/win32_error.h"
#include "net/loop/controls.h"
#include "net/service/service_report.h"

namespace crmpulse::agent::windows {
namespace {

// How long the manager may hear nothing, ms. A start may have to bring an old spool up to date; a stop waits for runs.
constexpr DWORD kStartHint = 60'000;
constexpr DWORD kStopHint = 30'000;

/// The service's state as the manager knows it. Thread-safe: the loop and the manager's calls report it.
class Report {
 public:
  void begin(SERVICE_STATUS_HANDLE handle) {
    const std::lock_guard lock{mutex_};
    handle_ = handle;
    status_.dwServiceType = SERVICE_WIN32_OWN_PROCESS;
    status_.dwCurrentState = SERVICE_START_PENDING;
  }

  void state(DWORD state) {
    const std::lock_guard lock{mutex_};
    if (status_.dwCurrentState == SERVICE_STOPPED) return;  // it was the last thing to say
    // What a loop says while it ends does not make it run again.
    if (stopping_ && state != SERVICE_STOPPED) state = SERVICE_STOP_PENDING;
    stopping_ = stopping_ || state == SERVICE_STOP_PENDING;
    const bool pending = state == SERVICE_START_PENDING || state == SERVICE_STOP_PENDING;
    // Each call waits for the manager, which may be busy with this very service: its reload is under way then.
    if (!pending && state == status_.dwCurrentState) return;
    status_.dwCheckPoint = pending && state == status_.dwCurrentState ? status_.dwCheckPoint + 1 : pending ? 1 : 0;
    status_.dwWaitHint = state == SERVICE_START_PENDING ? kStartHint : state == SERVICE_STOP_PENDING ? kStopHint : 0;
    status_.dwCurrentState = state;
    status_.dwControlsAccepted =
        state == SERVICE_RUNNING ? SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN | SERVICE_ACCEPT_PARAMCHANGE : 0;
    SetServiceStatus(handle_, &status_);
  }

  /// The last thing that is said.
  void stopped(int exit_code) {
    {
      const std::lock_guard lock{mutex_};
      status_.dwWin32ExitCode = exit_code == kExitOk ? NO_ERROR : ERROR_SERVICE_SPECIFIC_ERROR;
      status_.dwServiceSpecificExitCode = static_cast<DWORD>(exit_code);
    }
    state(SERVICE_STOPPED);
  }

 private:
  std::mutex mutex_;
  SERVICE_STATUS_HANDLE handle_ = nullptr;
  SERVICE_STATUS status_{};
  bool stopping_ = false;
};

/// The manager's calls are plain functions: there is one service in a process.
Report report;
std::string service_config;

DWORD WINAPI control(DWORD what, DWORD, void*, void*) {
  switch (what) {
    case SERVICE_CONTROL_STOP:
    case SERVICE_CONTROL_PRESHUTDOWN:  // leaves more time than the five seconds of a shutdown
    case SERVICE_CONTROL_SHUTDOWN:
      report.state(SERVICE_STOP_PENDING);
      net::raise_control(net::Control::stop);
      return NO_ERROR;
    case SERVICE_CONTROL_PARAMCHANGE: net::raise_control(net::Control::reload); return NO_ERROR;
    case SERVICE_CONTROL_INTERROGATE: return NO_ERROR;
    default: return ERROR_CALL_NOT_IMPLEMENTED;
  }
}

/// On the loop's thread.
void on_report(StatusBoard& board, BoardText& text, bool& reloading, net::ServiceState state,
               const std::string& status) {
  const bool over = reloading && state == net::ServiceState::running;
  reloading = state == net::ServiceState::reloading;
  text.reloads += over ? 1 : 0;
  text.status = status;
  board.post(text);
  switch (state) {
    case net::ServiceState::starting: return report.state(SERVICE_START_PENDING);
    // Windows knows no state of reloading, and a running service that says it starts is one that has crashed.
    case net::ServiceState::reloading:
    case net::ServiceState::running: return report.state(SERVICE_RUNNING);
    case net::ServiceState::stopping: return report.state(SERVICE_STOP_PENDING);
  }
}

/// What the command would print stands in the log.
int run_logged(const EventLog& events) {
  std::ostringstream err;
  int code = kExitFailed;
  try {
    code = run_command(service_config, machine_defaults(), err);
  } catch (const std::exception& error) {
    err << error.what();
  }
  if (!err.str().empty()) events.write(code == kExitOk ? log::Level::warning : log::Level::error, err.str());
  return code;
}

void WINAPI service_main(DWORD, wchar_t**) {
  SERVICE_STATUS_HANDLE const handle = RegisterServiceCtrlHandlerExW(kServiceName, control, nullptr);
  if (handle == nullptr) return;
  report.begin(handle);
  report.state(SERVICE_START_PENDING);
  int code = kExitFailed;
  {
    const EventLog events;
    log::set_sink([&](log::Level level, std::string_view text) { events.write(level, text); });
    StatusBoard board;
    BoardText text;
    bool reloading = false;
    net::set_service_report(
        [&](net::ServiceState state, const std::string& status) { on_report(board, text, reloading, state, status); });
    code = run_logged(events);
    net::set_service_report({});
    log::set_sink({});
  }
  report.stopped(code);
}

}  // namespace

int run_as_service(const std::string& config, std::ostream& err) {
  service_config = config;
  std::wstring name = kServiceName;
  const SERVICE_TABLE_ENTRYW table[] = {{name.data(), service_main}, {nullptr, nullptr}};
  if (StartServiceCtrlDispatcherW(table) != FALSE) return kExitOk;
  const DWORD code = GetLastError();
  if (code == ERROR_FAILED_SERVICE_CONTROLLER_CONNECT) {
    err << "crmpulse-agent: `service run` is what the service manager calls; use `run` in a console, or "
           "`service start`\n";
    return kExitUsage;
  }
  err << fmt::format("crmpulse-agent: cannot run as a service: {}\n", crmpulse::windows::error_text(code));
  return kExitFailed;
}

}  // namespace crmpulse::agent::windows
