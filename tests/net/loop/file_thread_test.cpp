#include "net/loop/file_thread.h"

#include <catch2/catch.hpp>
#include <future>
#include <stdexcept>
#include <string>

using namespace crmpulse;
using namespace crmpulse::net;

TEST_CASE("a file thread runs jobs in order off the loop, and their callbacks in order on it") {
  Loop loop;
  FileThread files{loop};
  std::string seen;
  for (const char name : {'a', 'b', 'c'}) {
    files.run([name] { return runs_loop ? '?' : name; },
              [&seen, &loop](char made) {
                seen += loop.on_thread() ? made : '!';
                if (made == 'c') loop.stop();
              });
  }
  loop.run();
  CHECK(seen == "abc");
}

TEST_CASE("a file thread hands over what can only be moved, and work that returns nothing") {
  Loop loop;
  FileThread files{loop};
  bool worked = false;
  int number = 0;
  files.run([] { return std::make_unique<int>(7); }, [&number](std::unique_ptr<int> made) { number = *made; });
  files.run([&worked] { worked = true; }, [&loop] { loop.stop(); });
  loop.run();
  CHECK(number == 7);
  CHECK(worked);
}

TEST_CASE("a loop stays free while its file thread waits") {
  Loop loop;
  FileThread files{loop};
  std::promise<void> go;
  std::string seen;
  files.run([&go] { go.get_future().wait(); },
            [&] {
              seen += "file";
              loop.stop();
            });
  loop.post([&] {
    seen += "loop ";
    go.set_value();
  });
  loop.run();
  CHECK(seen == "loop file");
}

TEST_CASE("a file thread that goes finishes its jobs and drops their callbacks") {
  Loop loop;
  int worked = 0;
  int called = 0;
  {
    FileThread files{loop};
    for (int i = 0; i < 3; ++i) files.run([&worked] { ++worked; }, [&called] { ++called; });
  }
  loop.post([&loop] { loop.stop(); });
  loop.run();
  CHECK(worked == 3);
  CHECK(called == 0);
}

TEST_CASE("what a job throws is thrown on the loop") {
  Loop loop;
  FileThread files{loop};
  files.run([] { throw std::runtime_error("broken"); }, [] {});
  CHECK_THROWS_WITH(loop.run(), "broken");
}
