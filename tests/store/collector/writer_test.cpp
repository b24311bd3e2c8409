#include "store/collector/writer.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <future>
#include <thread>

#include "tests/store/support.h"

using namespace crmpulse;
using namespace crmpulse::store;
using namespace crmpulse::test;

namespace {

/// A writer on a table t(a), and a gate that holds it inside its first job.
struct Fixture {
  explicit Fixture(Writer::Options options = {}) : writer(prepared(dir.path("x.db")), options) {}
  ~Fixture() { open_gate(); }

  static Database prepared(const std::string& file) {
    Database database = Database::open(file, Database::Mode::writer).value();
    database.migrate({"CREATE TABLE t(a)"}).value();
    return database;
  }
  static Writer::Job insert(int value) {
    return
        [value](Database& database) { return database.execute("INSERT INTO t VALUES(" + std::to_string(value) + ")"); };
  }
  /// Returns once the writer stands inside a job.
  void close_gate() {
    std::promise<void> entered;
    const auto held = gate.get_future().share();
    const bool taken = writer.submit(
        [&entered, held](Database&) -> Result<void> {
          entered.set_value();
          held.wait();
          return {};
        },
        {});
    REQUIRE(taken);
    entered.get_future().wait();
    closed = true;
  }
  void open_gate() {
    if (std::exchange(closed, false)) gate.set_value();
  }
  std::int64_t ask(const std::string& sql) const {
    Database reader = Database::open(dir.path("x.db"), Database::Mode::reader).value();
    return integer(reader, sql);
  }

  TempDir dir;
  Writer writer;
  std::promise<void> gate;
  bool closed = false;
};

}  // namespace

TEST_CASE("jobs that arrive during a commit share the next one, in their order") {
  Fixture f;
  f.close_gate();
  std::atomic<int> done = 0;
  for (int i = 0; i < 10; ++i) {
    REQUIRE(f.writer.submit(Fixture::insert(i), [&, i](Result<void> result) {
      CHECK(result.has_value());
      CHECK(done++ == i);
    }));
  }
  CHECK(f.writer.stats().queued == 10);
  CHECK(done == 0);
  f.open_gate();
  f.writer.run(Fixture::insert(10)).value();
  CHECK(done == 10);
  CHECK(f.writer.stats().commits <= 3);
  CHECK(f.writer.stats().jobs == 12);
  CHECK(f.ask("SELECT count(*) FROM t WHERE a = rowid - 1") == 11);
}

TEST_CASE("a commit takes no more jobs than it is told") {
  Fixture f{{.max_queued_jobs = 100, .max_jobs_per_commit = 3}};
  f.close_gate();
  for (int i = 0; i < 9; ++i) REQUIRE(f.writer.submit(Fixture::insert(i), {}));
  f.open_gate();
  f.writer.run(Fixture::insert(9)).value();
  CHECK(f.writer.stats().commits == 5);  // the gate, then 3 + 3 + 3 + 1
}

TEST_CASE("what done is told is already there for others to read") {
  Fixture f;
  std::promise<std::int64_t> seen;
  REQUIRE(f.writer.submit(Fixture::insert(5), [&](Result<void>) { seen.set_value(f.ask("SELECT a FROM t")); }));
  CHECK(seen.get_future().get() == 5);
}

TEST_CASE("a job that fails or throws is undone alone") {
  Fixture f;
  f.close_gate();
  std::vector<std::string> told;
  const auto tell = [&](Result<void> result) { told.push_back(result ? "ok" : result.error().message); };
  REQUIRE(f.writer.submit(Fixture::insert(1), tell));
  REQUIRE(f.writer.submit(
      [](Database& database) -> Result<void> {
        database.execute("INSERT INTO t VALUES(2)").value();
        return Error{"changed my mind"};
      },
      tell));
  REQUIRE(f.writer.submit(
      [](Database& database) -> Result<void> {
        database.execute("INSERT INTO t VALUES(3)").value();
        throw std::runtime_error("bug");
      },
      tell));
  REQUIRE(f.writer.submit([](Database& database) { return database.execute("INSERT INTO nowhere VALUES(4)"); }, tell));
  REQUIRE(f.writer.submit(Fixture::insert(5), tell));
  f.open_gate();
  f.writer.run([](Database&) -> Result<void> { return {}; }).value();
  REQUIRE(told.size() == 5);
  CHECK(told[0] == "ok");
  CHECK(told[1] == "changed my mind");
  CHECK_THAT(told[2], Catch::Contains("bug"));
  CHECK_THAT(told[3], Catch::Contains("nowhere"));
  CHECK(told[4] == "ok");
  CHECK(f.ask("SELECT group_concat(a) = '1,5' FROM t") == 1);
}

