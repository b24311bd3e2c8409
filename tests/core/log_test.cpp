#include "core/log.h"

#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "core/text/printable.h"

using namespace crmpulse;

namespace {

/// What is written to standard error meanwhile.
template <class Work>
std::string written_by(const Work& work) {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  std::fflush(stderr);
  const int kept = ::dup(STDERR_FILENO);
  ::dup2(ends[1], STDERR_FILENO);
  work();
  std::fflush(stderr);
  ::dup2(kept, STDERR_FILENO);
  ::close(kept);
  ::close(ends[1]);
  std::string text(4096, '\0');
  text.resize(static_cast<std::size_t>(::read(ends[0], text.data(), text.size())));
  ::close(ends[0]);
  return text;
}

}  // namespace

TEST_CASE("a text log shows nothing that forges a line, moves a cursor or cannot be seen") {
  log::configure(log::Level::info, log::Format::text);
  for (const char* hidden : {"\x1b[31m", "\r", "\n2026-01-01 error  forged",
                             "\xc2\x9b"
                             "31m",
                             "\xe2\x80\xae", "\xe2\x80\x8b", "\xff"}) {
    const std::string line = written_by([&] { log::warning("seen", {{"crm", std::string{"acme"} + hidden}}); });
    INFO(line);
    REQUIRE(line.ends_with('\n'));
    CHECK(is_printable(std::string_view{line}.substr(0, line.size() - 1)));
    CHECK(line.find("\"acme\\u") != std::string::npos);
  }
}

TEST_CASE("plain values of a text log stand as they are, others in quotes") {
  log::configure(log::Level::info, log::Format::text);
  const std::string line =
      written_by([] { log::info("seen", {{"crm", "客户"}, {"why", "a \"b\" c"}, {"path", "a\\b"}}); });
  CHECK(line.find(" crm=客户 why=\"a \\\"b\\\" c\" path=\"a\\\\b\"\n") != std::string::npos);
}

TEST_CASE("a JSON log escapes what cannot be seen as JSON does") {
  log::configure(log::Level::info, log::Format::json);
  const std::string line = written_by([] { log::info("seen", {{"crm", "a\xe2\x80\xae\x1b\"b"}}); });
  log::configure(log::Level::info, log::Format::text);
  CHECK(line.find(R"("crm":"a\u202e\u001b\"b"})") != std::string::npos);
}

TEST_CASE("a sink takes events in place of standard error, at the same level, until it is taken away") {
  log::configure(log::Level::info, log::Format::json);
  std::vector<std::pair<log::Level, std::string>> taken;
  log::set_sink([&](log::Level level, std::string_view text) { taken.emplace_back(level, text); });
  const std::string printed = written_by([] {
    log::debug("too small");
    log::warning("a CRM is silent\nforged", {{"crm", "acme"}, {"reason", "no route"}});
  });
  log::set_sink({});
  log::configure(log::Level::info, log::Format::text);
  CHECK(printed.empty());
  REQUIRE(taken.size() == 1);
  CHECK(taken.front().first == log::Level::warning);
  CHECK(taken.front().second == R"(a CRM is silent\u000aforged crm=acme reason="no route")");
  CHECK(written_by([] { log::info("back"); }).ends_with(" info    back\n"));
}
