#include "core/text/printable.h"

#include <catch2/catch.hpp>
#include <sstream>

#include "core/failure/failure.h"

using namespace crmpulse;

namespace {

struct Hidden {
  const char* what;
  std::string text;
  const char* escaped;
};

const std::vector<Hidden> kHidden{
    {"escape", "\x1b", "\\u001b"},
    {"line end", "\n", "\\u000a"},
    {"carriage return", "\r", "\\u000d"},
    {"backspace", "\b", "\\u0008"},
    {"zero", std::string(1, '\0'), "\\u0000"},
    {"delete", "\x7f", "\\u007f"},
    {"C1: control sequence introducer", "\xc2\x9b", "\\u009b"},
    {"C1: next line", "\xc2\x85", "\\u0085"},
    {"soft hyphen", "\xc2\xad", "\\u00ad"},
    {"right-to-left override", "\xe2\x80\xae", "\\u202e"},
    {"left-to-right isolate", "\xe2\x81\xa6", "\\u2066"},
    {"Arabic letter mark", "\xd8\x9c", "\\u061c"},
    {"zero width space", "\xe2\x80\x8b", "\\u200b"},
    {"zero width joiner", "\xe2\x80\x8d", "\\u200d"},
    {"word joiner", "\xe2\x81\xa0", "\\u2060"},
    {"byte order mark", "\xef\xbb\xbf", "\\ufeff"},
    {"line separator", "\xe2\x80\xa8", "\\u2028"},
    {"Hangul filler", "\xe3\x85\xa4", "\\u3164"},
    {"tag letter", "\xf3\xa0\x81\x81", "\\udb40\\udc41"},
    {"a byte that is not UTF-8", "\xff", "\\ufffd"},
    {"an overlong slash", "\xc0\xaf", "\\ufffd\\ufffd"},
    {"half a character", "\xe6\x95", "\\ufffd\\ufffd"},
    {"a surrogate", "\xed\xa0\x80", "\\ufffd\\ufffd\\ufffd"},
};

}  // namespace

TEST_CASE("what cannot be seen or moves what can is escaped, and taken out of names") {
  for (const Hidden& hidden : kHidden) {
    INFO(hidden.what);
    const std::string text = "ac" + hidden.text + "me";
    CHECK_FALSE(is_printable(text));
    CHECK(printable(text) == std::string{"ac"} + hidden.escaped + "me");
    CHECK(printable_name(text) == "acme");
  }
}

TEST_CASE("text of any language is shown as it is") {
  for (const std::string text : {"acme", "客户关系管理", "Ärger – “größer”…", "😀", "a\\b \"c\"", "عربي", "ไทย", ""}) {
    CHECK(is_printable(text));
    CHECK(printable(text) == text);
    CHECK(printable_name(text) == text);
  }
}

TEST_CASE("of several lines their ends and tabs stay") {
  CHECK(printable_lines("a\tb\nc\x1b[31m\n") == "a\tb\nc\\u001b[31m\n");
}

TEST_CASE("a terminal's output is made fit whatever the pieces it is written in") {
  std::ostringstream terminal;
  {
    PrintableOutput out{terminal};
    out << "name: " << "a\xe2\x80" << "\xae" << 'b' << "\n\x1b]0;title\x07";
    out << 5 << std::flush << "客" << std::endl << "the rest";
  }
  CHECK(terminal.str() == "name: a\\u202eb\n\\u001b]0;title\\u00075客\nthe rest");
}

TEST_CASE("one line of foreign text has nothing in it that cannot be seen") {
  for (const Hidden& hidden : kHidden) {
    INFO(hidden.what);
    CHECK(is_printable(one_line("ac" + hidden.text + "me")));
  }
  CHECK(one_line("pay\xe2\x80\xaelap") == "pay\\u202elap");
}
