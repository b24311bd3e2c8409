#include <sys/wait.h>
#include <unistd.h>
#include <catch2/catch.hpp>
#include <csignal>
#include <thread>

#include "net/loop/controls.h"
#include "tests/net/support.h"

using namespace crmpulse;
using namespace crmpulse::net;
using namespace crmpulse::net::test;

namespace {

/// Runs `body` in a child process; its wait status.
int in_child(const std::function<void()>& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(20);
    std::signal(SIGTERM, SIG_DFL);  // the test runner has its own
    body();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

bool exited_with(int status, int code) {
  return WIFEXITED(status) && WEXITSTATUS(status) == code;
}

}  // namespace

TEST_CASE("what is posted runs in order on the loop's thread, from wherever it was posted") {
  Loop loop;
  std::string order;
  CHECK_FALSE(loop.on_thread());
  loop.post([&] {
    order += loop.on_thread() ? 'a' : '?';
    loop.post([&] { order += 'c'; });
  });
  loop.post([&] { order += 'b'; });
  std::thread other;
  loop.post([&] {
    other = std::thread([&] {
      loop.post([&] {
        order += loop.on_thread() ? 'd' : '?';
        loop.stop();
      });
    });
  });
  loop.run();
  other.join();
  CHECK(order == "abcd");
  CHECK_FALSE(loop.on_thread());
}

TEST_CASE("what belongs to a loop may be used by the thread that runs it, or by any while nobody does") {
  Loop loop;
  Loop other;
  CHECK(loop.owned_here());
  CHECK_FALSE(runs_loop);
  bool owned = false;
  bool others = false;
  bool marked = false;
  loop.post([&] {
    owned = loop.owned_here();
    marked = runs_loop;
    std::thread{[&] { others = loop.owned_here() || runs_loop; }}.join();
    CHECK(other.owned_here());
    loop.stop();
  });
  loop.run();
  CHECK(owned);
  CHECK(marked);
  CHECK_FALSE(others);
  CHECK_FALSE(runs_loop);
}

#if CRMPULSE_CHECKS_THREADS
TEST_CASE("a debug build ends when a timer is set on another thread than the loop's") {
  const int status = in_child([] {
    Loop loop;
    loop.post([&loop] { std::thread{[&loop] { (void)loop.after(kPatience, [] {}); }}.join(); });
    loop.run();
  });
  CHECK((WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT));
}
#endif

TEST_CASE("a stop before run is kept, and a loop can run again") {
  Loop loop;
  loop.stop();
  loop.run();
  bool ran = false;
  loop.post([&] {
    ran = true;
    loop.stop();
  });
  loop.run();
  CHECK(ran);
}

TEST_CASE("an exception of a handler comes out of run") {
  Loop loop;
  loop.post([] { throw std::runtime_error("broken invariant"); });
  CHECK_THROWS_WITH(loop.run(), "broken invariant");
  CHECK_FALSE(loop.on_thread());
}

TEST_CASE("timers fire in the order of their time, once") {
  Loop loop;
  std::string order;
  const auto late = loop.after(Duration{30}, [&] {
    order += 'b';
    loop.stop();
  });
  const auto early = loop.after(Duration{5}, [&] { order += 'a'; });
  const auto at_once = loop.after(Duration{0}, [&] { order += '0'; });
  loop.run();
  CHECK(order == "0ab");
}

TEST_CASE("a timer that is cancelled, dropped or replaced does not fire") {
  Loop loop;
  int fired = 0;
  auto cancelled = loop.after(Duration{5}, [&] { fired += 1; });
  cancelled.cancel();
  {
    const auto dropped = loop.after(Duration{5}, [&] { fired += 1; });
  }
  auto replaced = loop.after(Duration{5}, [&] { fired += 1; });
  replaced = loop.after(Duration{10}, [&] { fired += 10; });
  const auto end = loop.after(Duration{30}, [&] { loop.stop(); });
  loop.run();
  CHECK(fired == 10);
}

TEST_CASE("a timer cancelled after its time but before its turn does not fire") {
  Loop loop;
  int fired = 0;
  Loop::Timer second;
  const auto first = loop.after(Duration{1}, [&] {
    const auto start = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - start < Duration{10}) std::this_thread::yield();
    second.cancel();
  });
  second = loop.after(Duration{2}, [&] { fired += 1; });
  const auto end = loop.after(Duration{30}, [&] { loop.stop(); });
  loop.run();
  CHECK(fired == 0);
}

