#include "store/history/section.h"

#include <zstd.h>

#include <memory>
#include <string_view>

namespace crmpulse::store {
namespace {

constexpr int kLevel = 3;                  // the next ones save a few hundredths of a byte a reading for twice the time
constexpr std::size_t kWorthPacking = 24;  // bytes; a frame of zstd has about ten of its own
constexpr std::uint64_t kMaxSection = 64 * 1024 * 1024;

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

}  // namespace

void put_section(std::string& out, const std::string& raw) {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context{ZSTD_createCCtx()};
  put_varint(out, raw.size());
  std::string packed;
  if (raw.size() >= kWorthPacking) {
    packed.resize(ZSTD_compressBound(raw.size()));
    const std::size_t size =
        ZSTD_compressCCtx(context.get(), packed.data(), packed.size(), raw.data(), raw.size(), kLevel);
    packed.resize(ZSTD_isError(size) != 0 ? 0 : size);
  }
  const bool pays = !packed.empty() && packed.size() < raw.size();
  const std::string& stored = pays ? packed : raw;
  put_varint(out, pays ? stored.size() : 0);
  out += stored;
}

std::optional<std::string> take_section(ByteReader& in) {
  const std::uint64_t size = in.varint();
  const std::uint64_t packed_size = in.varint();
  if (!in.good() || size > kMaxSection) return std::nullopt;
  const std::string_view bytes = in.bytes(packed_size == 0 ? size : packed_size);
  if (!in.good()) return std::nullopt;
  if (packed_size == 0) return std::string{bytes};
  // A block has twenty sections and a chart ninety blocks: to make a context takes longer than what it is for.
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context{ZSTD_createDCtx()};
  std::string raw(size, '\0');
  const std::size_t got = ZSTD_decompressDCtx(context.get(), raw.data(), raw.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(got) != 0 || got != size) return std::nullopt;
  return raw;
}

}  // namespace crmpulse::store
