#include "net/server/gzip.h"

#include <zlib.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace crmpulse;

namespace {

/// By zlib's reader of gzip alone: one member, its checksum right, nothing behind it.
std::string unpacked(std::string packed) {
  z_stream stream{};
  REQUIRE(inflateInit2(&stream, 15 + 16) == Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string out;
  int result = Z_OK;
  while (result == Z_OK) {
    const std::size_t before = out.size();
    out.resize(before + 65'536);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream.avail_out = 65'536;
    result = inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
  }
  CHECK(result == Z_STREAM_END);
  CHECK(stream.avail_in == 0);
  inflateEnd(&stream);
  return out;
}

/// Bytes that no compressor makes smaller.
std::string noise(std::size_t size) {
  std::string out(size, '\0');
  std::uint32_t state = 1;
  for (char& c : out) {
    state = state * 1'664'525 + 1'013'904'223;
    c = static_cast<char>(state >> 24);
  }
  return out;
}

}  // namespace

TEST_CASE("what was packed is unpacked to the same bytes, of any size") {
  for (const std::size_t size : {0U, 1U, 255U, 256U, 70'000U, 1U << 20, (1U << 20) + 1, 5'000'000U}) {
    INFO(size);
    const std::string text(size, 'a');
    CHECK(unpacked(net::gzip(text)) == text);
    const std::string random = noise(size);
    CHECK(unpacked(net::gzip(random)) == random);
  }
}

TEST_CASE("a page of metrics becomes much smaller") {
  std::string page;
  for (int i = 0; i < 10'000; ++i) page += "crm_up{crm=\"customer-" + std::to_string(i) + "\",kind=\"tryton\"} 1\n";
  const std::string packed = net::gzip(page);
  CHECK(packed.size() < page.size() / 5);
  CHECK(unpacked(packed) == page);
}

TEST_CASE("pieces of a gzip stream are read as they arrive, wherever a client began") {
  const std::vector<std::string> texts{"first piece first piece", std::string(200'000, 'b'), "", noise(70'000), "last"};
  for (std::size_t begin = 0; begin < texts.size(); ++begin) {
    INFO(begin);
    z_stream stream{};
    REQUIRE(inflateInit2(&stream, 15 + 16) == Z_OK);
    std::string packed = net::gzip_stream_head();
    for (std::size_t i = begin; i < texts.size(); ++i) {
      packed += net::gzip_stream_piece(texts[i]);
      std::string out(texts[i].size() + 1, '\0');
      stream.next_in = reinterpret_cast<Bytef*>(packed.data());
      stream.avail_in = static_cast<uInt>(packed.size());
      stream.next_out = reinterpret_cast<Bytef*>(out.data());
      stream.avail_out = static_cast<uInt>(out.size());
      const int result = inflate(&stream, Z_SYNC_FLUSH);
      CHECK((result == Z_OK || result == Z_BUF_ERROR));
      CHECK(stream.avail_in == 0);
      out.resize(out.size() - stream.avail_out);
      CHECK(out == texts[i]);
      packed.clear();
    }
    inflateEnd(&stream);
  }
}