TEST_CASE("a timer may drop or replace itself while it runs") {
  Loop loop;
  int fired = 0;
  Loop::Timer timer;
  timer = loop.every(Duration{1}, [&, kept = std::make_shared<int>(7)] {
    timer = loop.after(Duration{1}, [&] { loop.stop(); });
    fired += *kept;
  });
  loop.run();
  CHECK(fired == 7);
}

TEST_CASE("a periodic timer keeps its rate and runs a late round once") {
  Loop loop;
  int rounds = 0;
  const auto start = std::chrono::steady_clock::now();
  const auto timer = loop.every(Duration{20}, [&] {
    rounds += 1;
    // The first round takes the time of more than four.
    while (rounds == 1 && std::chrono::steady_clock::now() - start < Duration{110}) std::this_thread::yield();
    if (rounds == 3) loop.stop();
  });
  loop.run();
  CHECK(rounds == 3);
  CHECK(std::chrono::steady_clock::now() - start >= Duration{120});
  CHECK_THROWS_AS(loop.every(Duration{0}, [] {}), std::invalid_argument);
}

TEST_CASE("a posted task that owns a timer may be left in a loop that goes") {
  const auto state = std::make_shared<int>(1);
  {
    Loop loop;
    auto timer = std::make_shared<Loop::Timer>(loop.after(Duration{1}, [state] {}));
    loop.post([timer, state] {});
  }
  CHECK(state.use_count() == 1);
}

TEST_CASE("SIGTERM and SIGINT ask to stop") {
  for (const int signal : {SIGTERM, SIGINT}) {
    const int status = in_child([signal] {
      Loop loop;
      loop.on_stop([&] { loop.stop(); });
      ::raise(signal);
      loop.run();
      ::_exit(7);
    });
    CHECK(exited_with(status, 7));
  }
}

TEST_CASE("a second signal ends the process at once, also while a handler is stuck") {
  const int status = in_child([] {
    Loop loop;
    loop.on_stop([&] {
      ::raise(SIGINT);
      for (;;) ::pause();
    });
    ::raise(SIGTERM);
    loop.run();
  });
  CHECK(exited_with(status, 128 + SIGINT));
}

TEST_CASE("SIGHUP asks to reload, as often as it comes") {
  const int status = in_child([] {
    Loop loop;
    int reloads = 0;
    loop.on_reload([&] {
      reloads += 1;
      if (reloads == 2)
        loop.stop();
      else
        ::raise(SIGHUP);
    });
    ::raise(SIGHUP);
    loop.run();
    ::_exit(reloads);
  });
  CHECK(exited_with(status, 2));
}

TEST_CASE("a control asks to stop and to reload as signals do, also when it came before the handlers") {
  const int status = in_child([] {
    raise_control(Control::reload);
    Loop loop;
    int reloads = 0;
    int stops = 0;
    loop.on_reload([&] {
      reloads += 1;
      if (reloads == 1) {
        raise_control(Control::reload);
        return;
      }
      raise_control(Control::stop);
      raise_control(Control::stop);
    });
    loop.on_stop([&] {
      stops += 1;
      // What is queued comes first: the second control too.
      loop.post([&] { loop.post([&] { loop.stop(); }); });
    });
    loop.run();
    ::_exit(10 * reloads + stops);
  });
  CHECK(exited_with(status, 21));
}

TEST_CASE("a control that comes when the loop has gone does nothing") {
  const int status = in_child([] {
    {
      Loop loop;
      loop.on_stop([] { ::_exit(1); });
    }
    raise_control(Control::stop);
    ::_exit(7);
  });
  CHECK(exited_with(status, 7));
}

TEST_CASE("a loop without handlers leaves signals as they are") {
  const int status = in_child([] {
    Loop loop;
    loop.post([] { ::raise(SIGTERM); });
    loop.run();
  });
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGTERM);
}
