#include <catch2/catch.hpp>
#include <limits>

#include "tests/wire/bodies.h"

using namespace crmpulse;
using namespace crmpulse::test;

TEST_CASE("what libprotobuf writes as 1.0 is read as it is") {
  Random random{1};
  wire::Decoder decoder;
  for (int round = 0; round < 500; ++round) {
    const oracle::WriteRequest request = random_v1(random);
    const Outcome outcome = decode(decoder, wire::Version::v1, body_of(request));
    REQUIRE(outcome.result.has_value());
    REQUIRE(outcome.series == expected(request));
    CHECK(outcome.result->series == static_cast<std::size_t>(request.timeseries_size()));
  }
}

TEST_CASE("a 2.0 message gives the same series and keys as the 1.0 message of the same samples") {
  Random random{2};
  wire::Decoder decoder;
  for (int round = 0; round < 500; ++round) {
    const oracle::WriteRequest request = random_v1(random);
    const Outcome outcome = decode(decoder, wire::Version::v2, body_of(as_v2(request)));
    REQUIRE(outcome.result.has_value());
    REQUIRE(outcome.series == expected(request));
  }
}

TEST_CASE("references that are not packed and symbols behind the series are read too") {
  oracle::WriteRequest request;
  add_label(*add_series(request, "crm_up"), "crm", "acme");
  const oracle::Request packed = as_v2(request);
  oracle::TimeSeriesV2Unpacked unpacked;
  *unpacked.mutable_labels_refs() = packed.timeseries(0).labels_refs();
  *unpacked.mutable_samples() = packed.timeseries(0).samples();

  std::string bytes;
  const std::string series = unpacked.SerializeAsString();
  bytes += '\x2a';
  bytes += static_cast<char>(series.size());
  bytes += series;
  oracle::Request only_symbols;
  *only_symbols.mutable_symbols() = packed.symbols();
  bytes += only_symbols.SerializeAsString();

  const Outcome outcome = decode(wire::Version::v2, compress(bytes));
  REQUIRE(outcome.result.has_value());
  CHECK(outcome.series == expected(request));
}

TEST_CASE("what is not canonical on the wire has the canonical key") {
  oracle::WriteRequest request;
  add_label(*add_series(request, "up"), "zone", "b");
  const Read plain = expected(request).at(0);

  // value before name; an overlong length; the sample before the labels
  const std::string value_first{"\x0a\x0e\x12\x02up\x0a\x08__name__", 16};
  const std::string overlong{
      "\x0a\x8b\x80\x00\x0a\x04zone\x12\x01"
      "b",
      13};
  const std::string zone{
      "\x0a\x09\x0a\x04zone\x12\x01"
      "b",
      11};
  const std::string name{"\x0a\x0e\x0a\x08__name__\x12\x02up", 16};
  oracle::TimeSeries samples;
  *samples.mutable_samples() = request.timeseries(0).samples();
  const std::string sample = samples.SerializeAsString();
  const auto body = [](const std::string& series) {
    return compress(std::string{'\x0a'} + static_cast<char>(series.size()) + series);
  };

  std::string overlong_zone = overlong;
  overlong_zone[1] = '\x89';
  for (const std::string& series : {name + zone + sample, value_first + zone + sample, name + overlong_zone + sample,
                                    sample + name + zone, name + sample + zone}) {
    const Outcome outcome = decode(wire::Version::v1, body(series));
    REQUIRE(outcome.result.has_value());
    REQUIRE(outcome.series.size() == 1);
    CHECK(outcome.series[0] == plain);
  }
}

TEST_CASE("histograms, exemplars and metadata are counted or passed over, not visited") {
  oracle::WriteRequest request;
  add_series(request, "crm_up")->add_exemplars()->set_value(1);
  oracle::TimeSeries& histogram = *request.add_timeseries();
  add_label(histogram, "__name__", "latency");
  histogram.add_histograms()->set_sum(3);
  histogram.add_histograms()->set_sum(4);
  request.add_metadata()->set_help("help");

  const Outcome first = decode(wire::Version::v1, body_of(request));
  REQUIRE(first.result.has_value());
  CHECK(first.series.size() == 1);
  CHECK(first.result->series == 2);
  CHECK(first.result->samples == 1);
  CHECK(first.result->histograms == 2);
  CHECK(first.result->exemplars == 1);

  oracle::Request second = as_v2(request);
  second.mutable_timeseries(0)->add_exemplars()->set_value(1);
  second.mutable_timeseries(0)->mutable_metadata()->set_help_ref(1);
  second.mutable_timeseries(0)->mutable_samples(0)->set_start_timestamp(7);
  second.mutable_timeseries(1)->add_histograms()->set_sum(3);
  const Outcome outcome = decode(wire::Version::v2, body_of(second));
  REQUIRE(outcome.result.has_value());
  CHECK(outcome.series == first.series);
  CHECK(outcome.result->histograms == 1);
  CHECK(outcome.result->exemplars == 1);
}

