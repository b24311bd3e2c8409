#include "core/windows/win32_error.h"

#include <windows.h>

#include <fmt/format.h>

#include <string_view>

#include "core/windows/wide.h"

namespace crmpulse::windows {

std::string error_text(std::uint32_t code) {
  wchar_t* found = nullptr;
  // The buffer is of the system's making: its first argument is then where the pointer goes.
  const DWORD length =
      FormatMessageW(FORMAT_MESSAGE_ALLOCATE_BUFFER | FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS,
                     nullptr, code, 0, reinterpret_cast<wchar_t*>(&found), 0, nullptr);
  std::string text = to_utf8(std::wstring_view{found, length});
  LocalFree(found);
  text.resize(text.find_last_not_of(" \t\r\n.") + 1);
  return text.empty() ? fmt::format("Windows' error {}", code) : fmt::format("{} (error {})", text, code);
}

std::string last_error_text() {
  return error_text(GetLastError());
}

}  // namespace crmpulse::windows
