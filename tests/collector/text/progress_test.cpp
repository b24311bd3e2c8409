// Long work says how far it is on a terminal, and nothing into a pipe.

#include "collector/text/progress.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>

#include "tests/support/eventually.h"

using namespace crmpulse;
using namespace crmpulse::collector;

namespace {

/// The side of a person, and the side of the program.
struct Ends {
  int reader = -1;
  std::FILE* writer = nullptr;
  ~Ends() {
    if (writer != nullptr) std::fclose(writer);
    ::close(reader);
  }
  [[nodiscard]] bool heard() const {
    pollfd waits{reader, POLLIN, 0};
    return ::poll(&waits, 1, 0) > 0 && (waits.revents & POLLIN) != 0;
  }
  [[nodiscard]] std::string read() const {
    std::array<char, 4096> bytes{};
    const ssize_t got = ::read(reader, bytes.data(), bytes.size());
    return {bytes.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
  }
};

}  // namespace

TEST_CASE("progress is one line of a terminal, which is gone at the end") {
  ::setenv("TERM", "xterm", 1);
  Ends terminal;
  terminal.reader = ::posix_openpt(O_RDWR | O_NOCTTY);
  REQUIRE(terminal.reader >= 0);
  REQUIRE(::grantpt(terminal.reader) == 0);
  REQUIRE(::unlockpt(terminal.reader) == 0);
  terminal.writer = std::fopen(::ptsname(terminal.reader), "w");
  REQUIRE(terminal.writer != nullptr);
  {
    Progress progress{"copying", terminal.writer};
    const bool said = test::eventually([&] {
      progress.update(1, 4);
      return terminal.heard();
    });
    REQUIRE(said);
    CHECK(terminal.read() == "\rcopying … 25%\x1b[K");
  }
  CHECK(terminal.read() == "\r\x1b[K");
}

TEST_CASE("progress says nothing into a pipe, and nothing where a terminal cannot move its cursor") {
  ::setenv("TERM", "xterm", 1);
  Ends pipe;
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  pipe.reader = ends[0];
  pipe.writer = ::fdopen(ends[1], "w");
  CHECK_FALSE(is_terminal(pipe.writer));
  {
    Progress progress{"copying", pipe.writer};
    progress.update(1, 4);
  }
  std::fflush(pipe.writer);
  CHECK_FALSE(pipe.heard());
}
