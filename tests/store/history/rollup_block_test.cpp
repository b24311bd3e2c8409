// Rollups as blocks, and the sketches of durations.

#include "store/history/rollup_block.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "store/history/history_block.h"

using namespace crmpulse;
using namespace crmpulse::store;

namespace {

TimePoint hour(int number) {
  return from_unix_millis(1'795'000'000'000 / 3'600'000 * 3'600'000 + std::int64_t{number} * 3'600'000);
}

bool all(std::string_view) {
  return true;
}

std::vector<RollupSeries> two_series(double scale) {
  std::mt19937 random{1};
  std::vector<RollupSeries> series{{"m\xffoperation\xffread", {}}, {"n", {}}, {"n\xffobject\xfflead", {}}};
  for (RollupSeries& one : series) {
    for (int i = 0; i < 50; ++i) {
      Rollup& point = one.points.emplace_back();
      point.at = hour(i);
      for (int n = 0; n <= i % 9; ++n)
        point.add((static_cast<double>(random() % 100'000) - (one.name == "n" ? 50'000 : 0)) / scale,
                  one.name.starts_with("m"));
    }
  }
  return series;
}

void check_same(const std::vector<RollupSeries>& in, const std::vector<RollupSeries>& out) {
  REQUIRE(in.size() == out.size());
  for (std::size_t i = 0; i < in.size(); ++i) {
    CHECK(in[i].name == out[i].name);
    REQUIRE(in[i].points.size() == out[i].points.size());
    for (std::size_t p = 0; p < in[i].points.size(); ++p) {
      const Rollup& one = in[i].points[p];
      const Rollup& other = out[i].points[p];
      REQUIRE(one.at == other.at);
      REQUIRE(one.count == other.count);
      REQUIRE(one.sum == Approx(other.sum).epsilon(1e-12));
      REQUIRE(one.min == other.min);
      REQUIRE(one.max == other.max);
      REQUIRE(one.last == other.last);
      REQUIRE(one.sketch == other.sketch);
    }
  }
}

}  // namespace

TEST_CASE("rollups come back from a block as they were") {
  for (const double scale : {1.0, 1000.0, 1e6, 3.0, 1e-12}) {
    const auto series = two_series(scale);
    check_same(series, decode_rollups(encode_rollups(series), all).value());
  }
  CHECK(decode_rollups(encode_rollups({}), all).value().empty());
}

namespace {

/// What the first format wrote: three series of four minutes with one to four readings each.
constexpr std::string_view kFirstFormat =
    "01031c0000106dff6f7065726174696f6eff7265616400016e00057468697264636028b52ffd2063bd02009404040002a89b"
    "ecaf0d780302020202fa01fa010200000200f4030a00f403180400e109e1090200c4130200000897750004000f0202021cb8"
    "9c8ec7e3f1b8bc7faad5c57f1dd5aad57f0004002b327217df620e7acd27180001690102450124010331011a011201042101"
    "14010e010c01000000000000000000000000000000001500f4f44c6aa600397e7600397e760000ab4500f026fc150001011d"
    "180e008ed25d008ed25d0000aa4400ee70a40f00e327d700e327d70000aa4400ee024f0f00387d7500387d750000aa4400ee"
    "27fa0f008ed25d008ed25d0000aa4400ee70a40f00e327d700e327d70000aa4400ee024f0f00180d0500180d0500100a0400"
    "0e07020000";

std::string bytes_of(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out += static_cast<char>(std::stoi(std::string{hex.substr(i, 2)}, nullptr, 16));
  return out;
}

}  // namespace

