#include "store/spool/spool.h"

#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/store/support.h"

using namespace crmpulse;
using namespace crmpulse::test;
using store::Spool;

namespace {

constexpr Duration kNever = std::chrono::hours{1};  ///< flushes happen when the test asks

Sample sample(int number) {
  return {
      "crm_up", {{"crm", "acme"}, {"agent", "branch-1"}}, static_cast<double>(number), from_unix_millis(1000 + number)};
}
Evidence evidence(int number) {
  return {from_unix_millis(number),          "acme", "tryton", "branch-1", "read", "connect", "refused",
          "数据库 " + std::to_string(number)};
}

std::unique_ptr<Spool> open(const TempDir& dir, std::uint64_t max_bytes = 1'000'000, Duration flush = kNever) {
  return Spool::open(dir.path(), {.max_bytes = max_bytes, .flush_interval = flush}).value();
}

void push(Spool& spool, int first, int count) {
  std::vector<Sample> samples;
  for (int i = 0; i < count; ++i) samples.push_back(sample(first + i));
  spool.push(std::move(samples), {});
}

std::vector<int> numbers(const Spool::Batch& batch) {
  std::vector<int> out;
  for (const Sample& one : batch.samples) out.push_back(static_cast<int>(one.value));
  return out;
}
std::vector<int> drain(Spool& spool) {
  std::vector<int> all;
  while (true) {
    const auto batch = spool.peek(7).value();
    if (batch.empty()) return all;
    for (const int number : numbers(batch)) all.push_back(number);
    spool.acknowledge(batch.seq).value();
  }
}
using Numbers = std::vector<int>;

}  // namespace

TEST_CASE("samples and evidence come back as they were pushed") {
  const TempDir dir;
  const auto spool = open(dir);
  Sample odd = sample(1);
  odd.value = std::nan("");
  spool->push({odd, {"bare", {}, -0.0, from_unix_millis(-5)}}, {evidence(7), {}});
  spool->push({}, {});
  spool->flush().value();
  const auto batch = spool->peek(100).value();
  REQUIRE(batch.samples.size() == 2);
  CHECK(std::isnan(batch.samples[0].value));
  CHECK(batch.samples[0].labels == odd.labels);
  CHECK(batch.samples[1] == Sample{"bare", {}, -0.0, from_unix_millis(-5)});
  CHECK(batch.evidence == std::vector<Evidence>{evidence(7), {}});
  CHECK(spool->stats().rows == 1);
  CHECK(spool->stats().oldest == from_unix_millis(-5));
}

TEST_CASE("what is pushed becomes durable by itself within the interval") {
  const TempDir dir;
  const auto spool = open(dir, 1'000'000, Duration{5});
  push(*spool, 1, 1);
  CHECK(eventually([&] { return !spool->peek(10).value().empty(); }));
}

TEST_CASE("who listens hears of what was stored, and of nothing else") {
  const TempDir dir;
  const auto spool = open(dir, 1'000'000, Duration{5});
  std::atomic<int> heard{0};
  std::atomic<bool> there{true};
  spool->listen([&] {
    there = there && !spool->peek(10).value().empty();
    ++heard;
  });
  push(*spool, 1, 1);
  CHECK(eventually([&] { return heard == 1; }));
  CHECK(there);
  spool->acknowledge(spool->peek(10).value().seq).value();
  spool->listen({});
  push(*spool, 2, 1);
  CHECK(eventually([&] { return !spool->peek(10).value().empty(); }));
  CHECK(heard == 1);
}

