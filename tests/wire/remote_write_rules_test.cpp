#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/wire/bodies.h"

using namespace crmpulse;
using namespace crmpulse::test;
using wire::SkipReason;
using wire::Version;

namespace {

using LabelList = std::vector<std::pair<std::string, std::string>>;

std::size_t skipped(const Outcome& outcome, SkipReason why) {
  return outcome.result.value().skipped.series.at(static_cast<std::size_t>(why));
}

void add_labelled(oracle::WriteRequest& request, const LabelList& labels) {
  oracle::TimeSeries& series = *request.add_timeseries();
  for (const auto& [name, value] : labels) add_label(series, name, value);
  series.add_samples()->set_value(1);
}

std::vector<Outcome> decode_both(const oracle::WriteRequest& request) {
  return {decode(Version::v1, body_of(request)), decode(Version::v2, body_of(as_v2(request)))};
}

/// Three sound series around one with these labels: both versions leave it out and take the others.
void left_out(const LabelList& labels, SkipReason why) {
  INFO(to_string(why));
  oracle::WriteRequest request;
  add_series(request, "a");
  add_series(request, "b");
  add_labelled(request, labels);
  add_series(request, "c");
  for (const Outcome& outcome : decode_both(request)) {
    REQUIRE(outcome.result.has_value());
    REQUIRE(outcome.series.size() == 3);
    CHECK(outcome.series[2].labels == LabelList{{"__name__", "c"}});
    CHECK(skipped(outcome, why) == 1);
    CHECK(outcome.result->skipped.all_series() == 1);
    CHECK(outcome.result->series == 4);
    CHECK(outcome.result->samples == 4);
    CHECK(outcome.result->skipped.faulty_samples() == 1);
  }
}

}  // namespace

TEST_CASE("a label set that breaks the rules leaves its series out and no other") {
  left_out({{"__name__", "m"}, {"a", "1"}, {"a", "2"}}, SkipReason::duplicate_label);
  left_out({{"__name__", "m"}, {"b", "1"}, {"a", "2"}, {"b", "3"}}, SkipReason::duplicate_label);
  left_out({{"", "v"}, {"__name__", "m"}}, SkipReason::name);
  left_out({{"__name__", ""}}, SkipReason::no_name);
  left_out({{"a", "1"}}, SkipReason::no_name);
  left_out({}, SkipReason::no_name);
  left_out({{"__name__", "m"}, {"bad-name", "1"}}, SkipReason::name);
  left_out({{"__name__", "m"}, {"Größe", "1"}}, SkipReason::name);
  left_out({{"9", "1"}, {"__name__", "m"}}, SkipReason::name);
  left_out({{"__name__", "m"}, {"crm", "a\xff"}}, SkipReason::encoding);
  left_out({{"__name__", "m"}, {"crm", std::string("a\0b", 3)}}, SkipReason::encoding);
  left_out({{"__name__", "m"}, {"flags", std::string(1500, 'x')}}, SkipReason::value_length);
  left_out({{"__name__", "m"}, {std::string(129, 'n'), "1"}}, SkipReason::name_length);
  LabelList many{{"__name__", "m"}};
  for (int i = 0; i < 64; ++i) many.emplace_back("l" + std::to_string(i), "1");
  left_out(many, SkipReason::label_count);
}

TEST_CASE("a metric's name that 1.0 does not know is left out in 2.0 too") {
  for (const std::string name : {"crm_response.time", "crm_up\ncrm_health_level{crm=\"victim\"} 0 #", "no spaces",
                                 "crm_up{", "crm_响应", "9crm"})
    left_out({{"__name__", name}, {"crm", "acme"}}, SkipReason::name);
  left_out({{"__name__", "crm_up"}, {"crm=\"victim\"} 0\n", "x"}}, SkipReason::name);
}

