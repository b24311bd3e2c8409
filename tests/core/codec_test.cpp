#include "core/codec.h"

#include <catch2/catch.hpp>

namespace crmpulse {

TEST_CASE("a section that a reader does not know is skipped whole") {
  Encoder encoder;
  encoder.text("body");
  encoder.section(7, "of a later version");
  encoder.section(8, "known");

  Decoder decoder{encoder.bytes()};
  CHECK(decoder.text() == "body");
  CHECK(decoder.section().tag == 7);
  const Section known = decoder.section();
  CHECK(known.tag == 8);
  CHECK(known.bytes == "known");
  CHECK(decoder.at_end());
  CHECK(decoder.ok());
}

TEST_CASE("a section that is cut short is damage, not an empty one") {
  Encoder encoder;
  encoder.section(7, "bytes");
  Decoder decoder{std::string_view{encoder.bytes()}.substr(0, encoder.bytes().size() - 1)};
  decoder.section();
  CHECK_FALSE(decoder.ok());
}

}  // namespace crmpulse