TEST_CASE("batches are oldest first, whole rows, and the same until acknowledged") {
  const TempDir dir;
  const auto spool = open(dir);
  for (int i = 0; i < 4; ++i) push(*spool, i * 3, 3);
  CHECK(spool->peek(100).value().empty());  // not durable yet
  spool->flush().value();

  const auto first = spool->peek(7).value();
  CHECK(numbers(first) == Numbers{0, 1, 2, 3, 4, 5});
  push(*spool, 12, 3);
  spool->flush().value();
  CHECK(numbers(spool->peek(1000).value()) == numbers(first));
  CHECK(spool->peek(1000).value().seq == first.seq);
  // A receiver that found it too large gets less, under a smaller number.
  CHECK(numbers(spool->peek(3).value()) == Numbers{0, 1, 2});
  CHECK(spool->peek(3).value().seq < first.seq);
  CHECK(numbers(spool->peek(1).value()) == Numbers{0, 1, 2});  // a row is never split
  spool->acknowledge(spool->peek(1).value().seq).value();
  CHECK(numbers(spool->peek(1000).value()) == Numbers{3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14});
}

TEST_CASE("evidence is bounded in a batch too") {
  const TempDir dir;
  const auto spool = open(dir);
  for (int i = 0; i < 6; ++i) spool->push({}, std::vector<Evidence>(200, evidence(i)));
  spool->flush().value();
  CHECK(spool->peek(1000).value().evidence.size() == 400);
}

TEST_CASE("a restart keeps what was flushed or pushed before a clean end, and goes on counting") {
  const TempDir dir;
  std::uint64_t seq = 0;
  {
    const auto spool = open(dir);
    push(*spool, 1, 2);
    spool->flush().value();
    seq = spool->peek(10).value().seq;
    push(*spool, 3, 2);
  }
  {
    const auto spool = open(dir);
    CHECK(spool->stats().rows == 2);
    CHECK(spool->stats().oldest == sample(1).at);
    CHECK(drain(*spool) == Numbers{1, 2, 3, 4});
    CHECK(spool->stats().rows == 0);
    CHECK(spool->stats().bytes == 0);
    CHECK(spool->stats().oldest == TimePoint{});
  }
  const auto spool = open(dir);
  push(*spool, 5, 1);
  spool->flush().value();
  CHECK(spool->peek(10).value().seq > seq + 1);
}

TEST_CASE("a spool created anew starts above the numbers of the one that was lost") {
  const TempDir first;
  const TempDir second;
  std::uint64_t lost = 0;
  {
    const auto spool = open(first);
    for (int i = 0; i < 50; ++i) push(*spool, i, 1);
    spool->flush().value();
    lost = spool->peek(1000).value().seq;
  }
  const auto spool = open(second);
  push(*spool, 1, 1);
  spool->flush().value();
  CHECK(spool->peek(10).value().seq > lost);
}

TEST_CASE("over the bound the oldest go and are counted, in the file as in memory") {
  const TempDir dir;
  std::uint64_t row = 0;
  {
    const TempDir other;
    const auto probe = open(other);
    push(*probe, 100, 2);
    row = probe->stats().bytes;
  }
  const auto spool = open(dir, row * 10);
  for (int i = 0; i < 6; ++i) push(*spool, 100 + 2 * i, 2);
  spool->flush().value();
  CHECK(spool->stats().dropped_samples == 0);
  for (int i = 6; i < 13; ++i) push(*spool, 100 + 2 * i, 2);
  spool->flush().value();
  CHECK(spool->stats().dropped_samples == 6);
  CHECK(spool->stats().bytes == row * 10);
  CHECK(spool->stats().rows == 10);
  CHECK(spool->stats().oldest == sample(106).at);

  for (int i = 0; i < 30; ++i) push(*spool, 200 + 2 * i, 2);  // none flushed: the memory's bound is the same
  CHECK(spool->stats().dropped_samples == 6 + 40);
  spool->flush().value();
  CHECK(spool->stats().dropped_samples == 6 + 40 + 20);
  CHECK(spool->stats().rows == 10);
  CHECK(drain(*spool).front() == 240);

  const std::uint64_t before = spool->stats().dropped_samples;
  push(*spool, 0, 1000);  // larger than the whole bound
  spool->flush().value();
  CHECK(spool->stats().dropped_samples == before + 1000);
  CHECK(spool->peek(10).value().empty());
}

