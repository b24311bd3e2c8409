#include "net/loop/tasks.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch.hpp>
#include <stdexcept>

using namespace crmpulse::net;
namespace asio = boost::asio;

namespace {

asio::awaitable<void> throws() {
  throw std::runtime_error("a test's task");
  co_return;
}

asio::awaitable<void> counts(int* count) {
  *count += 1;
  co_return;
}

/// Counts its end, however it ends.
asio::awaitable<void> waits_for_ever(int* ended) {
  struct Ending {
    ~Ending() { count += 1; }
    int& count;
  };
  const Ending ending{*ended};
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, asio::steady_timer::time_point::max());
  co_await timer.async_wait(asio::use_awaitable);
}

}  // namespace

TEST_CASE("a scope knows how many tasks run and says when the last has ended") {
  asio::io_context context;
  TaskScope tasks(context.get_executor());
  int count = 0;
  int joined = 0;
  tasks.spawn("counts", counts(&count));
  tasks.spawn("counts", counts(&count));
  CHECK(tasks.running() == 2);
  tasks.join([&] { joined = count; });
  CHECK(joined == 0);
  context.run();
  CHECK(joined == 2);
  CHECK(tasks.running() == 0);
  CHECK(tasks.failed() == 0);
}

TEST_CASE("joining an empty scope is told soon, not inside the call") {
  asio::io_context context;
  TaskScope tasks(context.get_executor());
  bool joined = false;
  tasks.join([&] { joined = true; });
  CHECK_FALSE(joined);
  context.run();
  CHECK(joined);
}

TEST_CASE("what a task throws is counted and ends nothing else") {
  asio::io_context context;
  TaskScope tasks(context.get_executor());
  int count = 0;
  tasks.spawn("throws", throws());
  tasks.spawn("counts", counts(&count));
  context.run();
  CHECK(count == 1);
  CHECK(tasks.failed() == 1);
  CHECK(tasks.running() == 0);
}

TEST_CASE("cancelled tasks end, and that is not a failure") {
  asio::io_context context;
  TaskScope tasks(context.get_executor());
  int ended = 0;
  bool joined = false;
  for (int i = 0; i < 3; ++i) tasks.spawn("waits", waits_for_ever(&ended));
  context.poll();
  CHECK(ended == 0);
  tasks.cancel();
  tasks.join([&] { joined = true; });
  context.run();
  CHECK(ended == 3);
  CHECK(joined);
  CHECK(tasks.failed() == 0);
}

TEST_CASE("tasks may outlive their scope, and a context that goes takes them along") {
  int ended = 0;
  {
    asio::io_context context;
    {
      TaskScope tasks(context.get_executor());
      tasks.spawn("waits", waits_for_ever(&ended));
    }
    context.poll();
    CHECK(ended == 0);
  }
  CHECK(ended == 1);
}
