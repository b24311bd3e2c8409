// What may go to one receiver, and what verdicts mean for it, without outbox, loop or network.

#include <catch2/catch.hpp>

#include "collector/delivery/receiver_queue.h"
#include "tests/collector/delivery/delivery_bench.h"

using namespace crmpulse;
using namespace crmpulse::test;
using namespace std::chrono_literals;
using collector::OutboxRows;
using collector::Verdict;
using store::DeliveryStatus;

namespace {

const Verdict kDelivered{Verdict::Kind::delivered, {}, {}, false};
const Verdict kFailed{Verdict::Kind::retry, {}, "HTTP 503", false};
const Verdict kRefused{Verdict::Kind::dead, {}, "HTTP 400", false};

struct Bench {
  Bench() { reload(); }
  void reload() { queue.configure(DeliveryBench::named("oncall", receiver), now); }
  OutboxRows rows(int count) const {
    OutboxRows out(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i].id = "id-" + std::to_string(i);
      out[i].created = now;
    }
    return out;
  }
  /// One request with these rows, answered so.
  void attempt(OutboxRows& rows, const Verdict& verdict) {
    REQUIRE(queue.begin(rows, now));
    CHECK(queue.answered(rows, verdict.gone ? 410 : 500) > 0);
    queue.finish(rows, verdict, now);
  }
  /// How many requests it may be sent now; 0: none.
  int requests() {
    const auto lease = queue.next_lease(now);
    queue.leased();
    queue.wake(now);
    return lease ? lease->requests : 0;
  }

  TimePoint now = from_unix_millis(1'795'000'000'000);
  std::shared_ptr<PlainReceiver> receiver = std::make_shared<PlainReceiver>("http://127.0.0.1:1/");
  collector::ReceiverStats stats;
  collector::ReceiverQueue queue{"oncall", stats};
};

}  // namespace

TEST_CASE("after five failures in a row a receiver gets one request in 30 s, until it answers") {
  Bench bench;
  for (int i = 0; i < 5; ++i) {
    CHECK(bench.requests() == 4);
    OutboxRows rows = bench.rows(1);
    bench.attempt(rows, kFailed);
    CHECK(rows[0].status == DeliveryStatus::pending);
    CHECK(rows[0].last_error == "HTTP 503");
  }
  CHECK(bench.stats.breaker_open);
  CHECK(bench.requests() == 0);
  CHECK_FALSE(bench.queue.take_unstored(bench.now));
  bench.now += 30s;
  CHECK(bench.requests() == 1);
  OutboxRows rows = bench.rows(1);
  bench.attempt(rows, kDelivered);
  CHECK(rows[0].status == DeliveryStatus::delivered);
  CHECK_FALSE(bench.stats.breaker_open);
  CHECK(bench.requests() == 4);
}

TEST_CASE("no second lease is asked for while one is under way, and no more requests than four at once") {
  Bench bench;
  CHECK(bench.queue.next_lease(bench.now));
  CHECK_FALSE(bench.queue.next_lease(bench.now + 1min));
  bench.queue.leased();
  bench.queue.wake(bench.now);
  OutboxRows rows = bench.rows(1);
  for (int i = 0; i < 4; ++i) REQUIRE(bench.queue.begin(rows, bench.now));
  CHECK(bench.requests() == 0);
  CHECK(bench.queue.answered(rows, 200) == 1);
  CHECK(bench.requests() == 1);
}

TEST_CASE("rows that were refused together go each by itself the next time, and only what is refused alone dies") {
  Bench bench;
  bench.receiver->list = 10;
  OutboxRows rows = bench.rows(3);
  bench.attempt(rows, kRefused);
  for (const store::OutboxRow& row : rows) CHECK(row.status == DeliveryStatus::pending);
  auto deliveries = bench.queue.pack(rows, 4);
  REQUIRE(deliveries.size() == 3);
  bench.attempt(deliveries[0].rows, kRefused);
  CHECK(deliveries[0].rows[0].status == DeliveryStatus::dead);
  bench.attempt(deliveries[1].rows, kDelivered);
  CHECK(bench.queue.pack(rows, 4).size() == 2);
}

TEST_CASE("an endpoint that said 410 gets nothing but what is asked for by hand, until the next reload") {
  Bench bench;
  OutboxRows first = bench.rows(1);
  bench.attempt(first, {Verdict::Kind::dead, {}, "HTTP 410", true});
  CHECK_FALSE(bench.queue.hears_of_others());
  OutboxRows next = bench.rows(2);
  CHECK_FALSE(bench.queue.begin(next, bench.now));
  for (const store::OutboxRow& row : next) CHECK(row.status == DeliveryStatus::dead);
  CHECK(bench.queue.begin(first, bench.now));
  bench.reload();
  OutboxRows last = bench.rows(1);
  CHECK(bench.queue.begin(last, bench.now));
}

TEST_CASE("what the disk refuses is sent out of the same budget") {
  Bench bench;
  bench.receiver->most = collector::Budget{3, 60s};
  bench.reload();
  bench.now += 60s;
  for (int i = 0; i < 3; ++i) CHECK(bench.queue.take_unstored(bench.now));
  CHECK_FALSE(bench.queue.take_unstored(bench.now));
  CHECK(bench.requests() == 0);
  bench.now += 60s;
  CHECK(bench.requests() == 3);
}
