#include "store/sqlite/database.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "tests/store/support.h"

using namespace crmpulse;
using namespace crmpulse::store;
using namespace crmpulse::test;
using Catch::Contains;

namespace {

Database open_writer(const std::string& file) {
  return Database::open(file, Database::Mode::writer).value();
}
unsigned mode_of(const std::string& file) {
  struct stat info{};
  return ::stat(file.c_str(), &info) == 0 ? info.st_mode & 0777U : 0;
}

}  // namespace

TEST_CASE("a writer's file, its log and its lock are the owner's alone") {
  const TempDir dir;
  Database database = open_writer(dir.path("x.db"));
  database.execute("CREATE TABLE t(a)").value();
  for (const char* name : {"x.db", "x.db-wal", "x.db-shm", "x.db.lock"}) CHECK(mode_of(dir.path(name)) == 0600);
}

TEST_CASE("a writer syncs each commit to a write-ahead log") {
  const TempDir dir;
  Database database = open_writer(dir.path("x.db"));
  CHECK(integer(database, "PRAGMA synchronous") == 2);
  CHECK(integer(database, "PRAGMA foreign_keys") == 1);
  CHECK(integer(database, "PRAGMA journal_size_limit") > 0);
  auto mode = database.prepare("PRAGMA journal_mode").value();
  REQUIRE(mode.step().value());
  CHECK(mode.text(0) == "wal");
}

TEST_CASE("a second writer of one file is refused until the first is gone") {
  const TempDir dir;
  {
    Database first = open_writer(dir.path("x.db"));
    const auto second = Database::open(dir.path("x.db"), Database::Mode::writer);
    REQUIRE_FALSE(second.has_value());
    CHECK_THAT(second.error().message, Contains("x.db.lock") && Contains("twice"));
    Database moved = std::move(first);
    CHECK_FALSE(Database::open(dir.path("x.db"), Database::Mode::writer).has_value());
  }
  CHECK(Database::open(dir.path("x.db"), Database::Mode::writer).has_value());
}

TEST_CASE("a reader sees what was committed, cannot write and never checkpoints") {
  const TempDir dir;
  Database writer = open_writer(dir.path("x.db"));
  writer.execute("CREATE TABLE t(a); INSERT INTO t VALUES(7)").value();
  Database reader = Database::open(dir.path("x.db"), Database::Mode::reader).value();
  CHECK(integer(reader, "SELECT a FROM t") == 7);
  CHECK(integer(reader, "PRAGMA wal_autocheckpoint") == 0);
  CHECK_FALSE(reader.execute("INSERT INTO t VALUES(8)").has_value());
  writer.execute("INSERT INTO t VALUES(9)").value();
  CHECK(integer(reader, "SELECT max(a) FROM t") == 9);
  CHECK_FALSE(Database::open(dir.path("absent.db"), Database::Mode::reader).has_value());
  CHECK_FALSE(std::filesystem::exists(dir.path("absent.db")));
}

TEST_CASE("a directory that is not there is an error that names the file") {
  const auto opened = Database::open("/nonexistent/x.db", Database::Mode::writer);
  REQUIRE_FALSE(opened.has_value());
  CHECK_THAT(opened.error().message, Contains("/nonexistent/x.db"));
}

TEST_CASE("values come back as they were bound") {
  const TempDir dir;
  Database database = open_writer(dir.path("x.db"));
  database.execute("CREATE TABLE t(a, b, c, d, e, f)").value();
  const std::string zeros("a\0b", 3);
  auto insert = database.prepare("INSERT INTO t VALUES(?, ?, ?, ?, ?, ?)").value();
  insert.bind(1, std::int64_t{-5})
      .bind(2, 0.25)
      .bind(3, std::string_view{"状态"})
      .bind_blob(4, zeros)
      .bind(5, std::string_view{})
      .bind_null(6);
  insert.run().value();
  CHECK(database.changes() == 1);
  auto select = database.prepare("SELECT * FROM t").value();
  REQUIRE(select.step().value());
  CHECK(select.integer(0) == -5);
  CHECK(select.real(1) == 0.25);
  CHECK(select.text(2) == "状态");
  CHECK(select.blob(3) == zeros);
  CHECK(select.text(4).empty());
  CHECK_FALSE(select.is_null(4));
  CHECK(select.is_null(5));
  CHECK_FALSE(select.step().value());
}

