#include "collector/state/agents.h"

#include <catch2/catch.hpp>

using namespace crmpulse;
using namespace crmpulse::collector;

namespace {

const TimePoint kNow = from_unix_millis(1'790'000'000'000);
constexpr auto kSamples = store::RecordKind::remote_write_1;
constexpr auto kEvidence = store::RecordKind::evidence;

}  // namespace

TEST_CASE("an agent's samples are corrected by the median of its last five offsets") {
  AgentRegistry book;
  CHECK(book.observe("a", kNow - Duration{1000}, kNow) == Duration{1000});
  CHECK(book.observe("a", kNow - Duration{1100}, kNow) == Duration{1100});
  CHECK(book.observe("a", kNow - Duration{20'000}, kNow) == Duration{1100});
  CHECK(book.observe("a", kNow - Duration{900}, kNow) == Duration{1100});
  CHECK(book.observe("a", kNow - Duration{950}, kNow) == Duration{1000});
  CHECK_FALSE(book.all().at("a").skewed);
}

TEST_CASE("a clock off by more than thirty seconds is flagged and replaced by the time of receipt") {
  AgentRegistry book;
  CHECK(book.observe("a", kNow - Duration{100}, kNow) == Duration{100});
  CHECK(book.observe("a", kNow + Duration{31'000}, kNow) == Duration{-31'000});
  CHECK(book.all().at("a").skewed);
}

TEST_CASE("a clock that is set right again is right from its first request on") {
  AgentRegistry book;
  const TimePoint now = kNow;
  for (int i = 0; i < 5; ++i) CHECK(book.observe("a", now + std::chrono::hours{3}, now) == -std::chrono::hours{3});
  CHECK(book.observe("a", now - Duration{40}, now) == Duration{40});
  CHECK_FALSE(book.all().at("a").skewed);
  CHECK(book.observe("a", now - Duration{60}, now) >= Duration{40});
  CHECK(book.observe("a", now - Duration{60}, now) <= Duration{60});
}

TEST_CASE("an acknowledged batch of an endpoint is a duplicate") {
  AgentRegistry book;
  using Batch = AgentRegistry::Batch;
  CHECK(book.begin("a", kSamples, 7) == Batch::fresh);
  CHECK(book.begin("a", kSamples, 7) == Batch::pending);
  book.end("a", kSamples, 7, true);
  CHECK(book.begin("a", kSamples, 7) == Batch::duplicate);
  CHECK(book.begin("a", kEvidence, 7) == Batch::fresh);
  CHECK(book.begin("b", kSamples, 7) == Batch::fresh);
  // An agent whose spool was lost counts from one again.
  CHECK(book.begin("a", kSamples, 1) == Batch::fresh);
}

TEST_CASE("a batch that the network held back while others passed is a duplicate, and disturbs nobody") {
  AgentRegistry book;
  using Batch = AgentRegistry::Batch;
  for (const std::uint64_t batch : {7U, 9U, 12U}) {
    CHECK(book.begin("a", kSamples, batch) == Batch::fresh);
    book.end("a", kSamples, batch, true);
  }
  CHECK(book.begin("a", kSamples, 15) == Batch::fresh);
  CHECK(book.begin("a", kSamples, 7) == Batch::duplicate);
  CHECK(book.begin("a", kSamples, 9) == Batch::duplicate);
  CHECK(book.begin("a", kSamples, 15) == Batch::pending);
  CHECK(book.begin("a", kSamples, 8) == Batch::fresh);  // of an agent with the same name, or a spool begun anew
}

TEST_CASE("a batch that could not be journalled may come again") {
  AgentRegistry book;
  CHECK(book.begin("a", kSamples, 7) == AgentRegistry::Batch::fresh);
  book.end("a", kSamples, 7, false);
  CHECK(book.begin("a", kSamples, 7) == AgentRegistry::Batch::fresh);
}

TEST_CASE("acknowledged batches survive being saved, nonsense loads as nothing") {
  AgentRegistry book;
  book.end("a", kSamples, 7, true);
  book.end("a", kEvidence, 5, true);
  AgentRegistry other;
  other.load(book.save(), kNow);
  CHECK(other.begin("a", kSamples, 7) == AgentRegistry::Batch::duplicate);
  CHECK(other.begin("a", kEvidence, 5) == AgentRegistry::Batch::duplicate);
  AgentRegistry empty;
  empty.load("{broken", kNow);
  CHECK(empty.all().empty());
}

TEST_CASE("when an agent was seen last survives being saved, and never lies ahead") {
  AgentRegistry book;
  book.seen("dead", kNow - std::chrono::minutes{10});
  book.seen("from a clock that was ahead", kNow + std::chrono::hours{8});
  AgentRegistry other;
  other.load(book.save(), kNow);
  CHECK(other.all().at("dead").last_seen == kNow - std::chrono::minutes{10});
  CHECK(other.all().at("from a clock that was ahead").last_seen == kNow);
}

TEST_CASE("an agent's time is RFC 3339 or Unix milliseconds") {
  CHECK(parse_agent_time("2026-11-21T09:00:00Z").value() == parse_agent_time("1795251600000").value());
  CHECK(parse_agent_time("yesterday").has_error());
}
