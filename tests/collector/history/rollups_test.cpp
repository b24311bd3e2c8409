// Rollups equal a direct calculation over the readings, whatever comes late or twice, and wherever a crash falls.

#include <catch2/catch.hpp>
#include <set>

#include "store/history/kept_sizes.h"
#include "tests/collector/history/three_days.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace crmpulse::test;
using namespace std::chrono_literals;

TEST_CASE("rollups equal a direct calculation over readings that come late and twice") {
  const unsigned seed = GENERATE(1U, 2U);
  Years years;
  Readout sender{seed};
  three_days(years, sender, seed == 2);
  const TimePoint to = first_day() + 84h;
  const auto check_all = [&] {
    for (const auto& [step, source] :
         {std::pair{Duration{30s}, HistorySource::samples}, std::pair{Duration{10min}, HistorySource::minutes},
          std::pair{Duration{1h}, HistorySource::hours}, std::pair{Duration{5h}, HistorySource::hours},
          std::pair{Duration{24h}, HistorySource::days}}) {
      INFO(format_duration(step));
      const HistoryAnswer seconds = years.read(kSeconds, first_day(), to, step);
      CHECK(seconds.source == source);
      CHECK(seconds.step == step);
      check_equal(seconds, sender.seconds());
      check_equal(years.read(kRecords, first_day(), to, step), sender.records());
    }
  };
  check_all();  // the last readings are in the journal alone, late ones of every part among them
  years.work(to + 1h);
  check_all();
  years.work(to + 24h);
  check_all();
}

TEST_CASE("readings of a part whose blocks are gone are added to its rollups once") {
  Years years;
  Readout sender{3};
  three_days(years, sender, false);
  const TimePoint to = first_day() + 84h;
  years.work(to + 24h);
  years.prune({first_day() + 48h, TimePoint{}, TimePoint{}, 0});
  check_equal(years.read(kSeconds, first_day(), to, 1h), sender.seconds());
  Truth truth = sender.seconds();
  std::vector<Sample> late;
  for (int i = 0; i < 50; ++i) {
    const TimePoint at = first_day() + i * 11min + 1s;
    late.push_back(sample(kSeconds, "acme", 0.25, at, {{"operation", "read"}}));
    truth[std::string{kSeconds} + "/read"][at] = 0.25;
  }
  years.receive(late, to);
  for (int round = 0; round < 2; ++round) {
    years.work(to + 48h);
    check_equal(years.read(kSeconds, first_day(), to, 1h), truth, false);
    check_equal(years.read(kSeconds, first_day(), to, 24h), truth, false);
    years.open();
  }
}

TEST_CASE("a disk that refuses in the middle of a part leaves its rollups as they were") {
  Years years;
  Readout sender{4};
  three_days(years, sender, false);
  const TimePoint to = first_day() + 84h;
  const int refused = GENERATE(0, 1, 2);
  years.in_store([&](store::Database& database) {
    return database.execute(fmt::format(
        "CREATE TRIGGER full BEFORE INSERT ON rollup WHEN new.tier = {} BEGIN SELECT RAISE(ABORT, 'full'); END",
        refused));
  });
  while (years.builder().build(to + 24h).value()) {
  }
  CHECK(years.roller().roll(to + 24h).has_error());
  check_equal(years.read(kSeconds, first_day(), to, 1h), sender.seconds());
  years.in_store([](store::Database& database) { return database.execute("DROP TRIGGER full"); });
  years.open();
  years.work(to + 24h);
  check_equal(years.read(kSeconds, first_day(), to, 24h), sender.seconds());
}

TEST_CASE("a store of a version without rollups makes them from its blocks") {
  Years years;
  Readout sender{5};
  three_days(years, sender, false);
  const TimePoint to = first_day() + 84h;
  years.work(to + 24h);
  years.in_store([](store::Database& database) { return database.execute("DELETE FROM rollup; DELETE FROM rolled"); });
  check_equal(years.read(kSeconds, first_day(), to, 24h), sender.seconds());
  years.work(to + 24h);
  store::Database database = years.reader();
  CHECK(store::oldest_rollups(database, store::Tier::days, "acme").value() ==
        store::span_begin(store::Tier::days, first_day()));
  check_equal(years.read(kSeconds, first_day(), to, 24h), sender.seconds());
}

