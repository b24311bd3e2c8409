// Windows' own conversion follows IDNA 2003: it writes `ss` for a sharp s, which libidn2 keeps.
#include <windows.h>

#include <array>

#include "core/windows/wide.h"
#include "core/windows/win32_error.h"
#include "net/base/international_name.h"

namespace crmpulse::net {

Result<std::string> ascii_of_international(const std::string& utf8_host) {
  const std::wstring wide = windows::to_wide(utf8_host);
  std::array<wchar_t, 256> ascii{};
  const int converted =
      IdnToAscii(0, wide.data(), static_cast<int>(wide.size()), ascii.data(), static_cast<int>(ascii.size()));
  if (converted <= 0) return Error{windows::last_error_text()};
  return windows::to_utf8({ascii.data(), static_cast<std::size_t>(converted)});
}

}  // namespace crmpulse::net