TEST_CASE("a peeked batch that the bound dropped is not waited for") {
  const TempDir dir;
  const auto spool = open(dir, 2000);
  push(*spool, 1, 5);
  spool->flush().value();
  const auto first = spool->peek(100).value();
  for (int i = 0; i < 20; ++i) push(*spool, 100 + i, 5);
  spool->flush().value();
  const auto second = spool->peek(1000).value();
  CHECK(numbers(second).front() > 100);
  CHECK(second.seq > first.seq);
  spool->acknowledge(first.seq).value();
  CHECK(numbers(spool->peek(1000).value()) == numbers(second));
}

TEST_CASE("a disk that refuses: pushes go on, memory stays bounded, all is written afterwards in order") {
  const TempDir dir;
  const auto spool = open(dir, 40'000);
  push(*spool, 0, 1);
  spool->flush().value();
  std::uint64_t dropped = 0;
  {
    const FullDisk full{4096};
    for (int i = 1; i <= 3; ++i) {
      push(*spool, i * 10, 10);
      CHECK_FALSE(spool->flush().has_value());
    }
    CHECK(spool->stats().dropped_samples == 0);
    CHECK(spool->stats().rows == 4);
    for (int i = 4; i <= 400; ++i) push(*spool, i * 10, 10);
    const Result<void> refused = spool->flush();
    REQUIRE_FALSE(refused.has_value());
    CHECK_THAT(refused.error().message, Catch::Contains("spool.db"));
    CHECK(spool->stats().bytes <= 80'000);
    dropped = spool->stats().dropped_samples;
    CHECK(dropped > 0);
  }
  spool->flush().value();
  CHECK(spool->stats().bytes <= 40'000);
  const Numbers left = drain(*spool);
  CHECK(left.back() == 4009);
  CHECK(std::is_sorted(left.begin(), left.end()));
  CHECK(left.size() + spool->stats().dropped_samples == 1 + 4000);
}

TEST_CASE("rows that cannot be read do not block the ones behind them") {
  const TempDir dir;
  {
    const auto spool = open(dir);
    for (int i = 0; i < 4; ++i) push(*spool, i, 1);
  }
  {
    store::Database database = store::Database::open(dir.path("spool.db"), store::Database::Mode::writer).value();
    database
        .execute(
            "UPDATE spool_row SET body = zeroblob(length(body)) WHERE seq IN (SELECT seq FROM spool_row ORDER BY seq "
            "LIMIT 2)")
        .value();
  }
  {
    const auto spool = open(dir);
    CHECK(drain(*spool) == Numbers{2, 3});
    push(*spool, 9, 1);
  }
  {
    store::Database database = store::Database::open(dir.path("spool.db"), store::Database::Mode::writer).value();
    database.execute("UPDATE spool_row SET body = zeroblob(length(body))").value();
  }
  const auto spool = open(dir);
  CHECK(spool->peek(10).value().empty());
  CHECK(spool->stats().rows == 0);
}

TEST_CASE("named values survive a restart and are empty until set") {
  const TempDir dir;
  {
    const auto spool = open(dir);
    CHECK(spool->get("calls").value().empty());
    spool->set("calls", "1").value();
    spool->set("calls", "2").value();
  }
  CHECK(open(dir)->get("calls").value() == "2");
}

TEST_CASE("a spool file that cannot be read at all is set aside, and measuring goes on") {
  const TempDir dir;
  std::ofstream{dir.path("spool.db")} << std::string(5000, '?');
  const auto spool = open(dir);
  push(*spool, 1, 2);
  spool->flush().value();
  CHECK(drain(*spool) == Numbers{1, 2});
}

TEST_CASE("what was handed out before a restart comes again as the same batch, whatever has joined the spool since") {
  const TempDir dir;
  Spool::Batch before;
  {
    const auto spool = open(dir);
    push(*spool, 1, 3);
    spool->flush().value();
    before = spool->peek(100).value();
    push(*spool, 4, 3);
  }
  {
    const auto spool = open(dir);
    push(*spool, 7, 3);
    spool->flush().value();
    const auto again = spool->peek(100).value();
    CHECK(again.seq == before.seq);
    CHECK(numbers(again) == numbers(before));
    spool->acknowledge(again.seq).value();
    CHECK(numbers(spool->peek(100).value()) == Numbers{4, 5, 6, 7, 8, 9});
  }
  CHECK(drain(*open(dir)) == Numbers{4, 5, 6, 7, 8, 9});
}

TEST_CASE("a day without a collector fits into a spool of the default size", "[slow]") {
  // Ten CRMs, measured every 30 s for a day, eight samples each, in the shape of the agent's own.
  constexpr int kRuns = 10 * 2880;
  const TempDir dir;
  const auto spool = Spool::open(dir.path(), {.flush_interval = kNever}).value();
  std::vector<Sample> samples(8, sample(0));
  for (Sample& one : samples) {
    one.metric = "crm_operation_duration_seconds";
    one.labels.set("kind", "salesforce");
    one.labels.set("operation", "read");
    one.labels.set("object", "Opportunity");
  }
  for (int run = 0; run < kRuns; ++run) {
    samples.front().value = run;
    spool->push(samples, {});
    if (run % 1000 == 0) spool->flush().value();
  }
  spool->flush().value();
  CHECK(spool->stats().dropped_samples == 0);
  CHECK(spool->stats().bytes < Spool::Options{}.max_bytes / 8);
  int next = 0;
  for (auto batch = spool->peek(2000).value(); !batch.empty(); batch = spool->peek(2000).value()) {
    for (std::size_t i = 0; i < batch.samples.size(); i += 8)
      if (batch.samples[i].value != next++) FAIL("out of order at " << next);
    spool->acknowledge(batch.seq).value();
  }
  CHECK(next == kRuns);
}

TEST_CASE("many threads push while one ships: nothing is lost, each keeps its order") {
  const TempDir dir;
  const auto spool = open(dir, 100'000'000, Duration{1});
  constexpr int kThreads = 4;
  constexpr int kEach = 500;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) push(*spool, t * 10'000 + i, 1);
    });
  }
  Numbers all;
  std::uint64_t last = 0;
  const bool complete = eventually([&] {
    const auto batch = spool->peek(50).value();
    (void)spool->stats();
    if (batch.empty()) return false;
    CHECK(batch.seq > last);
    last = batch.seq;
    for (const int number : numbers(batch)) all.push_back(number);
    spool->acknowledge(batch.seq).value();
    return all.size() == kThreads * kEach;
  });
  for (std::thread& thread : threads) thread.join();
  REQUIRE(complete);
  std::vector<int> next(kThreads, 0);
  for (const int number : all) CHECK(number % 10'000 == next[static_cast<std::size_t>(number / 10'000)]++);
}

TEST_CASE("a spool that is put back to an earlier state gives new batches numbers nobody has seen") {
  const TempDir folder;
  const TempDir copy;
  std::vector<std::uint64_t> seen;
  const auto send = [&](Spool& spool, int value) {
    spool.push({sample(value)}, {});
    spool.flush().value();
    const Spool::Batch batch = spool.peek(100).value();
    CHECK(spool.peek(100).value().number == batch.number);
    seen.push_back(batch.number);
    spool.acknowledge(batch.seq).value();
  };
  {
    const auto spool = Spool::open(folder.path(), {}).value();
    send(*spool, 1);
  }
  std::filesystem::copy(folder.path(), copy.path(), std::filesystem::copy_options::recursive);
  for (const std::string& state : {folder.path(), copy.path()}) {
    const auto spool = Spool::open(state, {}).value();
    for (int value = 2; value < 6; ++value) send(*spool, value);
  }
  std::sort(seen.begin(), seen.end());
  CHECK(seen.size() == 9);
  CHECK(std::adjacent_find(seen.begin(), seen.end()) == seen.end());
}