TEST_CASE("a full queue refuses and calls nobody") {
  Fixture f{{.max_queued_jobs = 2, .max_jobs_per_commit = 10}};
  f.close_gate();
  CHECK(f.writer.submit(Fixture::insert(1), {}));
  CHECK(f.writer.submit(Fixture::insert(2), {}));
  bool called = false;
  CHECK_FALSE(f.writer.submit(Fixture::insert(3), [&](Result<void>) { called = true; }));
  CHECK_FALSE(f.writer.run(Fixture::insert(4)).has_value());
  f.open_gate();
  REQUIRE(eventually([&] { return f.writer.stats().queued == 0; }));
  f.writer.run(Fixture::insert(5)).value();
  CHECK(f.ask("SELECT group_concat(a) = '1,2,5' FROM t") == 1);
  CHECK_FALSE(called);
}

TEST_CASE("a disk that refuses fails every job of the commit, and later ones work again") {
  Fixture f;
  f.close_gate();
  std::vector<bool> told;
  const auto big = [](Database& database) { return database.execute("INSERT INTO t VALUES(zeroblob(100000))"); };
  const auto tell = [&](Result<void> result) { told.push_back(result.has_value()); };
  REQUIRE(f.writer.submit(Fixture::insert(1), tell));
  REQUIRE(f.writer.submit(big, tell));
  REQUIRE(f.writer.submit(Fixture::insert(2), tell));
  {
    const FullDisk full{4096};
    f.open_gate();
    REQUIRE(eventually([&] { return f.writer.stats().failed_commits > 0; }));
    const Result<void> refused = f.writer.run(big);
    REQUIRE_FALSE(refused.has_value());
    CHECK_THAT(refused.error().message, Catch::Contains("x.db") && Catch::Contains("disk"));
  }
  f.writer.run(Fixture::insert(3)).value();
  CHECK(told == std::vector<bool>{false, false, false});
  CHECK(f.ask("SELECT group_concat(a) = '3' FROM t") == 1);
}

TEST_CASE("the destructor finishes what is queued and leaves no log behind") {
  const TempDir dir;
  int done = 0;
  {
    Writer writer{Fixture::prepared(dir.path("x.db"))};
    for (int i = 0; i < 50; ++i) REQUIRE(writer.submit(Fixture::insert(i), [&](Result<void>) { ++done; }));
  }
  CHECK(done == 50);
  CHECK_FALSE(std::filesystem::exists(dir.path("x.db-wal")));
  Database reader = Database::open(dir.path("x.db"), Database::Mode::reader).value();
  CHECK(integer(reader, "SELECT count(*) FROM t") == 50);
}

TEST_CASE("many threads submit, every acknowledged job is there once") {
  Fixture f{{.max_queued_jobs = 64, .max_jobs_per_commit = 16}};
  std::atomic<int> acknowledged = 0;
  std::atomic<int> refused = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        const bool taken = f.writer.submit(Fixture::insert(t * 1000 + i),
                                           [&](Result<void> result) { acknowledged += result ? 1 : 0; });
        refused += taken ? 0 : 1;
        (void)f.writer.stats();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  while (!f.writer.run([](Database&) -> Result<void> { return {}; }).has_value()) std::this_thread::yield();
  CHECK(acknowledged + refused == 800);
  CHECK(f.ask("SELECT count(DISTINCT a) FROM t") == acknowledged);
  CHECK(f.ask("SELECT count(*) FROM t") == acknowledged);
}

TEST_CASE("the log stays bounded under a stream of large writes") {
  Fixture f;
  for (int i = 0; i < 160; ++i) {
    f.writer
        .run([](Database& database) {
          return database.execute("INSERT INTO t VALUES(zeroblob(500000)); DELETE FROM t");
        })
        .value();
  }
  CHECK(std::filesystem::file_size(f.dir.path("x.db-wal")) < 40'000'000);
}
