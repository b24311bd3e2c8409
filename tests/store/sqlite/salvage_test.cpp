// What damage costs: the damaged records, and what the log says about it.

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <set>

#include "store/collector/collector_store.h"
#include "store/spool/spool.h"
#include "store/sqlite/wal_tail.h"
#include "tests/store/support.h"

using namespace crmpulse;
using namespace crmpulse::test;
using store::Database;

namespace {

constexpr int kRecords = 200;

std::string body_of(int number) {
  return std::to_string(number) + std::string(900, 'b');
}

void append_records(Database& database, int first, int count) {
  for (int i = first; i < first + count; ++i) {
    store::JournalRecord record;
    record.agent = "branch-1";
    record.batch = static_cast<std::uint64_t>(i);
    record.body = body_of(i);
    database.execute("BEGIN").value();
    REQUIRE(store::append(database, record).has_value());
    database.execute("COMMIT").value();
  }
}

std::set<std::uint64_t> batches(Database& database) {
  std::set<std::uint64_t> found;
  const auto read = store::read_journal(database, 0, [&](const store::JournalRecord& record) {
    CHECK(record.body == body_of(static_cast<int>(record.batch)));
    found.insert(record.batch);
    return true;
  });
  REQUIRE(read.has_value());
  return found;
}

void overwrite(const std::string& file, std::uint64_t at, const std::string& bytes) {
  std::fstream stream{file, std::ios::in | std::ios::out | std::ios::binary};
  stream.seekp(static_cast<std::streamoff>(at));
  stream << bytes;
}

/// As a killed process leaves it: the integrity is checked at the next start.
void look_killed(const std::string& file) {
  std::ofstream{file + "-wal"} << "left by a process that was killed";
}

std::vector<std::string> set_aside(const TempDir& dir) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator{dir.path()}) {
    const std::string name = entry.path().filename();
    if (name.find(".damaged-") != std::string::npos && !name.ends_with("-wal")) names.push_back(name);
  }
  return names;
}

/// A copy of the file and its log while they are open: what a kill leaves behind.
void copy_killed(const std::string& from, const std::string& to) {
  std::filesystem::copy_file(from, to);
  std::filesystem::copy_file(from + "-wal", to + "-wal");
}

}  // namespace

TEST_CASE("a damaged page in the middle of the journal costs its records, the ends and all else are kept") {
  const TempDir dir;
  const std::string file = dir.path("collector.db");
  {
    Database database = store::open_collector(dir.path()).value();
    append_records(database, 1, kRecords);
    store::set_meta(database, "folded_seq", "150").value();
    store::save_state(database, {"acme", 150, "blob"}).value();
  }
  overwrite(file, std::filesystem::file_size(file) / 8192 * 4096, std::string(4096, '\xee'));
  look_killed(file);
  Database database = store::open_collector(dir.path()).value();
  const std::set<std::uint64_t> kept = batches(database);
  CHECK(kept.size() >= kRecords - 20);
  CHECK(kept.contains(1));
  CHECK(kept.contains(kRecords));
  CHECK(store::get_meta(database, "folded_seq").value() == "150");
  CHECK(store::load_states(database).value().size() == 1);
  CHECK(store::last_batches(database).value().front().second == kRecords);
  CHECK(set_aside(dir).size() == 1);
  append_records(database, kRecords + 1, 1);
  CHECK(store::last_seq(database).value() == kRecords + 1);
}

TEST_CASE("a file that is not a database any more is set aside and begun anew, a second time too") {
  const TempDir dir;
  for (std::size_t time = 1; time <= 2; ++time) {
    std::filesystem::remove(dir.path("collector.db-wal"));
    std::ofstream{dir.path("collector.db")} << std::string(20'000, '?');
    Database database = store::open_collector(dir.path()).value();
    CHECK(batches(database).empty());
    CHECK(set_aside(dir).size() == time);
    append_records(database, 1, 3);
    CHECK(batches(database).size() == 3);
  }
}

TEST_CASE("new records lie behind what states have folded, even when the journal cannot be read at all") {
  const TempDir dir;
  const std::string file = dir.path("collector.db");
  {
    Database database = store::open_collector(dir.path()).value();
    append_records(database, 1, 3);
    store::set_meta(database, "folded_seq", "700").value();
    const auto root = integer(database, "SELECT rootpage FROM sqlite_master WHERE name = 'journal'");
    const auto numbers = integer(database, "SELECT rootpage FROM sqlite_master WHERE name = 'sqlite_sequence'");
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)").value();
    for (const auto page : {root, numbers})
      overwrite(file, static_cast<std::uint64_t>(page - 1) * 4096, std::string(4096, '\xee'));
  }
  look_killed(file);
  Database database = store::open_collector(dir.path()).value();
  CHECK(batches(database).empty());
  append_records(database, 9, 1);
  CHECK(store::last_seq(database).value() == 701);
}

