#include "wire/text.h"

#include <catch2/catch.hpp>
#include <string>

using namespace crmpulse::wire;

TEST_CASE("names follow Prometheus's two patterns") {
  for (const char* good : {"a", "_", "__name__", "A9_z"}) CHECK(is_label_name(good));
  for (const char* bad : {"", "9a", "a-b", "a:b", "a b", "é"}) CHECK_FALSE(is_label_name(bad));
  for (const char* good : {"crm_up", "a:b", ":a", "_1"}) CHECK(is_metric_name(good));
  for (const char* bad : {"", "1a", "a.b", "a-b", "状"}) CHECK_FALSE(is_metric_name(bad));
  CHECK_FALSE(is_label_name(std::string{"a\0b", 3}));
}

TEST_CASE("UTF-8 is accepted exactly when well-formed, at every position of a word") {
  const std::vector<std::string> good{"\x7f",         "\xc2\x80",         "\xdf\xbf",
                                      "\xe0\xa0\x80", "\xed\x9f\xbf",     "\xee\x80\x80",
                                      "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"};
  const std::vector<std::string> bad{"\x80",
                                     "\xbf",
                                     "\xc0\x80",
                                     "\xc1\xbf",
                                     "\xc2",
                                     "\xe0\x9f\xbf",
                                     "\xed\xa0\x80",
                                     "\xed\xbf\xbf",
                                     "\xe2\x82",
                                     "\xe2\x28\xa1",
                                     "\xf0\x8f\xbf\xbf",
                                     "\xf4\x90\x80\x80",
                                     "\xf5\x80\x80\x80",
                                     "\xff",
                                     "\xf0\x90\x80",
                                     "\xc2\x41"};
  for (std::size_t before = 0; before < 20; ++before) {
    for (std::size_t after : {0U, 1U, 7U, 8U, 17U}) {
      const auto around = [&](const std::string& text) {
        return std::string(before, 'x') + text + std::string(after, 'y');
      };
      for (const auto& text : good) CHECK(is_utf8(around(text)));
      for (const auto& text : bad) CHECK_FALSE(is_utf8(around(text)));
    }
  }
  CHECK(is_utf8(""));
}