TEST_CASE("libprotobuf reads what encode writes, grouped by labels and in time order") {
  const auto at = [](std::int64_t millis) { return from_unix_millis(1'795'000'000'000 + millis); };
  const std::vector<Sample> samples{
      {"crm_up", {{"crm", "acme"}, {"Zone", "x"}}, 1, at(2)},
      {"crm_failure", {{"crm", "acme"}}, 1, at(0)},
      {"crm_up", {{"crm", "acme"}, {"Zone", "x"}}, 0, at(1)},
      {"crm_up", {{"Zone", "x"}, {"crm", "acme"}}, 5, at(2)},
      {"bare", {}, std::numeric_limits<double>::infinity(), at(0)},
      {"late", {{"__name__", "hidden"}, {"_", "v"}}, 2, from_unix_millis(-5)},
  };
  oracle::WriteRequest read;
  REQUIRE(read.ParseFromString(uncompress(wire::encode(samples))));
  const std::vector<Read> series = expected(read);
  REQUIRE(series.size() == 4);
  using Labels = std::vector<std::pair<std::string, std::string>>;
  CHECK(series[0].labels == Labels{{"Zone", "x"}, {"__name__", "crm_up"}, {"crm", "acme"}});
  REQUIRE(read.timeseries(0).samples_size() == 3);
  CHECK(read.timeseries(0).samples(0).value() == 0);
  CHECK(read.timeseries(0).samples(1).value() == 1);
  CHECK(read.timeseries(0).samples(2).value() == 5);
  CHECK(series[1].labels == Labels{{"__name__", "crm_failure"}, {"crm", "acme"}});
  CHECK(series[2].labels == Labels{{"__name__", "bare"}});
  CHECK(series[3].labels == Labels{{"_", "v"}, {"__name__", "late"}});
  CHECK(read.timeseries(3).samples(0).timestamp() == -5);
  const Outcome ours = decode(wire::Version::v1, wire::encode(samples));
  REQUIRE(ours.result.has_value());
  CHECK(ours.series == series);
}

TEST_CASE("random samples survive encode and decode bit by bit") {
  Random random{3};
  for (int round = 0; round < 300; ++round) {
    const oracle::WriteRequest request = random_v1(random);
    std::vector<Sample> samples;
    std::size_t count = 0;
    for (const auto& series : request.timeseries()) {
      Sample sample;
      for (const auto& label : series.labels()) {
        if (label.name() == "__name__")
          sample.metric = label.value();
        else
          sample.labels.set(label.name(), label.value());
      }
      for (const auto& value : series.samples()) {
        sample.value = value.value();
        sample.at = from_unix_millis(value.timestamp());
        samples.push_back(sample);
        ++count;
      }
    }
    const std::string body = wire::encode(samples);
    oracle::WriteRequest back;
    REQUIRE(back.ParseFromString(uncompress(body)));
    const Outcome ours = decode(wire::Version::v1, body);
    REQUIRE(ours.result.has_value());
    CHECK(ours.series == expected(back));
    CHECK(ours.result->samples == count);
  }
}

TEST_CASE("a stale marker stays one through both versions, other NaN are not one") {
  const double stale = std::bit_cast<double>(std::uint64_t{0x7ff0000000000002});
  CHECK(wire::is_stale_marker(stale));
  CHECK_FALSE(wire::is_stale_marker(std::numeric_limits<double>::quiet_NaN()));
  CHECK_FALSE(wire::is_stale_marker(0));
  const std::vector<Sample> samples{{"m", {}, stale, from_unix_millis(1)},
                                    {"m", {}, std::numeric_limits<double>::quiet_NaN(), from_unix_millis(2)}};
  const std::string body = wire::encode(samples);
  oracle::WriteRequest request;
  REQUIRE(request.ParseFromString(uncompress(body)));
  for (const Outcome& outcome : {decode(wire::Version::v1, body), decode(wire::Version::v2, body_of(as_v2(request)))}) {
    REQUIRE(outcome.result.has_value());
    REQUIRE(outcome.series.at(0).samples.size() == 2);
    CHECK(outcome.series[0].samples[0].first == 0x7ff0000000000002U);
    CHECK(outcome.series[0].samples[1].first == std::bit_cast<std::uint64_t>(std::numeric_limits<double>::quiet_NaN()));
  }
}
