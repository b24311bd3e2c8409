#include <catch2/catch.hpp>

#include "store/collector/collector_store.h"
#include "tests/store/support.h"

using namespace crmpulse;
using namespace crmpulse::store;
using namespace crmpulse::test;

namespace {

TimePoint at(int seconds) {
  return from_unix_millis(1'795'000'000'000) + std::chrono::seconds{seconds};
}

JournalRecord record(int seconds, std::size_t bytes = 10) {
  JournalRecord out;
  out.received = at(seconds);
  out.body = std::string(bytes, 'x');
  return out;
}

std::vector<std::int64_t> sequence(Database& database, std::int64_t after = 0) {
  std::vector<std::int64_t> all;
  read_journal(database, after, [&](const JournalRecord& one) {
    all.push_back(one.seq);
    return true;
  }).value();
  return all;
}

}  // namespace

TEST_CASE("a journal record comes back as it was appended") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  JournalRecord in;
  in.kind = RecordKind::evidence;
  in.received = at(5);
  in.agent = "branch-1";
  in.batch = 1'795'000'000'000'123;
  in.skew = Duration{-1500};
  in.body = std::string("\0\xff{}", 4);
  CHECK(append(database, in).value() == 1);
  CHECK(append(database, record(6)).value() == 2);
  std::vector<JournalRecord> out;
  read_journal(database, 0, [&](const JournalRecord& one) {
    out.push_back(one);
    return true;
  }).value();
  REQUIRE(out.size() == 2);
  CHECK(out[0].seq == 1);
  CHECK(out[0].kind == RecordKind::evidence);
  CHECK(out[0].received == in.received);
  CHECK(out[0].agent == in.agent);
  CHECK(out[0].batch == in.batch);
  CHECK(out[0].skew == in.skew);
  CHECK(out[0].body == in.body);
  CHECK(out[1].kind == RecordKind::remote_write_1);
  CHECK(out[1].agent.empty());
}

TEST_CASE("reading starts behind a seq, stops when told, and crosses its own pages") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  database.execute("BEGIN").value();
  for (int i = 0; i < 1000; ++i) append(database, record(i)).value();
  database.execute("COMMIT").value();
  CHECK(sequence(database).size() == 1000);
  CHECK(sequence(database, 744) == sequence(database, 744));
  CHECK(sequence(database, 744).front() == 745);
  CHECK(sequence(database, 1000).empty());
  int seen = 0;
  read_journal(database, 0, [&](const JournalRecord&) { return ++seen < 300; }).value();
  CHECK(seen == 300);
  CHECK_THROWS(read_journal(database, 0, [](const JournalRecord&) -> bool { throw std::runtime_error("mine"); }));
  Database reader = open_collector_reader(dir.path()).value();
  CHECK(sequence(reader).size() == 1000);
}

TEST_CASE("a seq is never used again, not even after everything was pruned and the file reopened") {
  const TempDir dir;
  {
    Database database = open_collector(dir.path()).value();
    CHECK(last_seq(database).value() == 0);
    for (int i = 0; i < 3; ++i) append(database, record(i)).value();
    CHECK(prune_journal(database, at(100), 1'000'000, 3, 100).value() == 3);
    CHECK(last_seq(database).value() == 3);
  }
  Database database = open_collector(dir.path()).value();
  CHECK(last_seq(database).value() == 3);
  CHECK(append(database, record(9)).value() == 4);
}

TEST_CASE("pruning by age, by bytes, never beyond what was folded, never more than asked") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  for (int i = 1; i <= 10; ++i) append(database, record(i, 100)).value();

  CHECK(prune_journal(database, at(0), 1000, 10, 100).value() == 0);
  CHECK(prune_journal(database, at(3), 1000, 10, 100).value() == 2);
  CHECK(sequence(database).front() == 3);
  CHECK(prune_journal(database, at(0), 799, 10, 100).value() == 1);
  CHECK(sequence(database).front() == 4);
  CHECK(prune_journal(database, at(100), 0, 5, 100).value() == 2);
  CHECK(sequence(database).front() == 6);
  CHECK(prune_journal(database, at(100), 0, 10, 2).value() == 2);
  CHECK(sequence(database) == std::vector<std::int64_t>{8, 9, 10});
  CHECK(prune_journal(database, at(0), 1'000'000, 10, 100).value() == 0);
  append(database, record(11, 50)).value();
  CHECK(prune_journal(database, at(0), 250, 11, 100).value() == 1);
  CHECK(prune_journal(database, at(0), 250, 11, 100).value() == 0);
}

TEST_CASE("the newest batch of each agent is remembered beyond the journal, samples and evidence apart") {
  const TempDir dir;
  Database database = open_collector(dir.path()).value();
  const auto add = [&](const std::string& agent, std::uint64_t batch, RecordKind kind) {
    JournalRecord one = record(1);
    one.agent = agent;
    one.batch = batch;
    one.kind = kind;
    append(database, one).value();
  };
  add("b", 7, RecordKind::remote_write_1);
  add("a", 5, RecordKind::remote_write_2);
  add("b", 9, RecordKind::remote_write_1);
  add("b", 8, RecordKind::remote_write_1);
  add("b", 9, RecordKind::evidence);
  add("", 3, RecordKind::remote_write_1);
  add("c", 0, RecordKind::remote_write_1);
  prune_journal(database, at(100), 0, 100, 100).value();
  using Batches = std::vector<std::pair<std::string, std::uint64_t>>;
  CHECK(last_batches(database).value() == Batches{{"a", 5}, {"b", 9}});
  CHECK(last_batches(database, Stream::evidence).value() == Batches{{"b", 9}});
}
