// Remote write 1.0 and 2.0. The first byte says which, and whether the rest is the body or what is to be compressed
// into one: so both snappy and protobuf are reached.
#include <snappy.h>

#include "fuzz_target.h"
#include "wire/remote_write.h"

using namespace crmpulse;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static wire::Decoder decoder;
  const auto version = (data[0] & 1U) != 0 ? wire::Version::v2 : wire::Version::v1;
  std::string body{fuzz::text_of(data + 1, size - 1)};
  if ((data[0] & 2U) != 0) {
    std::string compressed;
    snappy::Compress(body.data(), body.size(), &compressed);
    body = std::move(compressed);
  }
  std::size_t series = 0;
  const auto counts = decoder.decode(version, body, [&series](const wire::SeriesView& view) {
    ++series;
    fuzz::require(!view.key.empty() && !view.labels.empty() && !view.samples.empty());
    for (std::size_t i = 1; i < view.labels.size(); ++i) fuzz::require(view.labels[i - 1].name < view.labels[i].name);
  });
  if (counts) fuzz::require(series <= counts->series);
  if (!counts) fuzz::require(series == 0 && (counts.error().status == 400 || counts.error().status == 413));
  return 0;
}
