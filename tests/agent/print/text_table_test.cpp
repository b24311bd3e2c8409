#include "agent/print/text_table.h"

#include <catch2/catch.hpp>

using namespace crmpulse::agent;

TEST_CASE("columns line up, also with Chinese text, and empty ones are left out") {
  TextTable table{{{"name"}, {"nothing"}, {"calls", TextTable::Align::right}}};
  table.add({"登录", "", "7"});
  table.add({"search", "", "1440"});
  CHECK(table.text("  ") == "  name    calls\n  ------  -----\n  登录        7\n  search   1440\n");
  CHECK(display_width("登录") == 4);
  CHECK(display_width("é") == 1);
}