TEST_CASE("a block of the first format is read as it was written") {
  std::vector<RollupSeries> series{{"m\xffoperation\xffread", {}}, {"n", {}}, {"third", {}}};
  for (int i = 0; i < 4; ++i) {
    for (RollupSeries& one : series) {
      Rollup& point = one.points.emplace_back();
      point.at = from_unix_millis(1'795'000'020'000 + std::int64_t{i} * 60'000);
      for (int n = 0; n <= i; ++n) {
        const double value = 0.125 * (i + 1) + 0.25 * ((n * 3 + i) % 4);
        point.add(one.name == "third" ? 1.0 / (3 + i + n)
                  : one.name == "n"   ? -5 * value
                                      : value,
                  one.name.starts_with("m"));
      }
    }
  }
  const std::string bytes = bytes_of(kFirstFormat);
  REQUIRE(bytes.size() == 305);
  check_same(series, decode_rollups(bytes, all).value());
  check_same({series[2]}, decode_rollups(bytes, [](std::string_view name) { return name == "third"; }).value());
  CHECK(encode_rollups(series).size() < bytes.size());
}

TEST_CASE("minutes of one or two readings cost hardly more bytes than the readings") {
  std::mt19937 random{4};
  std::lognormal_distribution<double> seconds{-1.5, 0.8};
  const int readings = GENERATE(1, 2);
  RollupSeries minutes{"m\xffoperation\xffread", {}};
  HistorySeries known{minutes.name, {}};
  for (int minute = 0; minute < 1440; ++minute) {
    Rollup& point = minutes.points.emplace_back();
    point.at = hour(0) + std::chrono::minutes{minute};
    for (int i = 0; i < readings; ++i) {
      const double value = std::round(seconds(random) * 1000) / 1000;
      point.add(value, true);
      known.readings.push_back({unix_millis(point.at) + i * 30'000, value});
    }
  }
  const std::string bytes = encode_rollups({&minutes, 1});
  INFO(bytes.size() << " bytes beside " << encode_block({&known, 1}).size());
  CHECK(static_cast<double>(bytes.size()) <= 1.5 * static_cast<double>(encode_block({&known, 1}).size()));
  check_same({minutes}, decode_rollups(bytes, all).value());
}

TEST_CASE("a sketch that its values do not tell comes back as it was") {
  RollupSeries series{"m", {}};
  for (int i = 0; i < 3; ++i) {
    Rollup& point = series.points.emplace_back();
    point.at = hour(i);
    for (int n = 0; n <= i; ++n) point.add(0.5 + n, true);
  }
  series.points[0].sketch = Sketch{};
  series.points[1].sketch.add(9);
  check_same({series}, decode_rollups(encode_rollups({&series, 1}), all).value());
}

TEST_CASE("series of a block that nobody wants are passed over") {
  const auto series = two_series(1000);
  const auto found = decode_rollups(encode_rollups(series), [](std::string_view name) { return name == "n"; }).value();
  check_same({series[1]}, found);
}

TEST_CASE("damaged rollups are an error, whatever is damaged") {
  const std::string bytes = encode_rollups(two_series(1000));
  for (std::size_t size = 0; size < bytes.size(); ++size) CHECK(decode_rollups(bytes.substr(0, size), all).has_error());
  std::mt19937 random{2};
  for (int round = 0; round < 2000; ++round) {
    std::string changed = bytes;
    changed[random() % changed.size()] = static_cast<char>(random());
    [[maybe_unused]] const auto decoded = decode_rollups(changed, all);  // must end without reading elsewhere
  }
}

TEST_CASE("a quantile of a sketch is within two hundredths of the value, also of many that were merged") {
  std::mt19937 random{3};
  std::lognormal_distribution<double> seconds{-2, 1.5};
  Sketch sketch;
  std::vector<double> values;
  for (int part = 0; part < 20; ++part) {
    Sketch some;
    for (int i = 0; i < 100 * part; ++i) {
      values.push_back(seconds(random));
      some.add(values.back());
    }
    sketch.merge(some);
  }
  std::sort(values.begin(), values.end());
  for (const double part : {0.01, 0.5, 0.75, 0.95, 0.99, 1.0}) {
    const double exact = values[static_cast<std::size_t>(std::ceil(part * static_cast<double>(values.size()))) - 1];
    CHECK(std::fabs(sketch.quantile(part) - exact) <= 0.0200001 * exact);
  }
  CHECK(sketch.buckets().size() < 400);
}

TEST_CASE("zero, less and what is not a duration at all count as nothing in a sketch") {
  Sketch sketch;
  for (const double value : {0.0, -3.0, std::nan(""), 1e-9}) sketch.add(value);
  CHECK(sketch.quantile(0.5) == 0);
  CHECK(sketch.buckets().size() == 1);
  sketch.add(1e300);
  CHECK(sketch.quantile(1) > 1e30);
  CHECK(Sketch{}.quantile(0.5) == 0);
}
