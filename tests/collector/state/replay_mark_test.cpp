#include "collector/state/replay_mark.h"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>

#include "tests/collector/support.h"

using namespace crmpulse::collector;
using namespace crmpulse::test;

namespace {

/// A process that is killed in the middle of this record. True: it was let begin.
bool die_in(const TempDir& directory, std::int64_t seq) {
  const pid_t child = ::fork();
  if (child == 0) {
    ReplayMark mark{directory.path()};
    if (!mark.begin(seq)) ::_exit(7);
    ::raise(SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status);
}

}  // namespace

TEST_CASE("a record that ended three processes is passed over, one that did so less often is not") {
  const TempDir directory;
  CHECK(die_in(directory, 41));
  CHECK(die_in(directory, 41));
  {
    ReplayMark mark{directory.path()};
    CHECK(mark.begin(41));
  }
  CHECK_FALSE(die_in(directory, 41));
  ReplayMark mark{directory.path()};
  CHECK_FALSE(mark.begin(41));
  CHECK(mark.begin(42));
}

TEST_CASE("each start folds what lies before the record that ends it, and comes to it all the same") {
  const TempDir directory;
  const auto start = [&] {
    const pid_t child = ::fork();
    if (child == 0) {
      ReplayMark mark{directory.path()};
      for (std::int64_t seq = 1; seq < 9; ++seq) {
        if (!mark.begin(seq)) continue;
        if (seq == 5) ::raise(SIGKILL);
        mark.done();
      }
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status);
  };
  CHECK_FALSE(start());
  CHECK_FALSE(start());
  CHECK_FALSE(start());
  CHECK(start());
  CHECK(start());
}

TEST_CASE("a record that was folded once is not dangerous any more") {
  const TempDir directory;
  CHECK(die_in(directory, 41));
  CHECK(die_in(directory, 41));
  {
    ReplayMark mark{directory.path()};
    CHECK(mark.begin(41));
    mark.done();
    CHECK(mark.begin(42));
    mark.done();
  }
  CHECK(die_in(directory, 41));
}

TEST_CASE("without a file that can be written records are folded all the same") {
  const TempDir directory;
  std::filesystem::create_directory(directory.path("replay.mark"));
  ReplayMark mark{directory.path()};
  CHECK(mark.begin(1));
  mark.done();
  ReplayMark nowhere{directory.path("nowhere")};
  CHECK(nowhere.begin(1));
}
