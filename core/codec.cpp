#include "core/codec.h"

#include <bit>

namespace crmpulse {

void Encoder::f64(double value) {
  u64(std::bit_cast<std::uint64_t>(value));
}

void Encoder::text(std::string_view value) {
  u32(static_cast<std::uint32_t>(value.size()));
  out_.append(value);
}

template <class T>
T Decoder::fixed() {
  if (!ok_ || rest_.size() < sizeof(T)) {
    ok_ = false;
    return 0;
  }
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    value = static_cast<T>(value | (static_cast<T>(static_cast<unsigned char>(rest_[i])) << (8 * i)));
  rest_.remove_prefix(sizeof(T));
  return value;
}

std::uint8_t Decoder::u8() {
  return fixed<std::uint8_t>();
}
std::uint32_t Decoder::u32() {
  return fixed<std::uint32_t>();
}
std::uint64_t Decoder::u64() {
  return fixed<std::uint64_t>();
}
double Decoder::f64() {
  return std::bit_cast<double>(u64());
}

std::string Decoder::text() {
  const std::uint32_t size = u32();
  if (!ok_ || rest_.size() < size) {
    ok_ = false;
    return {};
  }
  std::string value{rest_.substr(0, size)};
  rest_.remove_prefix(size);
  return value;
}

}  // namespace crmpulse
