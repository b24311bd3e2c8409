#include "agent/windows/event_log.h"

#include <fmt/format.h>

#include "agent/windows/messages.h"
#include "agent/windows/service_name.h"
#include "core/windows/wide.h"
#include "core/windows/win32_error.h"

namespace crmpulse::agent::windows {
namespace {

using crmpulse::windows::error_text;
using crmpulse::windows::to_wide;

constexpr std::size_t kLongest = 31'000;  ///< UTF-16 units of one text: ReportEvent's own limit is 31,839

std::wstring key_name() {
  return std::wstring{L"SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\"} + kServiceName;
}

class Key {
 public:
  explicit Key(HKEY key) : key_(key) {}
  ~Key() { RegCloseKey(key_); }
  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;
  /// Returns Windows' error code.
  [[nodiscard]] LSTATUS set(const wchar_t* name, DWORD type, const void* value, std::size_t bytes) const {
    return RegSetValueExW(key_, name, 0, type, static_cast<const BYTE*>(value), static_cast<DWORD>(bytes));
  }

 private:
  HKEY key_;
};

Error failed(LSTATUS code) {
  return Error{fmt::format("cannot write the event log's registry key: {}", error_text(static_cast<DWORD>(code)))};
}

}  // namespace

EventLog::EventLog() : handle_(RegisterEventSourceW(nullptr, kServiceName)) {}

EventLog::~EventLog() {
  if (handle_ != nullptr) DeregisterEventSource(handle_);
}

void EventLog::write(log::Level level, std::string_view text) const {
  if (handle_ == nullptr) return;
  std::wstring message = to_wide(text);
  if (message.size() > kLongest) message.resize(kLongest);
  const wchar_t* strings[] = {message.c_str()};
  WORD type = EVENTLOG_INFORMATION_TYPE;
  DWORD id = EVENT_INFORMATION;
  if (level == log::Level::warning) {
    type = EVENTLOG_WARNING_TYPE;
    id = EVENT_WARNING;
  } else if (level == log::Level::error) {
    type = EVENTLOG_ERROR_TYPE;
    id = EVENT_ERROR;
  }
  ReportEventW(handle_, type, 0, id, nullptr, 1, 0, strings, nullptr);
}

Result<void> register_event_source(const std::string& program) {
  HKEY opened = nullptr;
  const LSTATUS code = RegCreateKeyExW(HKEY_LOCAL_MACHINE, key_name().c_str(), 0, nullptr, REG_OPTION_NON_VOLATILE,
                                       KEY_SET_VALUE, nullptr, &opened, nullptr);
  if (code != ERROR_SUCCESS) return failed(code);
  const Key key{opened};
  const std::wstring file = to_wide(program);
  if (const LSTATUS set =
          key.set(L"EventMessageFile", REG_EXPAND_SZ, file.c_str(), (file.size() + 1) * sizeof(wchar_t));
      set != ERROR_SUCCESS)
    return failed(set);
  const DWORD types = EVENTLOG_ERROR_TYPE | EVENTLOG_WARNING_TYPE | EVENTLOG_INFORMATION_TYPE;
  if (const LSTATUS set = key.set(L"TypesSupported", REG_DWORD, &types, sizeof types); set != ERROR_SUCCESS)
    return failed(set);
  return {};
}

Result<void> remove_event_source() {
  const LSTATUS code = RegDeleteKeyW(HKEY_LOCAL_MACHINE, key_name().c_str());
  if (code != ERROR_SUCCESS && code != ERROR_FILE_NOT_FOUND) return failed(code);
  return {};
}

}  // namespace crmpulse::agent::windows
