// Words are found in whatever charset a text names, and a text that cannot be read is not searched.
#include <catch2/catch.hpp>
#include <string>
#include <tuple>
#include <vector>

#include "core/text/charset.h"
#include "core/text/searchable.h"

using crmpulse::SearchableText;

namespace {

const std::string kGbk = "\xcf\xb5\xcd\xb3\xce\xac\xbb\xa4\xd6\xd0";               // 系统维护中
const std::string kShiftJis = "\x83\x81\x83\x93\x83\x65\x83\x69\x83\x93\x83\x58";  // メンテナンス
const std::string kIso2022Jp = "\x1b$B%a%s%F%J%s%9\x1b(B";                         // the same
const std::string kLatin1 = "Dienst gest\xf6rt";                                   // gestört
const std::string kEbcdic = "\x94\x81\x89\x95\xa3\x85\x95\x81\x95\x83\x85";        // maintenance

}  // namespace

TEST_CASE("words are found in every charset that a text names") {
  const std::vector<std::tuple<std::string, std::string, std::string>> cases{
      {"text/html; charset=gbk", kGbk, "维护"},
      {"text/html;charset=\"GB2312\"", kGbk, "维护"},
      {"text/html", "<html><meta charset=gb2312>" + kGbk, "维护"},
      {"text/html", "<META http-equiv=Content-Type content='text/html; charset=GBK'>" + kGbk, "维护"},
      {"text/xml", "<?xml version=\"1.0\" encoding=\"gb18030\"?>" + kGbk, "维护"},
      {"text/html; charset=Shift_JIS", kShiftJis, "メンテ"},
      {"text/html; charset=iso-2022-jp", kIso2022Jp, "メンテ"},
      {"text/html; charset=iso-8859-1", kLatin1, "gestört"},
      {"text/html; charset=windows-1252", kLatin1, "gestört"},
      {"text/html; charset=ibm037", kEbcdic, "maintenance"},
      {"text/html; charset=utf-8", "Dienst gestört", "gestört"},
      {"text/html; charset=iso-8859-1", "Dienst gestört", "gestört"},  // a server's default, and not so
      {"", "Dienst gestört", "gestört"},
      {"application/json", R"({"page":"<meta charset=\"x-unheard-of\">", "says": "gestört"})", "gestört"},
      {"text/html; charset=utf-8", "\x1b[1mmaintenance", "maintenance"},
  };
  for (const auto& [type, bytes, words] : cases) {
#ifdef _WIN32
    if (bytes == kIso2022Jp && !crmpulse::utf8_from("", "ISO-2022-JP")) continue;  // Wine 8 does not have it
#endif
    INFO(type << " " << bytes);
    const auto text = SearchableText::of(bytes, type);
    REQUIRE(text);
    CHECK(text->has(words));
    CHECK_FALSE(text->has("всё хорошо"));
  }
}

TEST_CASE("a text that is neither UTF-8 nor in a charset that it names is not searched") {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"text/html", kGbk},
      {"", kShiftJis},
      {"text/html", kLatin1},
      {"text/html", kEbcdic},
      {"text/html", kIso2022Jp},                       // seven bits, and valid UTF-8
      {"text/html; charset=utf-8", kGbk},              // not what it says
      {"text/html; charset=us-ascii", kLatin1},        // neither
      {"text/html; charset=x-unheard-of", "fine"},     // anything may be meant
      {"text/html; charset=utf-7", "+AG0AYQBp-n"},     // ASCII that hides words
      {"text/html; charset=gbk//IGNORE", "\xff\xff"},  // no way into the converter's options
      {"text/html; charset=shift_jis", "\x83"},        // cut off within a character
  };
  for (const auto& [type, bytes] : cases) {
    INFO(type);
    CHECK_FALSE(SearchableText::of(bytes, type));
  }
}

TEST_CASE("texts of any length are converted whole") {
  std::string page;
  for (int i = 0; i < 3000; ++i) page += kGbk;
  const auto text = SearchableText::of(page + "\xbc\xe0\xbf\xd8", "text/plain; charset=gbk");
  REQUIRE(text);
  CHECK(text->has("监控"));
  CHECK(text->has("系统维护中系统"));
  CHECK(SearchableText::of("", "text/plain; charset=gbk"));
}
