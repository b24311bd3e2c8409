#include "core/text/utf8.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "core/failure/failure.h"

using namespace crmpulse;

namespace {

struct Case {
  std::string what;
  std::string text;
};

const std::vector<Case> kGood{
    {"the last of ASCII", "\x7f"},
    {"the first of two bytes", "\xc2\x80"},
    {"the last of two bytes", "\xdf\xbf"},
    {"the first of three bytes", "\xe0\xa0\x80"},
    {"before the surrogates", "\xed\x9f\xbf"},
    {"behind the surrogates", "\xee\x80\x80"},
    {"the last of three bytes", "\xef\xbf\xbf"},
    {"the first of four bytes", "\xf0\x90\x80\x80"},
    {"U+10FFFF", "\xf4\x8f\xbf\xbf"},
};

const std::vector<Case> kBad{
    {"a byte that continues nothing", "\x80"},
    {"another", "\xbf"},
    {"an overlong NUL", "\xc0\x80"},
    {"an overlong letter", "\xc1\xbf"},
    {"an overlong form of three bytes", "\xe0\x9f\xbf"},
    {"an overlong form of four bytes", "\xf0\x8f\xbf\xbf"},
    {"the first lone surrogate", "\xed\xa0\x80"},
    {"the last lone surrogate", "\xed\xbf\xbf"},
    {"a CESU-8 pair", "\xed\xa0\xbd\xed\xb8\x80"},
    {"one beyond U+10FFFF", "\xf4\x90\x80\x80"},
    {"a lead of more than that", "\xf5\x80\x80\x80"},
    {"no lead at all", "\xff"},
    {"two bytes cut", "\xc2"},
    {"three bytes cut", "\xe2\x82"},
    {"four bytes cut", "\xf0\x90\x80"},
    {"two bytes that do not go on", "\xc2\x41"},
    {"three bytes that do not go on", "\xe2\x28\xa1"},
};

}  // namespace

TEST_CASE("UTF-8 is valid exactly when well-formed, at every position of a word") {
  for (std::size_t before = 0; before < 20; ++before) {
    for (const std::size_t after : {0U, 1U, 7U, 8U, 17U}) {
      const auto around = [&](const std::string& text) {
        return std::string(before, 'x') + text + std::string(after, 'y');
      };
      for (const Case& good : kGood) {
        INFO(good.what);
        CHECK(utf8::is_valid(around(good.text)));
        CHECK(utf8::at(around(good.text), before).length == good.text.size());
      }
      for (const Case& bad : kBad) {
        INFO(bad.what);
        CHECK_FALSE(utf8::is_valid(around(bad.text)));
        CHECK(utf8::at(around(bad.text), before).length == 0);
      }
    }
  }
  CHECK(utf8::is_valid(""));
}

TEST_CASE("one line of any bytes is valid UTF-8, and the words around them stay") {
  for (const Case& bad : kBad) {
    INFO(bad.what);
    const std::string line = one_line("column " + bad.text + " unknown");
    CHECK(utf8::is_valid(line));
    CHECK_THAT(line, Catch::StartsWith("column ") && Catch::EndsWith(" unknown"));
    CHECK(utf8::is_valid(one_line("cut off: " + bad.text)));
  }
  CHECK(one_line("column \xed\xa0\x80 unknown") == "column unknown");
}

TEST_CASE("a character that is written is read again") {
  for (const char32_t code :
       {U'\0', U'a', U'\x7f', U'\x80', U'\x7ff', U'\x800', U'\xd7ff', U'\xe000', U'\xffff', U'\x10000', U'\x10ffff'}) {
    std::string text;
    utf8::append(text, code);
    const utf8::Character read = utf8::at(text, 0);
    CHECK(read.code == code);
    CHECK(read.length == text.size());
  }
}

TEST_CASE("a text is cut between characters") {
  const std::string text = "a状b";
  CHECK(utf8::whole(text, 0) == 0);
  CHECK(utf8::whole(text, 1) == 1);
  CHECK(utf8::whole(text, 2) == 1);
  CHECK(utf8::whole(text, 3) == 1);
  CHECK(utf8::whole(text, 4) == 4);
  CHECK(utf8::whole(text, 100) == text.size());
}
