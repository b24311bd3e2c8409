#include "agent/print/line_diff.h"

#include <catch2/catch.hpp>

using crmpulse::agent::line_diff;

TEST_CASE("a change is shown with three lines around it") {
  CHECK(line_diff("1\n2\n3\n4\n5\n6\n7\n8\n", "1\n2\n3\n4\nnew\n5\n6\n7\n8\n", "f") ==
        "--- f\n+++ f\n@@ -2,6 +2,7 @@\n 2\n 3\n 4\n+new\n 5\n 6\n 7\n");
  CHECK(line_diff("a\nb\n", "a\nB\n", "f") == "--- f\n+++ f\n@@ -1,2 +1,2 @@\n a\n-b\n+B\n");
  CHECK(line_diff("", "a\n", "f") == "--- f\n+++ f\n@@ -0,0 +1,1 @@\n+a\n");
  CHECK(line_diff("a\r\n", "a\r\nb\r\n", "f") == "--- f\n+++ f\n@@ -1,1 +1,2 @@\n a\n+b\n");
  CHECK(line_diff("a\n", "a\n", "f").empty());
}
