#include "core/text/line_diff.h"

#include <catch2/catch.hpp>

using namespace crmpulse;

TEST_CASE("a change is shown line by line, with what stands around it") {
  CHECK(line_diff("a\nb\n", "a\nb\n").empty());
  CHECK(line_diff("", "a\n") == "@@ 1 @@\n+a\n");
  CHECK(line_diff("a\n", "") == "@@ 1 @@\n-a\n");
  CHECK(line_diff("1\n2\n3\n4\n5\nold\n6\n7\n8\n9\n", "1\n2\n3\n4\n5\nnew\nmore\n6\n7\n8\n9\n") ==
        "@@ 3 @@\n 3\n 4\n 5\n-old\n+new\n+more\n 6\n 7\n 8\n");
  CHECK(line_diff("a\n1\n2\n3\n4\n5\n6\n7\nb\n", "x\n1\n2\n3\n4\n5\n6\n7\ny\n") ==
        "@@ 1 @@\n-a\n+x\n 1\n 2\n 3\n@@ 6 @@\n 5\n 6\n 7\n-b\n+y\n");
  CHECK(line_diff("a\r\nb\r\n", "a\r\nc") == "@@ 1 @@\n a\n-b\n+c\n");
}
