// Windows' own conversion follows IDNA 2003: it writes `ss` for a sharp s, which libidn2 keeps.
#include <windows.h>

#include <array>
#include <filesystem>
#include <system_error>

#include "net/base/international_name.h"

namespace crmpulse::net {

Result<std::string> ascii_of_international(const std::string& utf8_host) {
  std::array<wchar_t, 256> wide{};
  std::array<wchar_t, 256> ascii{};
  const int length = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, utf8_host.data(), static_cast<int>(utf8_host.size()),
                                         wide.data(), static_cast<int>(wide.size()));
  const int converted =
      length <= 0 ? 0 : IdnToAscii(0, wide.data(), length, ascii.data(), static_cast<int>(ascii.size()));
  if (converted <= 0) return Error{std::system_category().message(static_cast<int>(GetLastError()))};
  std::string out;
  for (int i = 0; i < converted; ++i) out += static_cast<char>(ascii.at(static_cast<std::size_t>(i)));
  return out;
}

}  // namespace crmpulse::net
