#include "core/words/value.h"

#include <catch2/catch.hpp>

#include <array>
#include <limits>

using namespace crmpulse;

namespace {

std::string en(double value, const char* unit) {
  return value_text(value, unit, Language::en);
}

/// Beside one threshold.
std::string beside(double value, double line, const char* unit) {
  return value_beside(value, std::array{line}, unit, Language::en);
}

}  // namespace

TEST_CASE("durations are said as people say them, in the units of their size") {
  CHECK(en(0, "seconds") == "0 s");
  CHECK(en(0.0834, "seconds") == "83.4 ms");
  CHECK(en(0.9994, "seconds") == "999 ms");
  CHECK(en(0.9996, "seconds") == "1 s");
  CHECK(en(3.9, "seconds") == "3.9 s");
  CHECK(en(4.134, "seconds") == "4.13 s");
  CHECK(en(59.97, "seconds") == "1 min");
  CHECK(en(95, "seconds") == "1 min 35 s");
  CHECK(en(150, "seconds") == "2 min 30 s");
  CHECK(en(599.7, "seconds") == "10 min");
  CHECK(en(13'100, "seconds") == "3 h 38 min");
  CHECK(en(13'200, "seconds") == "3 h 40 min");
  CHECK(en(3599.9, "seconds") == "1 h");
  CHECK(en(93'600, "seconds") == "26 h");
  CHECK(en(50 * 3600, "seconds") == "2 d 2 h");
  CHECK(en(14 * 86'400, "seconds") == "14 d");
  CHECK(en(-3 * 86'400, "seconds") == "3 d to go");
  CHECK(value_text(13'200, "seconds", Language::zh) == "3 小时 40 分钟");
  CHECK(value_text(-3 * 86'400, "seconds", Language::zh) == "还有 3 天");
  CHECK(value_text(0.35, "seconds", Language::zh) == "350 毫秒");
  CHECK(en(std::numeric_limits<double>::infinity(), "seconds") == "?");
  CHECK(en(1e300, "seconds").ends_with(" d"));
}

TEST_CASE("shares, counts and units of somebody's own are said plainly, never with an exponent") {
  CHECK(en(0.9724, "ratio") == "97.24%");
  CHECK(en(0.5, "ratio") == "50%");
  CHECK(en(12.5, "percent") == "12.5%");
  CHECK(en(3, "count") == "3");
  CHECK(en(912'345.6, "count") == "912,346");
  CHECK(en(-1'234'567, "") == "-1,234,567");
  CHECK(en(13'100, "count") == "13,100");
  CHECK(en(0.000012, "count") == "0.000012");
  CHECK(en(1e21, "count") == "1,000,000,000,000,000,000,000");
  CHECK(en(250, "ms") == "250 ms");
  CHECK(en(90, "minutes") == "1 h 30 min");
  CHECK(en(1.5 * 1024 * 1024 * 1024, "bytes") == "1.5 GiB");
  CHECK(en(12.5, "records/s") == "12.5 records/s");
  CHECK(en(900'000, "EUR") == "900,000 EUR");
}

TEST_CASE("rounding never carries a value over its threshold") {
  CHECK(beside(3.999, 4, "seconds") == "3.999 s");
  CHECK(beside(3.9999, 4, "seconds") == "3.9999 s");
  CHECK(beside(3.0001, 3, "seconds") == "3.0001 s");
  CHECK(beside(4, 4, "seconds") == "4 s");
  CHECK(beside(0.989999, 0.99, "ratio") == "98.9999%");
  CHECK(beside(2.9996, 3, "count") == "2.9996");
  CHECK(beside(7199.6, 7200, "seconds") == "1 h 59 min 59.6 s");
  CHECK(beside(13'199, 13'200, "seconds") == "3 h 39 min 59 s");
  CHECK(beside(14 * 86'400 - 60, 14 * 86'400, "seconds") == "13 d 23 h 59 min");
  CHECK(beside(3.9999999999, 4, "seconds") == "just under 4 s");
  CHECK(beside(4.0000000001, 4, "seconds") == "just over 4 s");
  CHECK(value_beside(3.9999999999, std::array{4.0}, "seconds", Language::zh) == "略低于 4 秒");
  // Of two thresholds it must not seem to have passed the other one either.
  CHECK(value_beside(2.9996, std::array{1.0, 3.0}, "seconds", Language::en) == "2.9996 s");
}

TEST_CASE("whatever the value, its text is on the side of the threshold on which the value is") {
  for (const double line :
       {0.001, 0.5, 1.0, 3.0, 60.0, 90.0, 120.0, 3600.0, 7200.0, 93'600.0, 180'000.0, 1'209'600.0}) {
    for (const double apart : {1e-7, 1e-5, 1e-3, 1e-2}) {
      for (const double value : {line * (1 - apart), line * (1 + apart)}) {
        INFO(line << " " << value);
        CHECK(beside(value, line, "seconds") != en(line, "seconds"));
        CHECK(beside(value, line, "count") != en(line, "count"));
      }
    }
  }
}
