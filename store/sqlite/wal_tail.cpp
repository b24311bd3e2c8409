#include "store/sqlite/wal_tail.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <vector>

namespace crmpulse::store {
namespace {

constexpr std::size_t kHeader = 32;
constexpr std::size_t kFrameHeader = 24;
constexpr std::size_t kSalts = 8;  ///< offset in a frame's header; 16 in the log's
constexpr std::uint32_t kMagic = 0x377f0682;

std::uint32_t word(const char* bytes, bool big) {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < 4; ++i) {
    const unsigned shift = big ? 24 - 8 * i : 8 * i;
    value |= std::uint32_t{static_cast<unsigned char>(bytes[i])} << shift;
  }
  return value;
}

/// The running checksum of the log; `big` is the byte order of the machine that began it.
struct Checksum {
  bool big = false;
  std::uint32_t first = 0;
  std::uint32_t second = 0;

  void add(const char* bytes, std::size_t size) {
    for (std::size_t i = 0; i + 8 <= size; i += 8) {
      first += word(bytes + i, big) + second;
      second += word(bytes + i + 4, big) + first;
    }
  }
  [[nodiscard]] bool matches(const char* stored) const {
    return word(stored, true) == first && word(stored + 4, true) == second;
  }
};

}  // namespace

WalTail read_wal_tail(const std::string& wal_file) {
  WalTail tail;
  std::error_code error;
  const auto size = std::filesystem::file_size(wal_file, error);
  std::ifstream file{wal_file, std::ios::binary};
  if (error || size == 0 || !file) return tail;
  std::array<char, kHeader> header{};
  file.read(header.data(), kHeader);
  const std::uint32_t page = word(header.data() + 8, true);
  Checksum sum{(word(header.data(), true) & 1U) != 0};
  sum.add(header.data(), 24);
  const bool sound = file.gcount() == kHeader && (word(header.data(), true) & ~1U) == kMagic && page >= 512 &&
                     page <= 65536 && sum.matches(header.data() + 24);
  if (!sound) return {0, size};
  const std::string_view salts{header.data() + 16, kSalts};
  std::vector<char> frame(kFrameHeader + page);
  std::uint64_t sound_end = kHeader;
  std::uint64_t own_end = kHeader;
  bool intact = true;
  for (std::uint64_t at = kHeader; at < size; at += frame.size()) {
    file.read(frame.data(), static_cast<std::streamsize>(frame.size()));
    const auto got = static_cast<std::size_t>(file.gcount());
    // Other salts: left over from before the log was begun anew.
    const bool own = got >= kSalts + salts.size() && std::string_view{frame.data() + kSalts, kSalts} == salts;
    if (own) own_end = at + got;
    if (intact && own && got == frame.size()) {
      sum.add(frame.data(), 8);
      sum.add(frame.data() + kFrameHeader, page);
      intact = sum.matches(frame.data() + 16);
    } else {
      intact = false;
    }
    if (!intact) continue;
    ++tail.frames;
    sound_end = own_end;
  }
  tail.lost_bytes = own_end - sound_end;
  return tail;
}

}  // namespace crmpulse::store
