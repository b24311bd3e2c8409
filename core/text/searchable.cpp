#include "core/text/searchable.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "core/text/ascii.h"
#include "core/text/charset.h"
#include "core/text/utf8.h"

namespace crmpulse {
namespace {

constexpr std::size_t kLookedAt = 4096;  ///< of a page, for the charset it names
constexpr char kEscape = '\x1B';

struct Charset {
  std::string_view name;  ///< as answers write it, in lower case
  const char* converter;  ///< as iconv does; nullptr: UTF-8
};

/// Only these: iconv knows hundreds, some of them hazardous, and an answer is foreign. As browsers do, the name of a
/// subset means the larger charset that is used under it.
constexpr std::array kCharsets{
    Charset{"utf-8", nullptr},
    Charset{"utf8", nullptr},
    Charset{"utf8mb4", nullptr},
    Charset{"unicode-1-1-utf-8", nullptr},
    Charset{"us-ascii", nullptr},
    Charset{"ascii", nullptr},
    Charset{"gbk", "GB18030"},
    Charset{"gb2312", "GB18030"},
    Charset{"gb_2312-80", "GB18030"},
    Charset{"gb18030", "GB18030"},
    Charset{"x-gbk", "GB18030"},
    Charset{"cp936", "GB18030"},
    Charset{"windows-936", "GB18030"},
    Charset{"euc-cn", "GB18030"},
    Charset{"big5", "BIG5-HKSCS"},
    Charset{"big5-hkscs", "BIG5-HKSCS"},
    Charset{"cp950", "CP950"},
    Charset{"euc-tw", "EUC-TW"},
    Charset{"shift_jis", "CP932"},
    Charset{"shift-jis", "CP932"},
    Charset{"sjis", "CP932"},
    Charset{"x-sjis", "CP932"},
    Charset{"ms_kanji", "CP932"},
    Charset{"windows-31j", "CP932"},
    Charset{"cp932", "CP932"},
    Charset{"euc-jp", "EUC-JP-MS"},
    Charset{"x-euc-jp", "EUC-JP-MS"},
    Charset{"iso-2022-jp", "ISO-2022-JP"},
    Charset{"euc-kr", "CP949"},
    Charset{"ks_c_5601-1987", "CP949"},
    Charset{"cp949", "CP949"},
    Charset{"windows-949", "CP949"},
    Charset{"iso-8859-1", "ISO-8859-1"},
    Charset{"iso8859-1", "ISO-8859-1"},
    Charset{"latin1", "ISO-8859-1"},
    Charset{"latin-1", "ISO-8859-1"},
    Charset{"iso-8859-2", "ISO-8859-2"},
    Charset{"latin2", "ISO-8859-2"},
    Charset{"iso-8859-3", "ISO-8859-3"},
    Charset{"iso-8859-4", "ISO-8859-4"},
    Charset{"iso-8859-5", "ISO-8859-5"},
    Charset{"iso-8859-6", "ISO-8859-6"},
    Charset{"iso-8859-7", "ISO-8859-7"},
    Charset{"iso-8859-8", "ISO-8859-8"},
    Charset{"iso-8859-9", "ISO-8859-9"},
    Charset{"iso-8859-10", "ISO-8859-10"},
    Charset{"iso-8859-13", "ISO-8859-13"},
    Charset{"iso-8859-14", "ISO-8859-14"},
    Charset{"iso-8859-15", "ISO-8859-15"},
    Charset{"iso-8859-16", "ISO-8859-16"},
    Charset{"windows-1250", "CP1250"},
    Charset{"windows-1251", "CP1251"},
    Charset{"windows-1252", "CP1252"},
    Charset{"windows-1253", "CP1253"},
    Charset{"windows-1254", "CP1254"},
    Charset{"windows-1255", "CP1255"},
    Charset{"windows-1256", "CP1256"},
    Charset{"windows-1257", "CP1257"},
    Charset{"windows-1258", "CP1258"},
    Charset{"cp1250", "CP1250"},
    Charset{"cp1251", "CP1251"},
    Charset{"cp1252", "CP1252"},
    Charset{"koi8-r", "KOI8-R"},
    Charset{"koi8-u", "KOI8-U"},
    Charset{"tis-620", "TIS-620"},
    Charset{"windows-874", "CP874"},
    Charset{"macintosh", "MACINTOSH"},
    Charset{"ibm850", "CP850"},
    Charset{"cp850", "CP850"},
    Charset{"ibm866", "CP866"},
    Charset{"cp866", "CP866"},
    Charset{"ibm037", "IBM037"},
    Charset{"cp037", "IBM037"},
    Charset{"ibm500", "IBM500"},
    Charset{"cp500", "IBM500"},
    Charset{"ibm1047", "IBM1047"},
};

/// Returns what is said behind `charset` or `encoding` and an equals sign, empty if nothing is.
std::string_view value_behind(std::string_view text, std::string_view key) {
  constexpr std::string_view kBlanks = " \t\r\n\f";
  for (std::size_t at = text.find(key); at != std::string_view::npos; at = text.find(key, at + 1)) {
    std::string_view rest = text.substr(at + key.size());
    rest.remove_prefix(std::min(rest.find_first_not_of(kBlanks), rest.size()));
    if (!rest.starts_with('=')) continue;
    rest.remove_prefix(1);
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n\f\"'"), rest.size()));
    return rest.substr(0, rest.find_first_of(" \t\r\n\f\"';,/>?"));
  }
  return {};
}

/// In lower case, empty if none is named. Only of a page: JSON may have a page's source in a text.
std::string named_in_text(std::string_view bytes) {
  const std::string start = ascii::lower(bytes.substr(0, kLookedAt));
  std::string_view text = start;
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n\xEF\xBB\xBF"), text.size()));
  if (!text.starts_with('<')) return {};
  if (text.starts_with("<?xml")) {
    if (const auto name = value_behind(text.substr(0, text.find("?>")), "encoding"); !name.empty())
      return std::string{name};
  }
  for (std::size_t at = text.find("<meta"); at != std::string_view::npos; at = text.find("<meta", at + 1)) {
    const std::string_view tag = text.substr(at, text.find('>', at) - at);
    if (const auto name = value_behind(tag, "charset"); !name.empty()) return std::string{name};
  }
  return {};
}

}  // namespace

std::optional<SearchableText> SearchableText::of(std::string_view bytes, std::string_view content_type) {
  const bool valid = utf8::is_valid(bytes);
  SearchableText text;
  if (valid) text.as_it_came_ = bytes;
  std::string name{value_behind(ascii::lower(content_type), "charset")};
  if (name.empty()) name = named_in_text(bytes);
  if (name.empty()) {
    const bool switches = bytes.find(kEscape) != std::string_view::npos;
    return valid && !switches ? std::optional{std::move(text)} : std::nullopt;
  }
  const auto known =
      std::find_if(kCharsets.begin(), kCharsets.end(), [&](const Charset& charset) { return charset.name == name; });
  if (known == kCharsets.end()) return std::nullopt;
  if (known->converter == nullptr) return valid ? std::optional{std::move(text)} : std::nullopt;
  auto converted = utf8_from(bytes, known->converter);
  // UTF-8 under the name of another charset, which many a server's default is, stands as it came.
  if (!converted && (!valid || bytes.find(kEscape) != std::string_view::npos)) return std::nullopt;
  if (converted) text.converted_ = std::move(*converted);
  return text;
}

bool SearchableText::has(std::string_view words) const {
  return as_it_came_.find(words) != std::string_view::npos || converted_.find(words) != std::string_view::npos;
}

}  // namespace crmpulse
