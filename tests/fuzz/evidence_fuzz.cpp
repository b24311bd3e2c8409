// Evidence lines: what is accepted can be written and read again.
#include "tests/fuzz/fuzz_target.h"
#include "wire/evidence.h"

using namespace crmpulse;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto lines = wire::decode_evidence(fuzz::text_of(data, size));
  if (!lines) return 0;
  const auto again = wire::decode_evidence(wire::encode_evidence(*lines));
  fuzz::require(again.has_value() && again->size() == lines->size());
  return 0;
}
