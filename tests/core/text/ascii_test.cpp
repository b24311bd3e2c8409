#include "core/text/ascii.h"

#include <catch2/catch.hpp>

using namespace crmpulse;

TEST_CASE("only letters of ASCII have a case") {
  CHECK(ascii::lower("Content-TYPE @[`{ 42") == "content-type @[`{ 42");
  CHECK(ascii::upper("order by @[`{ 42") == "ORDER BY @[`{ 42");
  CHECK(ascii::lower("ÄÖ数据库\xc3") == "ÄÖ数据库\xc3");
  CHECK(ascii::upper("äö\xff") == "äö\xff");
  CHECK(ascii::same_without_case("Bearer", "bEARER"));
  CHECK_FALSE(ascii::same_without_case("bearer", "bearer "));
  CHECK_FALSE(ascii::same_without_case("@", "`"));
  CHECK_FALSE(ascii::same_without_case("Ä", "ä"));
}

TEST_CASE("letters, digits and hexadecimal digits are told from what lies beside them") {
  for (const char c : {'a', 'z', 'A', 'Z'}) CHECK(ascii::is_letter(c));
  for (const char c : {'@', '[', '`', '{', '0', '\xc3', '\0'}) CHECK_FALSE(ascii::is_letter(c));
  for (const char c : {'0', '9'}) CHECK(ascii::is_digit(c));
  for (const char c : {'/', ':', 'a', '\xb2'}) CHECK_FALSE(ascii::is_digit(c));
  CHECK(ascii::hex_value('0') == 0);
  CHECK(ascii::hex_value('9') == 9);
  CHECK(ascii::hex_value('a') == 10);
  CHECK(ascii::hex_value('F') == 15);
  for (const char c : {'g', 'G', '/', ':', '@', '`', ' ', '\xff'}) CHECK(ascii::hex_value(c) == -1);
}
