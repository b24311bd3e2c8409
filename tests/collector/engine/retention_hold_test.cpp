#include "collector/engine/retention_hold.h"

#include <catch2/catch.hpp>

#include "collector/engine/stored_meta.h"
#include "tests/collector/support.h"

using namespace crmpulse;
using namespace crmpulse::collector;
using namespace std::chrono_literals;
using test::TempDir;

namespace {

constexpr TimePoint kNewest{std::chrono::hours{24 * 365 * 50}};

store::Database opened(const TempDir& directory) {
  return store::open_collector(directory.path()).value();
}

}  // namespace

TEST_CASE("retention stays behind a clock that is more than a day ahead of what is stored, for a day") {
  const TempDir directory;
  store::Database database = opened(directory);
  RetentionHold hold;
  const TimePoint now = kNewest + 48h;
  hold.load(database, kNewest, now).value();
  CHECK(hold.held() == Duration{48h});
  hold.tick(now + 23h);
  CHECK(hold.held() == Duration{48h});
  hold.tick(now + 24h);
  CHECK(hold.held() == Duration{});
}

TEST_CASE("a clock that is less than a day ahead, or has nothing to compare with, holds nothing back") {
  const TempDir directory;
  store::Database database = opened(directory);
  RetentionHold hold;
  hold.load(database, kNewest, kNewest + 23h).value();
  CHECK(hold.held() == Duration{});
  hold.load(database, TimePoint{}, kNewest).value();
  CHECK(hold.held() == Duration{});
}

TEST_CASE("a hold goes on after a restart and ends when it would have ended") {
  const TempDir directory;
  store::Database database = opened(directory);
  const TimePoint now = kNewest + 48h;
  RetentionHold before;
  before.load(database, kNewest, now).value();
  std::map<std::string, std::string> meta;
  before.save(meta, now + 1h);
  for (const auto& [name, value] : meta) store::set_meta(database, name, value).value();
  RetentionHold after;
  after.load(database, now + 1h, now + 2h).value();
  CHECK(after.held() >= Duration{48h});
  after.tick(now + 23h);
  CHECK(after.held() >= Duration{48h});
  after.tick(now + 24h);
  CHECK(after.held() == Duration{});
}

TEST_CASE("what was held for a clock far ahead is not held when the clock is put back") {
  RetentionHold hold;
  hold.clock_stepped(72h, kNewest + 72h);
  CHECK(hold.held() == Duration{72h});
  hold.clock_stepped(-70h, kNewest + 2h);
  CHECK(hold.held() == Duration{2h});
  hold.clock_stepped(-3h, kNewest - 1h);
  CHECK(hold.held() == Duration{});
}

TEST_CASE("a stored value that is absent, or is not a time, is told from one that is") {
  const TempDir directory;
  store::Database database = opened(directory);
  CHECK(stored_number(database, "folded_seq").value() == 0);
  CHECK_FALSE(stored_time(database, "last_tick").value());
  store::set_meta(database, "folded_seq", "41").value();
  store::set_meta(database, "last_tick", "yesterday").value();
  CHECK(stored_number(database, "folded_seq").value() == 41);
  CHECK_FALSE(stored_time(database, "last_tick").value());
  store::set_meta(database, "last_tick", format_time(kNewest)).value();
  CHECK(stored_time(database, "last_tick").value() == kNewest);
}
