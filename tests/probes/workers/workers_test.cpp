#include "probes/workers/workers.h"

#include <catch2/catch.hpp>

#include <future>
#include <stdexcept>
#include <string>
#include <vector>

using namespace crmpulse;
using namespace crmpulse::probes;

namespace {

Workers::Time never() {
  return std::chrono::steady_clock::now() + std::chrono::hours{24};
}

}  // namespace

TEST_CASE("jobs of one thread run in the order in which they are due, those of one moment as they came") {
  std::promise<void> all_there;
  std::promise<std::string> ran;
  std::string order;
  Workers workers{1};
  workers.submit([&] { all_there.get_future().wait(); });
  const auto now = std::chrono::steady_clock::now();
  workers.at(now + std::chrono::milliseconds{1}, [&] { ran.set_value(order + "d"); });
  workers.at(now, [&] { order += "c"; });
  workers.submit([&] { order += "a"; });
  workers.submit([&] { order += "b"; });
  all_there.set_value();
  CHECK(ran.get_future().get() == "abcd");
}

TEST_CASE("a job that is dropped before its time does not run, and lets go of what it holds") {
  Workers workers{1};
  const auto held = std::make_shared<int>(0);
  const Workers::Id id = workers.at(never(), [held] {});
  CHECK(held.use_count() == 2);
  workers.drop(id);
  CHECK(held.use_count() == 1);
  workers.drop(id);
}

TEST_CASE("as many threads as there are jobs, up to the bound") {
  std::promise<void> first;
  std::promise<void> second;
  std::promise<void> third;
  std::promise<void> release;
  const std::shared_future<void> released = release.get_future().share();
  Workers workers{2};  // ends before what its jobs refer to
  workers.submit([&] { first.set_value(), released.wait(); });
  workers.submit([&] { second.set_value(), released.wait(); });
  workers.submit([&] { third.set_value(); });
  first.get_future().wait();
  second.get_future().wait();
  auto waits = third.get_future();
  CHECK(waits.wait_for(std::chrono::seconds{0}) == std::future_status::timeout);
  release.set_value();
  waits.wait();
}

TEST_CASE("what a job throws does not end its thread") {
  std::promise<void> next;
  Workers workers{1};
  workers.submit([] { throw std::runtime_error("no more memory"); });
  workers.submit([&] { next.set_value(); });
  next.get_future().wait();
}

TEST_CASE("the end waits for the job that runs, and drops what has not begun") {
  std::promise<void> begun;
  bool ended = false;
  bool later = false;
  {
    Workers workers{1};
    workers.submit([&] { begun.set_value(), ended = true; });
    workers.at(never(), [&] { later = true; });
    begun.get_future().wait();
    workers.stop();
    CHECK(ended);
    workers.submit([&] { later = true; });
  }
  CHECK_FALSE(later);
}

TEST_CASE("a thread that is held for longer than the patience is left behind") {
  std::promise<void> release;
  std::promise<void> begun;
  std::promise<void> gone;
  const auto hung = [&begun, released = release.get_future().share(), &gone] {
    begun.set_value();
    released.wait();
    gone.set_value_at_thread_exit();
  };
  {
    Workers workers{1, Duration{0}};
    workers.submit(hung);
    begun.get_future().wait();
  }
  release.set_value();
  gone.get_future().wait();
}
