#include "store/history/history.h"
#include "store/history/rollups.h"

#include <catch2/catch.hpp>

#include "store/collector/collector_store.h"
#include "tests/store/support.h"

using namespace crmpulse;
using namespace crmpulse::store;
using namespace crmpulse::test;

namespace {

TimePoint at(int hours) {
  return part_of(from_unix_millis(1'795'000'000'000)) + std::chrono::hours{hours};
}

HistoryBlock block(int hours, const std::string& crm, const std::string& bytes, std::int64_t readings = 1) {
  return {part_of(at(hours)), crm, readings, bytes};
}

std::vector<std::string> blocks(Database& database, const std::string& crm, TimePoint from, TimePoint to) {
  std::vector<std::string> out;
  read_blocks(database, crm, from, to, [&](const StoredBlock& block) {
    CHECK(block.crm == crm);
    CHECK(block.intact);
    out.emplace_back(block.bytes);
    return true;
  }).value();
  return out;
}

}  // namespace

TEST_CASE("parts begin every six hours UTC") {
  CHECK(part_of(parse_time("2026-11-22T05:59:59.999Z").value()) == parse_time("2026-11-22T00:00:00Z").value());
  CHECK(part_of(parse_time("2026-11-22T06:00:00Z").value()) == parse_time("2026-11-22T06:00:00Z").value());
}

TEST_CASE("the blocks of one CRM in a span come back by part, and no others") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  add_blocks(database, {block(6, "acme", "second"), block(0, "acme", "first"), block(0, "beta", "other"),
                        block(6, "acme", "third"), block(12, "acme", "later")})
      .value();
  CHECK(blocks(database, "acme", at(1), at(7)) == std::vector<std::string>{"first", "second", "third"});
  CHECK(blocks(database, "beta", at(-100), at(100)) == std::vector<std::string>{"other"});
  CHECK(blocks(database, "acme", at(18), at(40)).empty());
}

TEST_CASE("blocks that were never finished go at the next start, with others kept") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  CHECK(history_seq(database).value() == 0);
  add_blocks(database, {block(0, "acme", "a")}).value();
  finish_blocks(database, 17).value();
  CHECK(history_seq(database).value() == 17);
  add_blocks(database, {block(0, "acme", "b")}).value();
  drop_unfinished_blocks(database).value();
  CHECK(blocks(database, "acme", at(0), at(0)) == std::vector<std::string>{"a"});
  CHECK(history_seq(database).value() == 17);
}

TEST_CASE("several blocks of a part that is over, or very many of one that runs, are found and made one") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  add_blocks(database, {block(0, "acme", "a"), block(0, "acme", "b"), block(0, "beta", "c"), block(6, "acme", "d"),
                        block(6, "acme", "e"), block(6, "beta", "f"), block(6, "beta", "g"), block(6, "beta", "h"),
                        block(0, "huge", "i", 60), block(0, "huge", "j", 60), block(0, "large", "k", 70),
                        block(0, "large", "l", 70)})
      .value();
  const auto found = find_mergeable(database, {at(6), 2, 70, 100, 10}).value();
  REQUIRE(found.size() == 2);
  CHECK(found[0].crm == "acme");
  CHECK(found[0].part == at(0));
  CHECK(found[1].crm == "beta");
  CHECK(found[1].part == at(6));
  replace_blocks(database, block(0, "acme", "ab", 2)).value();
  drop_unfinished_blocks(database).value();
  CHECK(blocks(database, "acme", at(0), at(0)) == std::vector<std::string>{"ab"});
  CHECK(blocks(database, "acme", at(6), at(6)) == std::vector<std::string>{"d", "e"});
}

TEST_CASE("blocks go when the whole of their part is too old, some at a time") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  add_blocks(database, {block(0, "acme", "a"), block(0, "beta", "b"), block(6, "acme", "c")}).value();
  mark_rolled(database, at(0), "acme", 1).value();
  CHECK(prune_rolled_blocks(database, at(5), 10).value() == 0);
  CHECK_FALSE(pruned_to(database).value().has_value());
  CHECK(prune_rolled_blocks(database, at(6), 10).value() == 1);  // what is in no rollup stays
  CHECK(pruned_to(database).value() == at(0));
  mark_rolled(database, at(0), "beta", 2).value();
  CHECK(prune_rolled_blocks(database, at(6), 10).value() == 1);
  CHECK(prune_rolled_blocks(database, at(6), 10).value() == 0);
  const HistorySize size = history_size(database).value();
  CHECK(size.blocks == 1);
  CHECK(size.readings == 1);
  CHECK(size.bytes == 1);
  add_blocks(database, {block(6, "acme", "d")}).value();
  CHECK(blocks(database, "acme", at(6), at(6)) == std::vector<std::string>{"c", "d"});
}

TEST_CASE("what the journal holds behind a seq is known without reading it") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  CHECK_FALSE(pending_journal(database, 0).value().oldest.has_value());
  for (int i = 0; i < 3; ++i) {
    JournalRecord record;
    record.received = at(i);
    record.body = std::string(10, 'x');
    CHECK(append(database, record).value() == i + 1);
  }
  const Pending all = pending_journal(database, 0).value();
  CHECK(all.oldest == at(0));
  CHECK(all.bytes == 30);
  const Pending rest = pending_journal(database, 2).value();
  CHECK(rest.oldest == at(2));
  CHECK(rest.bytes == 10);
  CHECK_FALSE(pending_journal(database, 3).value().oldest.has_value());
}

TEST_CASE("a block of which a byte, its part, CRM or count has changed is not intact") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  add_blocks(database, {block(0, "acme", "some bytes", 7)}).value();
  const auto intact = [&] {
    std::optional<bool> found;
    read_part(database, next_part(database, TimePoint{}).value().value().part, [&](const StoredBlock& block) {
      found = block.intact;
    }).value();
    return found.value();
  };
  CHECK(intact());
  for (const char* change :
       {"block = CAST('some Bytes' AS BLOB)", "crm = 'acne'", "readings = 8", "part = part + 21600000"}) {
    INFO(change);
    database.execute("SAVEPOINT whole").value();
    database.execute(std::string{"UPDATE history SET "} + change).value();
    CHECK_FALSE(intact());
    database.execute("ROLLBACK TO whole; RELEASE whole").value();
  }
  CHECK(intact());
  delete_block(database, integer(database, "SELECT id FROM history")).value();
  CHECK_FALSE(next_part(database, TimePoint{}).value().has_value());
}

TEST_CASE("a damaged mark of what is finished deletes no block, and the records are moved once more") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  add_blocks(database, {block(0, "acme", "a")}).value();
  finish_blocks(database, 17).value();
  database.execute("UPDATE meta SET value = '0' WHERE name = 'history_last_id'").value();
  database.execute("UPDATE meta SET value = '97' WHERE name = 'history_seq'").value();
  drop_unfinished_blocks(database).value();
  CHECK(blocks(database, "acme", at(0), at(0)) == std::vector<std::string>{"a"});
  CHECK(history_seq(database).value() == 0);
}
