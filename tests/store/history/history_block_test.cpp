#include "store/history/history_block.h"

#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <random>

using namespace crmpulse::store;

namespace {

bool everything(std::string_view) {
  return true;
}

void require_same(const std::vector<HistorySeries>& a, const std::vector<HistorySeries>& b) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    REQUIRE(a[i].name == b[i].name);
    REQUIRE(a[i].readings.size() == b[i].readings.size());
    for (std::size_t j = 0; j < a[i].readings.size(); ++j) {
      REQUIRE(a[i].readings[j].unix_millis == b[i].readings[j].unix_millis);
      REQUIRE(std::bit_cast<std::uint64_t>(a[i].readings[j].value) ==
              std::bit_cast<std::uint64_t>(b[i].readings[j].value));
    }
  }
}

void require_round_trip(const std::vector<HistorySeries>& series) {
  const auto back = decode_block(encode_block(series), everything);
  REQUIRE(back.has_value());
  require_same(*back, series);
}

const std::vector<std::uint64_t> kOddDoubles{
    0,
    0x8000000000000000,  // -0
    0x7ff0000000000000,  // +inf
    0xfff0000000000000,
    0x7ff0000000000002,  // stale marker, a signalling NaN
    0x7ff8000000000001,
    0xfff8123456789abc,
    1,  // the least denormal
    0x7fefffffffffffff,
    std::bit_cast<std::uint64_t>(0.1),
    std::bit_cast<std::uint64_t>(1e15),
    std::bit_cast<std::uint64_t>(9007199254740993.0),
    std::bit_cast<std::uint64_t>(-0.000001),
    std::bit_cast<std::uint64_t>(123456.789),
};

constexpr std::int64_t kStart = 1'763'791'200'000;

}  // namespace

TEST_CASE("a block gives back every kind of double and any stamps, bit by bit and in the order given") {
  std::vector<HistorySeries> series{{"empty", {}}, {"one", {{kStart, 0.25}}}, {"two", {{5, 1}, {3, -1}}}, {"", {}}};
  HistorySeries odd{"odd", {}};
  for (const std::uint64_t bits : kOddDoubles) {
    series.push_back({"alone", {{kStart, std::bit_cast<double>(bits)}, {kStart, std::bit_cast<double>(bits)}}});
    odd.readings.push_back({std::numeric_limits<std::int64_t>::min(), std::bit_cast<double>(bits)});
    odd.readings.push_back({std::numeric_limits<std::int64_t>::max(), 1});
    odd.readings.push_back({0, 0.001});
  }
  series.push_back(odd);
  require_round_trip(series);
  require_round_trip({});
}

TEST_CASE("whatever chance makes of names, stamps and values comes back") {
  std::mt19937_64 random{20261122};
  for (int round = 0; round < 300; ++round) {
    std::vector<HistorySeries> series(random() % 6);
    for (HistorySeries& one : series) {
      one.name = std::string(random() % 40, static_cast<char>('a' + random() % 3)) + std::to_string(random() % 100);
      const auto kind = random() % 5;
      std::int64_t at = kStart;
      for (std::size_t i = random() % 50; i > 0; --i) {
        at = kind == 4 ? static_cast<std::int64_t>(random()) : at + static_cast<std::int64_t>(random() % 3) + 30'000;
        const double value = kind == 0   ? static_cast<double>(random() % 2)
                             : kind == 1 ? static_cast<double>(random() % 5'000'000) / 1e6
                             : kind == 2 ? static_cast<double>(random() % 1000) * 0.1
                             : kind == 3 ? static_cast<double>(static_cast<std::int64_t>(random()))
                                         : std::bit_cast<double>(random());
        one.readings.push_back({at, value});
      }
    }
    require_round_trip(series);
  }
}

TEST_CASE("only the series that are asked for are given") {
  const std::vector<HistorySeries> series{
      {"a", {{1, 1}, {2, 2}}}, {"ab", {{1, 3}, {2, 4}}}, {"b", {{1, 5}}}, {"ab", {{9, 9}}}};
  const auto found = decode_block(encode_block(series), [](std::string_view name) { return name == "ab"; });
  REQUIRE(found.has_value());
  require_same(*found, {series[1], series[3]});
}

TEST_CASE("damaged blocks are refused or give something else, but nothing worse happens", "[slow]") {
  std::mt19937_64 random{7};
  std::vector<HistorySeries> series(4);
  for (HistorySeries& one : series) {
    one.name = "crm_operation_duration_seconds";
    for (std::int64_t i = 0; i < 100; ++i)
      one.readings.push_back({kStart + i * 30'000, static_cast<double>(random() % 3000) / 1000});
  }
  const std::string sound = encode_block(series);
  for (std::size_t length = 0; length < sound.size(); ++length)
    CHECK_FALSE(decode_block(std::string_view{sound}.substr(0, length), everything).has_value());
  std::size_t refused = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string damaged = sound;
    for (std::uint64_t hits = 1 + random() % 4; hits > 0; --hits)
      damaged[random() % damaged.size()] = static_cast<char>(random());
    if (!decode_block(damaged, everything)) ++refused;
  }
  CHECK(refused > 0);
}

TEST_CASE("six hours of one CRM as our agent measures it take less than two and a half bytes a reading") {
  std::mt19937_64 random{42};
  std::lognormal_distribution<double> seconds{-1.5, 0.4};
  std::vector<HistorySeries> series;
  std::size_t readings = 0;
  for (int operation = 0; operation < 12; ++operation) {
    const std::string labels = "agent=branch-1 kind=tryton object=party operation=" + std::to_string(operation);
    HistorySeries duration{"crm_operation_duration_seconds " + labels, {}};
    HistorySeries up{"crm_operation_success " + labels, {}};
    HistorySeries calls{"crm_agent_calls_total " + labels, {}};
    double counter = 0;
    for (std::int64_t i = 0; i < 720; ++i) {
      const std::int64_t at = kStart + i * 30'000 + static_cast<std::int64_t>(random() % 7) - 3;
      duration.readings.push_back({at, std::round(seconds(random) * 1e6) / 1e6});
      up.readings.push_back({at, random() % 500 == 0 ? 0.0 : 1.0});
      calls.readings.push_back({at, counter += static_cast<double>(1 + random() % 3)});
    }
    for (HistorySeries* one : {&duration, &up, &calls}) {
      readings += one->readings.size();
      series.push_back(std::move(*one));
    }
  }
  const double each = static_cast<double>(encode_block(series).size()) / static_cast<double>(readings);
  CAPTURE(each);
  CHECK(each < 2.5);
}
