#include "core/hash.h"

#include <catch2/catch.hpp>

using namespace crmpulse;

TEST_CASE("the hash of a text is what disks keep of it") {
  // The vectors of FNV's authors.
  CHECK(stable_hash("") == 0xcbf29ce484222325ULL);
  CHECK(stable_hash("a") == 0xaf63dc4c8601ec8cULL);
  CHECK(stable_hash("foobar") == 0x85944171f73967e8ULL);
  CHECK(stable_hash("bar", stable_hash("foo")) == stable_hash("foobar"));
  CHECK(stable_hash("\xff") == 0xaf64724c8602eb6eULL);
}
