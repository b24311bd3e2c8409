#include "core/text/width.h"

#include <catch2/catch.hpp>

using namespace crmpulse;

TEST_CASE("Chinese characters take two columns, symbols one, marks above letters none") {
  CHECK(display_width("poor") == 4);
  CHECK(display_width("亚健康") == 6);
  CHECK(display_width("▲ 亚健康") == 8);
  CHECK(display_width("（限值 3）") == 10);
  CHECK(display_width("“x”…×") == 5);
  CHECK(display_width("e\xCC\x81") == 1);
  CHECK(display_width("") == 0);
  CHECK(fit("不良", 6) == "不良  ");
  CHECK(fit("亚健康", 5) == "亚健 ");
}

TEST_CASE("what is cut says so, in exactly as many columns") {
  CHECK(shortened("response time", 13) == "response time");
  CHECK(shortened("response time", 8) == "respons…");
  CHECK(shortened("响应时间", 6) == "响应… ");
  CHECK(shortened("ab", 5) == "ab   ");
}

TEST_CASE("long lines are wrapped at blanks, Chinese where it must be, and nothing is lost") {
  CHECK(wrap("  one two three four", 12) == std::vector<std::string>{"  one two", "    three", "    four"});
  CHECK(wrap("  one two", 9) == std::vector<std::string>{"  one two"});
  CHECK(wrap("short", 12) == std::vector<std::string>{"short"});
  CHECK(wrap("数据太久没有更新", 9) == std::vector<std::string>{"数据太久", "  没有更", "  新"});
}