TEST_CASE("a binding that cannot be is reported by the step, once") {
  const TempDir dir;
  Database database = open_writer(dir.path("x.db"));
  auto statement = database.prepare("SELECT ?").value();
  statement.bind(2, std::int64_t{1});
  CHECK_FALSE(statement.step().has_value());
  statement.bind(1, std::int64_t{1});
  CHECK(statement.step().value());
}

TEST_CASE("a cached statement is the same one, handed out reset") {
  const TempDir dir;
  Database database = open_writer(dir.path("x.db"));
  Statement* first = database.cached("SELECT ?").value();
  first->bind(1, std::int64_t{3});
  REQUIRE(first->step().value());
  Statement* second = database.cached("SELECT ?").value();
  CHECK(first == second);
  REQUIRE(second->step().value());
  CHECK(second->is_null(0));
  CHECK_FALSE(database.cached("SELECT nonsense FROM nowhere").has_value());
  Database moved = std::move(database);
  CHECK(moved.cached("SELECT ?").value() == first);
}

TEST_CASE("migrations run once, in order, a failing one leaves nothing, a newer file is refused") {
  const TempDir dir;
  Database database = open_writer(dir.path("x.db"));
  database.migrate({"CREATE TABLE a(x)"}).value();
  database.migrate({"CREATE TABLE a(x)", "CREATE TABLE b(x); INSERT INTO b VALUES(1)"}).value();
  CHECK(integer(database, "SELECT count(*) FROM b") == 1);
  CHECK(integer(database, "PRAGMA user_version") == 2);

  const auto failed = database.migrate({"", "", "CREATE TABLE c(x); INSERT INTO nowhere VALUES(1)"});
  REQUIRE_FALSE(failed.has_value());
  CHECK_THAT(failed.error().message, Contains("schema 3"));
  CHECK(integer(database, "PRAGMA user_version") == 2);
  CHECK(integer(database, "SELECT count(*) FROM sqlite_master WHERE name = 'c'") == 0);
  database.migrate({"", "", "CREATE TABLE c(x)"}).value();

  const auto older = database.migrate({"CREATE TABLE a(x)"});
  REQUIRE_FALSE(older.has_value());
  CHECK_THAT(older.error().message, Contains("newer program") && Contains("x.db"));
  CHECK(integer(database, "SELECT count(*) FROM b") == 1);
}

TEST_CASE("a file that is not a database says so, and what to do") {
  const TempDir dir;
  std::ofstream{dir.path("x.db")} << std::string(8192, 'z');
  const auto opened = Database::open(dir.path("x.db"), Database::Mode::writer);
  REQUIRE_FALSE(opened.has_value());
  CHECK_THAT(opened.error().message,
             Contains("x.db is damaged") && Contains("move the file away") && Contains("x.db-wal"));
}

TEST_CASE("after an unclean stop a damaged page is found before anything is served") {
  const TempDir dir;
  {
    Database database = open_writer(dir.path("x.db"));
    database
        .execute(
            "CREATE TABLE t(a INTEGER PRIMARY KEY, b); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
            "WHERE i < 2000) "
            "INSERT INTO t SELECT i, hex(randomblob(50)) FROM n")
        .value();
  }
  {
    std::fstream file{dir.path("x.db"), std::ios::in | std::ios::out | std::ios::binary};
    file.seekp(4096 * 5);
    file << std::string(4096, '\xee');
  }
  CHECK(Database::open(dir.path("x.db"), Database::Mode::writer).has_value());  // a clean stop: no check
  std::ofstream{dir.path("x.db-wal")} << "left by a process that was killed";
  const auto opened = Database::open(dir.path("x.db"), Database::Mode::writer);
  REQUIRE_FALSE(opened.has_value());
  CHECK_THAT(opened.error().message, Contains("x.db is damaged") && Contains("created anew"));
}

