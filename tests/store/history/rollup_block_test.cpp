// Rollups as blocks, and the sketches of durations.

#include "store/history/rollup_block.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

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