TEST_CASE("labels in any order, with empty ones among them, are the sorted set without them") {
  const LabelList sorted{{"Zone", "x"}, {"__name__", "crm_up"}, {"crm", "acme"}, {"kind", "tryton"}};
  oracle::WriteRequest request;
  add_labelled(request, sorted);
  add_labelled(request, LabelList{{"kind", "tryton"}, {"crm", "acme"}, {"__name__", "crm_up"}, {"Zone", "x"}});
  add_labelled(request,
               LabelList{{"__name__", "crm_up"}, {"site", ""}, {"Zone", "x"}, {"crm", "acme"}, {"kind", "tryton"}});
  add_labelled(request,
               LabelList{{"", ""}, {"Zone", "x"}, {"__name__", "crm_up"}, {"crm", "acme"}, {"kind", "tryton"}});
  for (const Outcome& outcome : decode_both(request)) {
    REQUIRE(outcome.series.size() == 4);
    for (const Read& read : outcome.series) {
      CHECK(read.labels == sorted);
      CHECK(read.key == outcome.series[0].key);
    }
    CHECK(outcome.result->skipped.all_series() == 0);
  }
}

TEST_CASE("empty labels do not count as labels") {
  LabelList labels{{"__name__", "m"}};
  for (int i = 0; i < 200; ++i) labels.emplace_back("l" + std::to_string(i), "");
  oracle::WriteRequest request;
  add_labelled(request, labels);
  for (const Outcome& outcome : decode_both(request)) CHECK(outcome.series.size() == 1);
}

TEST_CASE("a body of nothing but unsound series is taken with all of them left out") {
  oracle::WriteRequest request;
  for (int i = 0; i < 3; ++i) add_labelled(request, LabelList{{"crm", "acme"}});
  for (const Outcome& outcome : decode_both(request)) {
    REQUIRE(outcome.result.has_value());
    CHECK(outcome.series.empty());
    CHECK(skipped(outcome, SkipReason::no_name) == 3);
  }
}

TEST_CASE("a series without samples, histograms or exemplars says nothing and is not a fault") {
  oracle::WriteRequest request;
  add_series(request, "crm_up");
  add_label(*request.add_timeseries(), "__name__", "crm_records");
  for (const Outcome& outcome : decode_both(request)) {
    CHECK(outcome.series.size() == 1);
    CHECK(skipped(outcome, SkipReason::no_samples) == 1);
    CHECK(outcome.result->skipped.faulty_samples() == 0);
  }
}

TEST_CASE("several series with the same labels in one request are all visited") {
  oracle::WriteRequest request;
  add_series(request, "crm_up");
  add_series(request, "crm_up");
  for (const Outcome& outcome : decode_both(request)) {
    REQUIRE(outcome.series.size() == 2);
    CHECK(outcome.series[0].key == outcome.series[1].key);
  }
}

TEST_CASE("the names of the series before do not excuse the next one") {
  // Same names as before, then fewer, more, and other ones: the short cut must not let anything through.
  oracle::WriteRequest request;
  add_labelled(request, LabelList{{"__name__", "m"}, {"b", "1"}});
  add_series(request, "m");
  add_labelled(request, LabelList{{"__name__", "m"}, {"b", "1"}});
  REQUIRE(decode(Version::v1, body_of(request)).series.size() == 3);
  add_labelled(request, LabelList{{"__name__", "m"}, {"b", "1"}, {"b", "2"}});
  add_labelled(request, LabelList{{"b", "1"}});
  add_labelled(request, LabelList{{"__name__", "m"}, {"b", "1"}, {"c-d", "2"}});
  add_labelled(request, LabelList{{"__name__", "m n"}, {"b", "1"}});
  add_labelled(request, LabelList{{"__name__", "m"}, {"b", "2"}});
  for (const Outcome& outcome : decode_both(request)) CHECK(outcome.series.size() == 4);
}

TEST_CASE("each reason has a name of its own") {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < wire::kSkipReasons; ++i) names.emplace_back(to_string(static_cast<SkipReason>(i)));
  std::sort(names.begin(), names.end());
  CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
  CHECK(names.front().size() > 2);
}
