#pragma once
// What libFuzzer calls, and corpus_main.cpp where there is no libFuzzer. A finding is a crash, a sanitizer's report, an
// exception that leaves the target, or a broken promise (require()).

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace crmpulse::fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// What must hold for every input.
inline void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace crmpulse::fuzz
