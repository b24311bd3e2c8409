#include "core/failure/failure.h"

#include <catch2/catch.hpp>

#include "core/secret.h"

using namespace crmpulse;

TEST_CASE("stage and reason names round-trip") {
  for (int i = 0; i <= static_cast<int>(Stage::cleanup); ++i)
    CHECK(stage_from(to_string(static_cast<Stage>(i))) == static_cast<Stage>(i));
  for (int i = 0; i <= static_cast<int>(Reason::internal); ++i)
    CHECK(reason_from(to_string(static_cast<Reason>(i))) == static_cast<Reason>(i));
  CHECK_FALSE(stage_from("nowhere"));
}

TEST_CASE("foreign text becomes one bounded line without credentials") {
  CHECK(one_line("  FATAL:\n\trole \"x\"  ") == "FATAL: role \"x\"");
  CHECK(one_line("at postgresql://bob:hunter2@db/crm failed") == "at postgresql://***@db/crm failed");
  CHECK(one_line("a\xff"
                 "b") == "a b");
  const std::string cut = one_line("数据库连接失败数据库连接失败", 20);
  CHECK(cut.size() <= 20);
  CHECK(cut.ends_with("…"));
}

TEST_CASE("secrets compare equal only when they are") {
  CHECK(equal_in_constant_time("abc", "abc"));
  CHECK_FALSE(equal_in_constant_time("abc", "abd"));
  CHECK_FALSE(equal_in_constant_time("abc", "abcd"));
  CHECK_FALSE(equal_in_constant_time("", "a"));
}
