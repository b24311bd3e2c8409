#include <catch2/catch.hpp>

#include "tests/wire/bodies.h"

using namespace crmpulse;
using namespace crmpulse::test;
using wire::Limits;
using wire::Version;

namespace {

/// At the limit the series is taken, one below it is left out in both versions.
void check_series_limit(const oracle::WriteRequest& request, std::size_t Limits::* limit, std::size_t exactly) {
  const std::string v1 = body_of(request);
  const std::string v2 = body_of(as_v2(request));
  Limits limits;
  for (const std::size_t left_out : {0U, 1U}) {
    limits.*limit = exactly - left_out;
    for (const Outcome& outcome : {decode(Version::v1, v1, limits), decode(Version::v2, v2, limits)}) {
      REQUIRE(outcome.result.has_value());
      CHECK(outcome.series.size() == static_cast<std::size_t>(request.timeseries_size()) - left_out);
      CHECK(outcome.result->skipped.all_series() == left_out);
    }
  }
}

/// At the limit it is taken, one below it is 413 in both versions.
void check_limit(const oracle::WriteRequest& request, std::size_t Limits::* limit, std::size_t exactly) {
  const std::string v1 = body_of(request);
  const std::string v2 = body_of(as_v2(request));
  Limits limits;
  limits.*limit = exactly;
  CHECK(decode(Version::v1, v1, limits).result.has_value());
  CHECK(decode(Version::v2, v2, limits).result.has_value());
  limits.*limit = exactly - 1;
  for (const Outcome& outcome : {decode(Version::v1, v1, limits), decode(Version::v2, v2, limits)}) {
    REQUIRE_FALSE(outcome.result.has_value());
    CHECK(outcome.series.empty());
    CHECK(outcome.result.error().status == 413);
    CHECK(outcome.result.error().code == "limit");
  }
}

}  // namespace

TEST_CASE("every limit holds exactly, in both versions") {
  oracle::WriteRequest request;
  for (int i = 0; i < 5; ++i) add_series(request, "m");
  check_limit(request, &Limits::max_series, 5);
  check_limit(request, &Limits::max_samples, 5);
  for (int i = 0; i < 4; ++i) request.mutable_timeseries(2)->add_samples()->set_value(i);
  check_limit(request, &Limits::max_samples, 9);
  add_label(*request.mutable_timeseries(3), "name_of_20_bytes____", std::string(300, 'v'));
  add_label(*request.mutable_timeseries(3), "z", "1");
  check_series_limit(request, &Limits::max_labels_per_series, 3);
  check_series_limit(request, &Limits::max_label_name_bytes, 20);
  check_series_limit(request, &Limits::max_label_value_bytes, 300);
}

TEST_CASE("the decompressed size is bounded exactly") {
  oracle::WriteRequest request;
  add_series(request, "m");
  Limits limits;
  limits.max_decompressed_bytes = request.ByteSizeLong();
  CHECK(decode(Version::v1, body_of(request), limits).result.has_value());
  --limits.max_decompressed_bytes;
  const Outcome outcome = decode(Version::v1, body_of(request), limits);
  REQUIRE_FALSE(outcome.result.has_value());
  CHECK(outcome.result.error().status == 413);
}

TEST_CASE("symbols are bounded, and so is what series make of them") {
  oracle::WriteRequest request;
  add_label(*add_series(request, "m"), "z", std::string(1000, 'v'));
  for (int i = 0; i < 9; ++i) *request.add_timeseries() = request.timeseries(0);
  const oracle::Request small = as_v2(request);
  Limits limits;
  limits.max_symbols = static_cast<std::size_t>(small.symbols_size());
  CHECK(decode(Version::v2, body_of(small), limits).result.has_value());
  --limits.max_symbols;
  CHECK(decode(Version::v2, body_of(small), limits).result.error().status == 413);

  // 10 kB of labels from a message of 1.3 kB
  limits = {};
  limits.max_decompressed_bytes = 5000;
  REQUIRE(small.ByteSizeLong() < 5000);
  const Outcome outcome = decode(Version::v2, body_of(small), limits);
  REQUIRE_FALSE(outcome.result.has_value());
  CHECK(outcome.result.error().status == 413);
}

TEST_CASE("millions of empty labels leave their series out, of samples or series they are refused at the limit",
          "[slow]") {
  const auto repeated = [](std::string_view piece, std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += piece;
    return out;
  };
  const auto series = [](const std::string& content) {
    std::string size;
    for (std::size_t left = content.size();; left >>= 7) {
      size += static_cast<char>(left >= 128 ? (left & 0x7f) | 0x80 : left);
      if (left < 128) break;
    }
    return compress("\x0a" + size + content);
  };
  const std::string_view empty_label{"\x0a\x00", 2};
  const std::string_view empty_sample{"\x12\x00", 2};
  const std::string_view label{"\x0a\x06\x0a\x01L\x12\x01v", 8};
  for (const std::string_view piece : {empty_label, label}) {
    const Outcome outcome = decode(Version::v1, series(repeated(piece, 1'000'000)));
    REQUIRE(outcome.result.has_value());
    CHECK(outcome.series.empty());
  }
  CHECK(decode(Version::v1, series(repeated(empty_sample, 1'000'000))).result.error().status == 413);
  CHECK(decode(Version::v1, compress(repeated(empty_label, 1'000'000))).result.error().status == 413);
  CHECK(decode(Version::v2, compress(repeated(std::string_view{"\x22\x00", 2}, 1'000'000))).result.error().status ==
        413);
}
