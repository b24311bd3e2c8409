#include <windows.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "core/text/charset.h"

namespace crmpulse {
namespace {

struct CodePage {
  std::string_view name;
  UINT number;
  DWORD flags = MB_ERR_INVALID_CHARS;
  UINT smaller = 0;  ///< a charset that this one holds, for a system that does not have it; 0: none
};

/// Those whose number is not their name. Windows says nothing of wrong bytes in charsets with states.
constexpr std::array kCodePages{
    CodePage{"GB18030", 54936, MB_ERR_INVALID_CHARS, 936},
    CodePage{"BIG5-HKSCS", 950},
    CodePage{"EUC-JP-MS", 20932},
    CodePage{"KOI8-R", 20866},
    CodePage{"KOI8-U", 21866},
    CodePage{"TIS-620", 874},
    CodePage{"MACINTOSH", 10000},
    CodePage{"ISO-2022-JP", 50220, 0},
    CodePage{"EUC-TW", 51950, 0},
    CodePage{"IBM1047", 20924},
};

UINT number_behind(std::string_view name, std::string_view prefix) {
  UINT number = 0;
  if (name.starts_with(prefix)) std::from_chars(name.data() + prefix.size(), name.data() + name.size(), number);
  return number;
}

CodePage code_page_of(std::string_view name) {
  const auto known =
      std::find_if(kCodePages.begin(), kCodePages.end(), [&](const CodePage& page) { return page.name == name; });
  if (known != kCodePages.end()) return *known;
  if (const UINT part = number_behind(name, "ISO-8859-"); part > 0) return {name, 28590 + part};
  if (const UINT number = number_behind(name, "CP"); number > 0) return {name, number};
  return {name, number_behind(name, "IBM")};
}

}  // namespace

std::optional<std::string> utf8_from(std::string_view bytes, const char* charset) {
  CodePage page = code_page_of(charset);
  if (page.smaller != 0 && IsValidCodePage(page.number) == 0) page.number = page.smaller;
  if (page.number == 0 || IsValidCodePage(page.number) == 0) return std::nullopt;
  if (bytes.empty()) return std::string{};
  const auto size = static_cast<int>(bytes.size());
  std::wstring wide(bytes.size(), L'\0');  // no charset has more UTF-16 units than bytes
  const int length = MultiByteToWideChar(page.number, page.flags, bytes.data(), size, wide.data(), size);
  if (length <= 0) return std::nullopt;
  const int needed = WideCharToMultiByte(CP_UTF8, 0, wide.data(), length, nullptr, 0, nullptr, nullptr);
  std::string out(static_cast<std::size_t>(std::max(needed, 0)), '\0');
  if (WideCharToMultiByte(CP_UTF8, 0, wide.data(), length, out.data(), needed, nullptr, nullptr) <= 0)
    return std::nullopt;
  return out;
}

}  // namespace crmpulse