TEST_CASE("of a large file the journal's rows are not read before anything is served, unless damage was met") {
  const TempDir dir;
  const auto spoil = [&](long page) {
    std::fstream file{dir.path("x.db"), std::ios::in | std::ios::out | std::ios::binary};
    file.seekp(4096 * (page - 1));
    file << std::string(4096, '\xee');
  };
  const auto page_of = [](Database& database, const char* table) {
    Statement root = database.prepare("SELECT rootpage FROM sqlite_schema WHERE name = ?").value();
    root.bind(1, std::string_view{table});
    REQUIRE(root.step().value());
    return static_cast<long>(root.integer(0));
  };
  long journal = 0;
  long state = 0;
  {
    Database database = open_writer(dir.path("x.db"));
    database
        .execute(
            "CREATE TABLE journal(a INTEGER PRIMARY KEY, b); CREATE TABLE state(a); INSERT INTO state VALUES(1); "
            "INSERT INTO journal VALUES(1, zeroblob(70000000))")
        .value();
    journal = page_of(database, "journal");
    state = page_of(database, "state");
  }
  spoil(journal);
  std::ofstream{dir.path("x.db-wal")} << "left by a process that was killed";
  CHECK(Database::open(dir.path("x.db"), Database::Mode::writer).has_value());
  std::ofstream{dir.path("x.db.suspect")}.flush();
  CHECK_FALSE(Database::open(dir.path("x.db"), Database::Mode::writer).has_value());
  std::filesystem::remove(dir.path("x.db.suspect"));
  spoil(state);
  std::ofstream{dir.path("x.db-wal")} << "left by a process that was killed";
  CHECK_FALSE(Database::open(dir.path("x.db"), Database::Mode::writer).has_value());
}

TEST_CASE("damage met later is an error with the file's name") {
  const TempDir dir;
  Database database = open_writer(dir.path("x.db"));
  database.execute("CREATE TABLE t(a); INSERT INTO t VALUES(zeroblob(20000)); PRAGMA wal_checkpoint(TRUNCATE)").value();
  {
    std::fstream file{dir.path("x.db"), std::ios::in | std::ios::out | std::ios::binary};
    file.seekp(4096);
    file << std::string(4096, '\xee');
  }
  Database reader = Database::open(dir.path("x.db"), Database::Mode::reader).value();
  const auto read = reader.execute("SELECT count(*) FROM t");
  REQUIRE_FALSE(read.has_value());
  CHECK_THAT(read.error().message, Contains("x.db is damaged"));
}

TEST_CASE("damage that was met is found by the next start, after a clean stop too") {
  const TempDir dir;
  {
    Database database = open_writer(dir.path("x.db"));
    database.execute("CREATE TABLE t(a); INSERT INTO t VALUES(zeroblob(20000))").value();
  }
  {
    std::fstream file{dir.path("x.db"), std::ios::in | std::ios::out | std::ios::binary};
    file.seekp(4096);
    file << std::string(4096, '\xee');
  }
  {
    Database database = open_writer(dir.path("x.db"));
    CHECK_FALSE(database.execute("SELECT count(*) FROM t").has_value());
  }
  const auto opened = Database::open(dir.path("x.db"), Database::Mode::writer);
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().code == ErrorCode::damaged);
}

TEST_CASE("a full disk and a wrong statement are told apart by the error's code") {
  const TempDir dir;
  Database database = open_writer(dir.path("x.db"));
  database.execute("CREATE TABLE t(a); PRAGMA max_page_count = 4").value();
  const auto full = database.execute("INSERT INTO t VALUES(zeroblob(100000))");
  REQUIRE_FALSE(full.has_value());
  CHECK(full.error().code == ErrorCode::disk);
  const auto wrong = database.execute("INSERT INTO nowhere VALUES(1)");
  REQUIRE_FALSE(wrong.has_value());
  CHECK(wrong.error().code == ErrorCode::other);
}
