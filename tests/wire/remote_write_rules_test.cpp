#include <catch2/catch.hpp>

#include "tests/wire/bodies.h"

using namespace crmpulse;
using namespace crmpulse::test;
using wire::Version;

namespace {

/// Three sound series around one with these labels; both versions must refuse it and say which.
void refused_labels(const std::vector<std::pair<std::string, std::string>>& labels, std::string_view says,
                    bool also_v2 = true) {
  oracle::WriteRequest request;
  add_series(request, "a");
  add_series(request, "b");
  oracle::TimeSeries& bad = *request.add_timeseries();
  for (const auto& [name, value] : labels) add_label(bad, name, value);
  bad.add_samples()->set_value(1);
  add_series(request, "c");
  std::vector<Outcome> outcomes{decode(Version::v1, body_of(request))};
  if (also_v2) outcomes.push_back(decode(Version::v2, body_of(as_v2(request))));
  for (const Outcome& outcome : outcomes) {
    REQUIRE_FALSE(outcome.result.has_value());
    CHECK(outcome.series.empty());
    CHECK(outcome.result.error().status == 400);
    CHECK(outcome.result.error().code == "label");
    CHECK_THAT(outcome.result.error().message, Catch::StartsWith("series 2: "));
    CHECK_THAT(outcome.result.error().message, Catch::Contains(std::string{says}));
  }
}

}  // namespace

TEST_CASE("a label set that breaks the rules refuses the whole request and says where") {
  refused_labels({{"__name__", "m"}, {"z", "1"}, {"a", "2"}}, "label 2 (a): the labels are not sorted");
  refused_labels({{"__name__", "m"}, {"a", "1"}, {"a", "2"}}, "label 2 (a): the name is there twice");
  refused_labels({{"", "v"}, {"__name__", "m"}}, "label 0 (): the name is empty");
  refused_labels({{"__name__", "m"}, {"a", ""}}, "label 1 (a): the value is empty");
  refused_labels({{"__name__", ""}}, "the value is empty");
  refused_labels({{"a", "1"}}, "there is no __name__");
  refused_labels({}, "there is no __name__");
  refused_labels({{"__name__", "m"}, {"bad-name", "1"}}, "label 1 (bad-name)");
  refused_labels({{"9", "1"}, {"__name__", "m"}}, "label 0 (9)");
  refused_labels({{"__name__", "no spaces"}}, "the metric's name", false);
}

TEST_CASE("a value that is not UTF-8 is refused in both versions") {
  // libprotobuf refuses to write it without a warning, so the bytes are patched in.
  oracle::WriteRequest request;
  add_label(*add_series(request, "m"), "crm", "QQQQ");
  const auto patched = [](std::string bytes) {
    bytes.replace(bytes.find("QQQQ"), 4, "Q\xc3(Q");
    return compress(bytes);
  };
  const Outcome first = decode(Version::v1, patched(request.SerializeAsString()));
  REQUIRE_FALSE(first.result.has_value());
  CHECK(first.result.error().code == "label");
  const Outcome second = decode(Version::v2, patched(as_v2(request).SerializeAsString()));
  REQUIRE_FALSE(second.result.has_value());
  CHECK(second.result.error().code == "symbol");
}

TEST_CASE("2.0 takes any UTF-8 as a metric's name, 1.0 does not") {
  oracle::WriteRequest request;
  add_series(request, "响应.time");
  CHECK_FALSE(decode(Version::v1, body_of(request)).result.has_value());
  CHECK(decode(Version::v2, body_of(as_v2(request))).series.size() == 1);
}

TEST_CASE("several series with the same labels in one request are all visited") {
  oracle::WriteRequest request;
  add_series(request, "crm_up");
  add_series(request, "crm_up");
  for (const Outcome& outcome : {decode(Version::v1, body_of(request)), decode(Version::v2, body_of(as_v2(request)))}) {
    REQUIRE(outcome.series.size() == 2);
    CHECK(outcome.series[0].key == outcome.series[1].key);
  }
}

TEST_CASE("the names of the series before do not excuse the next one") {
  // Same names as before, then fewer, more, and other ones: the short cut must not let anything through.
  oracle::WriteRequest request;
  add_label(*add_series(request, "m"), "b", "1");
  add_series(request, "m");
  add_label(*add_series(request, "m"), "b", "1");
  REQUIRE(decode(Version::v1, body_of(request)).series.size() == 3);
  oracle::TimeSeries* last = add_series(request, "m");
  add_label(*last, "b", "1");
  add_label(*last, "a", "1");
  CHECK_FALSE(decode(Version::v1, body_of(request)).result.has_value());
  oracle::WriteRequest nameless;
  add_label(*add_series(nameless, "m"), "b", "1");
  oracle::TimeSeries& bare = *nameless.add_timeseries();
  add_label(bare, "b", "1");
  bare.add_samples();
  CHECK_FALSE(decode(Version::v1, body_of(nameless)).result.has_value());
}

TEST_CASE("messages name the label, cut and cleaned, and never hold a value") {
  oracle::WriteRequest request;
  add_label(*add_series(request, "m"), "bad\nname" + std::string(90, 'x'), "secret-value");
  const Outcome outcome = decode(Version::v1, body_of(request));
  REQUIRE_FALSE(outcome.result.has_value());
  CHECK_THAT(outcome.result.error().message, !Catch::Contains("secret-value"));
  CHECK(outcome.result.error().message.find('\n') == std::string::npos);
  CHECK(outcome.result.error().message.size() < 200);
}
