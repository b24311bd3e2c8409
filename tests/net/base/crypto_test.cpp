#include "net/base/crypto.h"

#include <catch2/catch.hpp>

using namespace crmpulse;

TEST_CASE("base64 is strict") {
  CHECK(net::base64_decode("aGk=") == "hi");
  for (const char* bad : {"", "aGk", "aG k=", "aGk=\n", "aGl=", "====", "a"}) {
    INFO(bad);
    CHECK_FALSE(net::base64_decode(bad).has_value());
  }
}

TEST_CASE("base64 and its form for URLs differ in two signs and the padding") {
  const std::string bytes = "\xfb\xef\xff\xfe";
  CHECK(net::base64_encode("").empty());
  CHECK(net::base64_encode(bytes) == "++///g==");
  CHECK(net::base64url(bytes) == "--___g");
  CHECK(net::base64_decode(net::base64_encode(bytes)) == bytes);
}

TEST_CASE("digests are those of the standards") {
  CHECK(net::hex(net::sha256("abc")) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");  // FIPS 180-4
  // RFC 4231, case 2.
  CHECK(net::hex(net::hmac_sha256("Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}
