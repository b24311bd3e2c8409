#include "core/text/percent.h"

#include <catch2/catch.hpp>

using namespace crmpulse;

TEST_CASE("everything but letters, digits and what may stay is percent-encoded, byte by byte") {
  CHECK(percent_encoded("").empty());
  CHECK(percent_encoded("azAZ09-._~") == "azAZ09-._~");
  CHECK(percent_encoded("a b+c/d?e=f&g%") == "a%20b%2Bc%2Fd%3Fe%3Df%26g%25");
  CHECK(percent_encoded("数") == "%E6%95%B0");
  CHECK(percent_encoded(std::string_view{"\0\x7f\xff", 3}) == "%00%7F%FF");
  CHECK(percent_encoded("a~b/c", "/") == "a%7Eb/c");
}

TEST_CASE("what is percent-encoded is read back, and a broken escape is an error") {
  const std::string all{"\0 a+b%/?\xE6\x95\xB0\x7f", 12};
  CHECK(percent_decoded(percent_encoded(all)) == all);
  CHECK(percent_decoded("a+b%2b%2B") == "a+b++");
  CHECK(percent_decoded("a+b%2b", true) == "a b+");
  for (const char* broken : {"%", "a%2", "%zz", "%2x", "%%41"}) CHECK_FALSE(percent_decoded(broken));
}
