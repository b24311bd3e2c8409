// kill -9: what was acknowledged is there afterwards.

#include <unistd.h>

#include <catch2/catch.hpp>
#include <set>
#include <thread>

#include "store/collector/collector_store.h"
#include "store/collector/writer.h"
#include "store/spool/spool.h"
#include "tests/store/support.h"

using namespace crmpulse;
using namespace crmpulse::test;

namespace {

void tell(int pipe, std::uint32_t number) {
  if (::write(pipe, &number, sizeof number) != sizeof number) _exit(2);
}

std::set<std::uint32_t> told(const std::string& bytes) {
  std::set<std::uint32_t> numbers;
  for (std::size_t i = 0; i + 4 <= bytes.size(); i += 4) {
    std::uint32_t number = 0;
    bytes.copy(reinterpret_cast<char*>(&number), 4, i);
    numbers.insert(number);
  }
  return numbers;
}

[[noreturn]] void append_for_ever(const std::string& dir, int pipe) {
  store::Writer writer{store::open_collector(dir).value(), {.max_queued_jobs = 32, .max_jobs_per_commit = 8}};
  for (std::uint32_t number = 1;; ++number) {
    store::JournalRecord record;
    record.batch = number;
    record.agent = "agent";
    record.body = std::string(number % 5000, 'x');
    const auto job = [record](store::Database& database) -> Result<void> {
      const auto seq = store::append(database, record);
      if (!seq) return seq.error();
      return {};
    };
    while (!writer.submit(job, [pipe, number](Result<void> result) {
      if (result) tell(pipe, number);
    }))
      std::this_thread::yield();
  }
}

Sample sample(std::uint32_t number) {
  return {"m", {{"crm", "acme"}}, static_cast<double>(number), from_unix_millis(number)};
}

[[noreturn]] void push_for_ever(const std::string& dir, int pipe) {
  const auto spool = store::Spool::open(dir, {.max_bytes = 100'000'000, .flush_interval = Duration{1}}).value();
  for (std::uint32_t number = 1;; ++number) {
    spool->push({sample(number)}, {});
    if (number % 10 != 0) continue;
    if (!spool->flush()) _exit(3);
    tell(pipe, number);
  }
}

}  // namespace

TEST_CASE("every journal record acknowledged before kill -9 is there once, in order") {
  const TempDir dir;
  std::int64_t last = 0;
  for (int round = 0; round < 3; ++round) {
    const auto acknowledged = told(run_and_kill([&](int pipe) { append_for_ever(dir.path(), pipe); }, 4 * 300));
    REQUIRE(acknowledged.size() >= 300);
    store::Database database = store::open_collector(dir.path()).value();
    std::set<std::uint32_t> found;
    store::read_journal(database, last, [&](const store::JournalRecord& record) {
      CHECK(record.seq > last);
      last = record.seq;
      CHECK(record.body.size() == record.batch % 5000);
      CHECK(found.insert(static_cast<std::uint32_t>(record.batch)).second);
      return true;
    }).value();
    for (const std::uint32_t number : acknowledged) CHECK(found.count(number) == 1);
  }
}

TEST_CASE("everything flushed to the spool before kill -9 is there, in order, with ascending numbers") {
  const TempDir dir;
  const auto flushed = told(run_and_kill([&](int pipe) { push_for_ever(dir.path(), pipe); }, 4 * 50));
  const auto spool = store::Spool::open(dir.path(), {}).value();
  std::uint32_t expected = 1;
  std::uint64_t last = 0;
  while (true) {
    const auto batch = spool->peek(70).value();
    if (batch.empty()) break;
    CHECK(batch.seq > last);
    last = batch.seq;
    for (const Sample& one : batch.samples) REQUIRE(one == sample(expected++));
    spool->acknowledge(batch.seq).value();
  }
  CHECK(expected > *flushed.rbegin());
}
