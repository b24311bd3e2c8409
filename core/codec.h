#pragma once
// Little-endian binary values one behind the other: the agent's spool rows, fingerprints, states of earlier versions.
// What is meant to last is stored as tagged fields: core/fields.h.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/failure/error.h"

namespace crmpulse {

class Encoder {
 public:
  void u8(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void u32(std::uint32_t value) { fixed(value); }
  void u64(std::uint64_t value) { fixed(value); }
  void i64(std::int64_t value) { fixed(static_cast<std::uint64_t>(value)); }
  void f64(double value);  ///< bit-exact, NaN payloads kept
  void text(std::string_view value);
  [[nodiscard]] const std::string& bytes() const { return out_; }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  template <class T>
  void fixed(T value) {
    for (unsigned shift = 0; shift < sizeof(T) * 8; shift += 8) out_.push_back(static_cast<char>(value >> shift));
  }
  std::string out_;
};

/// Reads what Encoder wrote. After a short or damaged input every further read gives zero or empty and ok() is
/// false: check ok() once, at the end.
class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : rest_(bytes) {}
  std::uint8_t u8();
  std::uint32_t u32();
  std::uint64_t u64();
  std::int64_t i64() { return static_cast<std::int64_t>(u64()); }
  double f64();
  std::string text();
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  template <class T>
  T fixed();
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace crmpulse