TEST_CASE("a damaged block of rollups is set aside and made again from the readings") {
  Years years;
  Readout sender{6};
  three_days(years, sender, false);
  const TimePoint to = first_day() + 84h;
  years.work(to + 24h);
  const int tier = GENERATE(1, 2);
  years.in_store([&](store::Database& database) {
    return database.execute(fmt::format("UPDATE rollup SET block = x'0102' WHERE tier = {}", tier));
  });
  CHECK(years.read(kSeconds, first_day(), to, tier == 1 ? Duration{1h} : Duration{24h}).damaged_rollups > 0);
  // The next late reading meets it.
  for (int day = 0; day < 4; ++day) years.receive({sample(kRecords, "acme", 1, first_day() + day * 24h + 1s)}, to);
  years.work(to + 48h);
  years.work(to + 72h);
  check_equal(years.read(kSeconds, first_day(), to, 1h), sender.seconds());
  check_equal(years.read(kSeconds, first_day(), to, 24h), sender.seconds());
  CHECK(store::damaged_files(years.folder()) > 0);
}

TEST_CASE("an answer has no more points than were asked for") {
  Years years;
  Readout sender{7};
  three_days(years, sender, false);
  const TimePoint to = first_day() + 84h;
  years.work(to + 24h);
  for (const std::int64_t most : {2, 3, 7, 50, 84, 85, 501, 5000}) {
    for (const Duration shift : {Duration{0}, Duration{17min}, Duration{1h - 1ms}}) {
      const HistoryAnswer answer = years.read(kSeconds, first_day() + shift, to - shift, Duration{}, most);
      INFO(most << " " << format_duration(answer.step) << " " << to_string(answer.source));
      REQUIRE(answer.lines.size() == 2);
      for (const HistoryLine& line : answer.lines) CHECK(static_cast<std::int64_t>(line.points.size()) <= most);
    }
  }
  CHECK(years.read(kSeconds, first_day(), first_day() + 90 * 24h, Duration{}, 501).source == HistorySource::hours);
  CHECK(years.read(kSeconds, first_day(), first_day() + 400 * 24h, Duration{}, 501).source == HistorySource::days);
}

TEST_CASE("a store over its size loses readings first, and only those that are in rollups") {
  Years years;
  Readout sender{8};
  three_days(years, sender, false);
  const TimePoint to = first_day() + 84h;
  years.work(to + 24h);
  store::Database database = years.reader();
  years.in_store([](store::Database& store) { return store.execute("DELETE FROM journal"); });
  const auto full = static_cast<std::uint64_t>(store::used_bytes(database).value());
  years.prune({TimePoint{}, TimePoint{}, TimePoint{}, full * 2});
  CHECK(years.roller().stats().by_size == 0);
  years.prune({TimePoint{}, TimePoint{}, TimePoint{}, full - 50'000});
  CHECK(years.roller().stats().by_size > 0);
  CHECK(static_cast<std::uint64_t>(store::used_bytes(database).value()) <= full - 50'000);
  check_equal(years.read(kSeconds, first_day(), to, 24h), sender.seconds());
  years.prune({TimePoint{}, TimePoint{}, TimePoint{}, 1});
  CHECK(store::history_size(database).value().blocks == 0);
  check_equal(years.read(kSeconds, first_day(), to, 24h), sender.seconds());
}

TEST_CASE("the bytes of the store are told by kind, with the oldest of each") {
  Years years;
  Readout sender{9};
  three_days(years, sender, false);
  years.work(first_day() + 108h);
  store::Database database = years.reader();
  std::map<std::string, store::KeptSize> sizes;
  for (const store::KeptSize& size : store::kept_sizes(database).value()) sizes[std::string{size.kind}] = size;
  CHECK(sizes.at("samples").bytes == store::history_size(database).value().bytes);
  CHECK(sizes.at("samples").oldest == first_day());
  for (const char* kind : {"journal", "minutes", "hours", "days", "snapshots"}) CHECK(sizes.at(kind).bytes > 0);
  CHECK(sizes.at("states").bytes == 0);
  CHECK_FALSE(sizes.at("states").oldest);
}
