// kill -9 while blocks and rollups are made: nothing is lost, nothing counts twice.

#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <random>

#include "tests/collector/history/three_days.h"

using namespace crmpulse;
using namespace crmpulse::test;

namespace {

/// Works in a process of its own, which a signal ends after `patience` wherever it is: no handler, no destructor, no
/// commit runs. True if the work was done before.
bool work_or_die(const Years& years, TimePoint now, std::chrono::microseconds patience) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::signal(SIGALRM, SIG_DFL);
    store::Writer writer{store::open_collector(years.folder()).value()};
    HistoryBuilder builder{years.reader(), writer};
    HistoryRoller roller{years.reader(), writer};
    const itimerval timer{{0, 0}, {patience.count() / 1'000'000, patience.count() % 1'000'000}};
    ::setitimer(ITIMER_REAL, &timer, nullptr);
    builder.begin().value();
    while (builder.build(now).value()) {
    }
    while (builder.merge(now).value()) {
    }
    while (roller.roll(now).value()) {
    }
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  if (WIFEXITED(status)) {
    REQUIRE(WEXITSTATUS(status) == 0);
    return true;
  }
  REQUIRE(WTERMSIG(status) == SIGALRM);
  return false;
}

}  // namespace

TEST_CASE("kill -9 at any point of the work on blocks and rollups loses and doubles nothing") {
  Years years;
  Readout sender{7};
  std::mt19937 random{7};
  const TimePoint to = first_day() + 84h;
  days_received(years, sender);
  years.close();
  int kills = 0;
  // The longest that a process may live grows, so that the longest step is done once.
  while (!work_or_die(years, to + 24h, std::chrono::microseconds{1 + random() % (2'000 * (1 + kills))})) ++kills;
  INFO(kills << " kills");
  CHECK(kills >= 10);
  years.open();
  for (const Duration step : {Duration{30s}, Duration{10min}, Duration{1h}, Duration{24h}}) {
    INFO(format_duration(step));
    check_equal(years.read(kSeconds, first_day(), to, step), sender.seconds());
    check_equal(years.read(kRecords, first_day(), to, step), sender.records());
  }
}
