#include "collector/backtest/reader.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <sstream>

using namespace crmpulse;
using namespace crmpulse::collector;

namespace {

struct Read {
  std::vector<BacktestEvent> events;
  std::vector<BacktestBatch::Name> names;
  std::size_t controls = 0;
  std::size_t batches = 0;
  std::string error;
};

Read read_all(const std::string& text) {
  std::istringstream in{text};
  JsonBatches batches{in};
  Read read;
  while (true) {
    auto next = batches.next();
    if (next.has_error()) {
      read.error = next.error().message;
      return read;
    }
    if (!next->has_value()) return read;
    BacktestBatch& batch = **next;
    ++read.batches;
    read.controls += batch.controls.size();
    read.events.insert(read.events.end(), batch.events.begin(), batch.events.end());
    read.names.insert(read.names.end(), batch.names.begin(), batch.names.end());
  }
}

const std::string kTime = "2026-11-21T09:00:00Z";
const TimePoint kAt = parse_time(kTime).value();

}  // namespace

TEST_CASE("however a line is written, it says the same") {
  const std::vector<std::string> spellings{
      R"({"at":"2026-11-21T09:00:00Z","metric":"m","labels":{"crm":"acme","operation":"read"},"value":0.25})",
      R"({"at": "2026-11-21T09:00:00Z", "metric": "m", "labels": {"crm": "acme", "operation": "read"}, "value": 0.25})",
      R"({"metric":"m","value":2.5e-1,"labels":{"operation":"read","crm":"acme"},"at":"2026-11-21T10:00:00+01:00"})",
      R"({ "at":"2026-11-21T09:00:00.000Z","metric":"\u006d","labels":{"crm":"acme","operation":"read"},"value":25e-2 })",
      R"({"at":"2026-11-21T09:00:00Z","metric":"m","labels":{"operation":"read","crm":"acme"},"value":0.25})"};
  for (const std::string& spelling : spellings) {
    INFO(spelling);
    const Read read = read_all(spelling + "\n");
    CHECK(read.error.empty());
    REQUIRE(read.events.size() == 1);
    CHECK(read.events[0].at == kAt);
    CHECK(read.events[0].value == 0.25);
    REQUIRE(read.names.size() == 1);
    CHECK(read.names[0].metric == "m");
    CHECK(to_string(read.names[0].labels) == R"({crm="acme",operation="read"})");
  }
}

TEST_CASE("the same series keeps its number, another gets the next") {
  std::string text;
  for (const char* crm : {"a", "b", "a", "c", "b"})
    text += fmt::format(R"({{"at":"{}","metric":"m","labels":{{"crm":"{}"}},"value":1}})", kTime, crm) + "\r\n\n";
  const Read read = read_all(text);
  REQUIRE(read.events.size() == 5);
  CHECK(read.names.size() == 3);
  CHECK(read.events[0].series == read.events[2].series);
  CHECK(read.events[1].series == read.events[4].series);
  CHECK(read.events[3].series == 2);
}

TEST_CASE("braces, quotes and backslashes in labels are theirs") {
  const Read read =
      read_all(fmt::format(R"({{"at":"{0}","metric":"m","labels":{{"crm":"a}},\"x\"","path":"c:\\d"}},"value":1}})"
                           "\n"
                           R"({{"at":"{0}","metric":"m","labels":{{"crm":"a}},b"}},"value":1}})",
                           kTime));
  CHECK(read.error.empty());
  REQUIRE(read.names.size() == 2);
  CHECK(read.names[0].labels.get("crm") == R"(a},"x")");
  CHECK(read.names[0].labels.get("path") == R"(c:\d)");
  CHECK(read.names[1].labels.get("crm") == "a},b");
}

TEST_CASE("ticks and controls keep their places") {
  const Read read = read_all(fmt::format(R"({{"at":"{0}"}})"
                                         "\n"
                                         R"({{"at":"{0}","control":"restart"}})"
                                         "\n"
                                         R"({{"at":"{0}","metric":"m","labels":{{}},"value":1}})",
                                         kTime));
  REQUIRE(read.events.size() == 3);
  CHECK(read.events[0].series == BacktestEvent::kTick);
  CHECK(read.events[1].series == BacktestEvent::kControl);
  CHECK(read.controls == 1);
  CHECK(read.events[2].series == 0);
}

TEST_CASE("lines longer than a block, and a block's end within a line, are read whole") {
  std::string text;
  const std::string name(3 * JsonBatches::kBlock, 'x');
  text += fmt::format(R"({{"at":"{}","metric":"{}","labels":{{"crm":"a"}},"value":1}})", kTime, name) + "\n";
  for (int i = 0; i < 30'000; ++i)
    text += fmt::format(R"({{"at":"{}","metric":"m","labels":{{"crm":"a"}},"value":{}}})", kTime, i) + "\n";
  const Read read = read_all(text);
  CHECK(read.error.empty());
  REQUIRE(read.events.size() == 30'001);
  CHECK(read.names[0].metric.size() == name.size());
  for (std::size_t i = 1; i < read.events.size(); ++i) REQUIRE(read.events[i].value == static_cast<double>(i - 1));
}

TEST_CASE("what is not a number to JSON is not one here, and the lines before a wrong one count") {
  for (const char* value : {"inf", ".5", "+1", "nan", "0x10", "1,", "\"1\"", ""}) {
    const Read read = read_all(fmt::format(R"({{"at":"{0}"}})"
                                           "\n"
                                           R"({{"at":"{0}","metric":"m","labels":{{"crm":"a"}},"value":{1}}})",
                                           kTime, value));
    INFO(value);
    CHECK(read.events.size() == 1);
    CHECK(read.error.starts_with("line 2: "));
  }
}