TEST_CASE("a locked file, a newer schema and a full disk are not damage") {
  const TempDir dir;
  {
    Database held = store::open_collector(dir.path()).value();
    CHECK_FALSE(store::open_collector(dir.path()).has_value());
    held.execute("PRAGMA user_version=99").value();
  }
  CHECK_FALSE(store::open_collector(dir.path()).has_value());
  CHECK(set_aside(dir).empty());
}

TEST_CASE("a cut or damaged end of the log costs what lies behind it, and is seen") {
  const TempDir dir;
  const std::string file = dir.path("collector.db");
  const std::string killed = dir.path("killed/collector.db");
  std::filesystem::create_directory(dir.path("killed"));
  Database database = store::open_collector(dir.path()).value();
  append_records(database, 1, 20);  // a commit each
  copy_killed(file, killed);
  const std::string log = killed + "-wal";
  const auto size = std::filesystem::file_size(log);
  const store::WalTail whole = store::read_wal_tail(log);
  CHECK(whole.frames * (4096 + 24) + 32 == size);
  CHECK(whole.lost_bytes == 0);

  SECTION("nothing is wrong") {
    Database again = store::open_collector(dir.path("killed")).value();
    CHECK(batches(again).size() == 20);
  }
  SECTION("cut") {
    std::filesystem::resize_file(log, size - 880);
    CHECK(store::read_wal_tail(log).lost_bytes == 4120 - 880);
    Database again = store::open_collector(dir.path("killed")).value();
    const std::set<std::uint64_t> kept = batches(again);
    CHECK(kept.size() == 19);
    CHECK(*kept.rbegin() == 19);
  }
  SECTION("a byte of the last commit is another") {
    overwrite(log, size - 100, "\x7f");
    CHECK(store::read_wal_tail(log).lost_bytes == 4120);
    Database again = store::open_collector(dir.path("killed")).value();
    CHECK(batches(again).size() == 19);
    append_records(again, 20, 1);
    CHECK(batches(again).size() == 20);
  }
  SECTION("the log's own head") {
    overwrite(log, 0, "garbage!");
    CHECK(store::read_wal_tail(log).lost_bytes == size);
    Database again = store::open_collector(dir.path("killed")).value();
    append_records(again, 77, 1);
    CHECK(batches(again) == std::set<std::uint64_t>{77});
  }
}

TEST_CASE("a log that was begun anew over an older one has no damaged end") {
  const TempDir dir;
  Database database = store::open_collector(dir.path()).value();
  append_records(database, 1, 30);
  database.execute("PRAGMA wal_checkpoint(RESTART)").value();
  append_records(database, 31, 1);
  const store::WalTail tail = store::read_wal_tail(dir.path("collector.db-wal"));
  CHECK(tail.frames > 0);
  CHECK(tail.frames < 30);
  CHECK(tail.lost_bytes == 0);
  CHECK(store::read_wal_tail(dir.path("nowhere-wal")).frames == 0);
}

namespace {

Sample sample(int number) {
  return {"crm_up", {{"crm", "acme"}}, static_cast<double>(number), from_unix_millis(1000 + number)};
}

std::set<int> drain(store::Spool& spool) {
  std::set<int> all;
  for (auto batch = spool.peek(50); batch && !batch->empty(); batch = spool.peek(50)) {
    for (const Sample& one : batch->samples) all.insert(static_cast<int>(one.value));
    spool.acknowledge(batch->seq).value();
  }
  return all;
}

}  // namespace

TEST_CASE("a damaged page of the spool costs its rows, whether it is met at the start or at work") {
  const bool killed = GENERATE(true, false);
  const TempDir dir;
  const std::string file = dir.path("spool.db");
  {
    const auto spool = store::Spool::open(dir.path(), {.flush_interval = std::chrono::hours{1}}).value();
    for (int i = 0; i < 2000; ++i) spool->push({sample(i)}, {});
    spool->flush().value();
  }
  overwrite(file, std::filesystem::file_size(file) / 8192 * 4096, std::string(4096, '\xee'));
  if (killed) look_killed(file);
  const auto spool = store::Spool::open(dir.path(), {.flush_interval = std::chrono::hours{1}}).value();
  std::set<int> kept = drain(*spool);
  kept.merge(drain(*spool));  // the read that met the damage ended the first
  CHECK(kept.size() >= 1900);
  CHECK(kept.contains(0));
  CHECK(kept.contains(1999));
  CHECK(set_aside(dir).size() == 1);
  spool->push({sample(5000)}, {});
  spool->flush().value();
  CHECK(drain(*spool) == std::set<int>{5000});
}
