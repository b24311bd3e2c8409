// Evidence lines: what is accepted can be written and read again.
#include "tests/fuzz/fuzz_target.h"
#include "wire/evidence.h"

using namespace crmpulse;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto taken = wire::decode_evidence(fuzz::text_of(data, size));
  if (!taken) return 0;
  const auto again = wire::decode_evidence(wire::encode_evidence(taken->lines));
  fuzz::require(again.has_value() && again->lines.size() == taken->lines.size() && again->unreadable == 0);
  return 0;
}
