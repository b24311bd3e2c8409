#include "collector/state/census.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>

using namespace crmpulse::collector;
using Bound = Census::Bound;

namespace {

Census census_with(int crms, int per_sender, int series, std::uint64_t memory) {
  LimitSettings limits;
  limits.crms = crms;
  limits.crms_per_sender = per_sender;
  limits.series_per_crm = series;
  limits.memory = memory;
  Census census;
  census.configure(limits);
  return census;
}

constexpr std::size_t kKey = 100;
constexpr Census::Sender kBranch{"branch", "branch-1"};

}  // namespace

TEST_CASE("CRMs beyond the bound in all are left out, those that are known go on") {
  Census census = census_with(2, 0, 0, 0);
  for (const char* crm : {"a", "b"}) {
    CHECK(census.check_series(crm, kKey, {}) == Bound::none);
    census.came(crm, kKey, {});
  }
  CHECK(census.check_series("c", kKey, {}) == Bound::crms);
  CHECK(census.check_crm("c", {}) == Bound::crms);
  CHECK(census.check_series("a", kKey, {}) == Bound::none);
  CHECK(census.check_series("", kKey, {}) == Bound::none);
  census.remove_crm("a");
  CHECK(census.check_series("c", kKey, {}) == Bound::none);
}

TEST_CASE("one token brings a bounded number of CRMs whatever agents it names, and one agent whatever its tokens") {
  Census census = census_with(0, 2, 0, 0);
  census.came("a", kKey, {"branch", "x"});
  census.came("b", kKey, {"branch", "y"});
  CHECK(census.check_series("c", kKey, {"branch", "z"}) == Bound::crms_of_sender);
  CHECK(census.check_series("c", kKey, {"shop", "x"}) == Bound::none);
  census.came("c", kKey, {"shop", "x"});
  CHECK(census.check_series("d", kKey, {"third", "x"}) == Bound::crms_of_sender);
  CHECK(census.check_series("d", kKey, {"third", "w"}) == Bound::none);
  // What somebody else brought is nobody's new one.
  CHECK(census.check_series("a", kKey, {"third", "x"}) == Bound::none);
  census.remove_crm("a");
  CHECK(census.check_series("d", kKey, {"branch", "v"}) == Bound::none);
}

TEST_CASE("series of one CRM are bounded, and those that are forgotten make room") {
  Census census = census_with(0, 0, 3, 0);
  for (int i = 0; i < 3; ++i) census.came("a", kKey, kBranch);
  CHECK(census.check_series("a", kKey, kBranch) == Bound::series_of_crm);
  CHECK(census.check_series("b", kKey, kBranch) == Bound::none);
  census.left("a", kKey);
  CHECK(census.check_series("a", kKey, kBranch) == Bound::none);
  CHECK(census.series_of("a") == 2);
}

TEST_CASE("the estimate of memory is held by series, by their names, by CRMs and by what their windows hold") {
  constexpr std::uint64_t kMiB = 1024 * 1024;
  SECTION("CRMs") {
    Census census = census_with(0, 0, 0, 10 * kMiB);
    int crms = 0;
    for (; crms < 100'000; ++crms) {
      const std::string name = fmt::format("crm-{}", crms);
      if (census.check_series(name, kKey, kBranch) != Bound::none) break;
      census.came(name, kKey, kBranch);
    }
    CHECK(crms > 100);
    CHECK(crms < 300);
    CHECK(census.memory() <= 10 * kMiB);
    CHECK(census.check_series("one-more", kKey, kBranch) == Bound::memory);
    CHECK(census.check_crm("one-more", kBranch) == Bound::memory);
  }
  SECTION("long names") {
    Census census = census_with(0, 0, 0, 10 * kMiB);
    int series = 0;
    for (; series < 100'000 && census.check_series("a", 20'000, kBranch) == Bound::none; ++series)
      census.came("a", 20'000, kBranch);
    CHECK(series > 100);
    CHECK(series < 300);
  }
  SECTION("windows") {
    Census census = census_with(0, 0, 0, 10 * kMiB);
    census.came("a", kKey, kBranch);
    census.weigh("a", {6 * kMiB, 0});
    CHECK(census.check_series("a", kKey, kBranch) == Bound::memory);
    census.weigh("a", {kMiB, 0});
    CHECK(census.check_series("a", kKey, kBranch) == Bound::none);
    census.remove_crm("a");
    CHECK(census.memory() < kMiB);
  }
  SECTION("samples that came to windows since their states were stored") {
    constexpr std::size_t kEntries = kMiB;  // 16 bytes each
    Census census = census_with(0, 0, 0, 10 * kMiB);
    census.came("a", kKey, kBranch);
    census.weigh("a", {kMiB, kEntries / 16});
    census.note_windows(kEntries / 16);
    const std::uint64_t stored = census.memory();
    CHECK(census.check_series("a", kKey, kBranch) == Bound::none);
    census.note_windows(kEntries);
    CHECK(census.memory() == stored + 15 * kMiB);
    CHECK(census.check_series("a", kKey, kBranch) == Bound::memory);
    // Stored, they count as what was stored takes.
    census.weigh("a", {2 * kMiB, kEntries});
    CHECK(census.memory() == stored + 2 * kMiB);
    // A window that left between two looks at them makes nothing less than nothing.
    census.note_windows(0);
    CHECK(census.memory() == stored + 2 * kMiB);
    census.remove_crm("a");
    CHECK(census.memory() < kMiB);
  }
  SECTION("labels that may be in the states that are stored next") {
    constexpr std::size_t kLong = 50'000;
    const auto fill = [&](bool stored) {
      Census census = census_with(0, 0, 0, 10 * kMiB);
      for (int i = 0; i < 1000; ++i) {
        const std::string crm = fmt::format("crm-{}", i);
        if (census.check_series(crm, kLong, kBranch) != Bound::none) break;
        census.came(crm, kLong, kBranch);
        if (stored) census.weigh(crm, {kLong, 0});
      }
      // Then all are stored.
      for (int i = 0; i < 1000; ++i) census.weigh(fmt::format("crm-{}", i), {kLong, 0});
      return census.memory();
    };
    CHECK(fill(false) > 9 * kMiB);
    CHECK(fill(false) <= 10 * kMiB);
    CHECK(fill(true) == fill(false));
  }
}

TEST_CASE("a bound of 0 means unlimited CRMs, series and memory") {
  Census census = census_with(0, 0, 0, 0);
  for (int i = 0; i < 50'000; ++i) census.came(fmt::format("crm-{}", i % 20'000), kKey, kBranch);
  CHECK(census.check_series("one-more", kKey, kBranch) == Bound::none);
}
