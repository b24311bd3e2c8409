#include <algorithm>
#include <catch2/catch.hpp>

#include "core/text/utf8.h"
#include "tests/wire/bodies.h"

using namespace crmpulse;
using namespace crmpulse::test;
using wire::Version;

namespace {

std::string varint(std::uint64_t value) {
  std::string out;
  for (; value >= 128; value >>= 7) out += static_cast<char>(value | 0x80);
  return out + static_cast<char>(value);
}

/// Refused means: nothing was visited, the status and code are of the list, the message is there.
void check_refused(const Outcome& outcome) {
  REQUIRE_FALSE(outcome.result.has_value());
  const wire::DecodeError& refusal = outcome.result.error();
  CHECK(outcome.series.empty());
  CHECK((refusal.status == 400 || refusal.status == 413));
  CHECK_FALSE(refusal.code.empty());
  CHECK_FALSE(refusal.message.empty());
}

/// What is visited is a sorted set of labels with a name, whatever stands elsewhere in the message.
void check_sound(const Outcome& outcome) {
  for (const Read& read : outcome.series) {
    REQUIRE(std::is_sorted(read.labels.begin(), read.labels.end()));
    const auto name = [](const auto& label) { return label.first == "__name__" && !label.second.empty(); };
    REQUIRE(std::count_if(read.labels.begin(), read.labels.end(), name) == 1);
    for (const auto& label : read.labels) REQUIRE((!label.second.empty() && utf8::is_valid(label.second)));
  }
}

template <class Request>
void check_mutant(wire::Decoder& decoder, Version version, const std::string& bytes) {
  const Outcome outcome = decode(decoder, version, compress(bytes));
  if (!outcome.result) return check_refused(outcome);
  Request request;
  // Broken inside what is not used here, an exemplar or a histogram.
  if (!request.ParseFromString(bytes)) return check_sound(outcome);
  REQUIRE(outcome.series == expected(request));
}

template <class Request, class Make>
void mutate(Version version, Make make, std::uint64_t seed) {
  Random random{seed};
  wire::Decoder decoder;
  for (int round = 0; round < 300; ++round) {
    const std::string sound = make(random).SerializeAsString();
    if (sound.empty()) continue;
    for (int mutant = 0; mutant < 20; ++mutant) {
      std::string bytes = sound;
      for (std::size_t flips = 1 + random() % 3; flips > 0; --flips)
        bytes[random() % bytes.size()] = static_cast<char>(random());
      check_mutant<Request>(decoder, version, bytes);
    }
    check_mutant<Request>(decoder, version, sound.substr(0, random() % sound.size()));
    std::string grown = sound;
    grown.insert(random() % grown.size(), 1 + random() % 5, static_cast<char>(random()));
    check_mutant<Request>(decoder, version, grown);
  }
}

}  // namespace

TEST_CASE("a damaged 1.0 message is refused or means what libprotobuf says it means", "[slow]") {
  mutate<oracle::WriteRequest>(Version::v1, random_v1, 11);
}

TEST_CASE("a damaged 2.0 message is refused or means what libprotobuf says it means", "[slow]") {
  mutate<oracle::Request>(Version::v2, random_v2, 12);
}

TEST_CASE("damage inside histograms, exemplars and metadata never crashes", "[slow]") {
  Random random{13};
  wire::Decoder decoder;
  for (int round = 0; round < 200; ++round) {
    oracle::WriteRequest request = random_v1(random);
    oracle::TimeSeries* series = add_series(request, "latency");
    series->add_histograms()->set_sum(1);
    add_label(*series, "z", "1");
    series->add_exemplars()->add_labels()->set_name("trace");
    request.add_metadata()->set_help("help");
    const std::string sound = request.SerializeAsString();
    for (int mutant = 0; mutant < 20; ++mutant) {
      std::string bytes = sound;
      bytes[random() % bytes.size()] = static_cast<char>(random());
      const Outcome outcome = decode(decoder, Version::v1, compress(bytes));
      if (!outcome.result) check_refused(outcome);
    }
  }
}

TEST_CASE("every truncation and every flipped byte of a compressed body is survived") {
  Random random{14};
  wire::Decoder decoder;
  oracle::WriteRequest request;
  for (int i = 0; i < 20; ++i) add_label(*add_series(request, "crm_up"), "crm", "acme" + std::to_string(i));
  const std::string body = body_of(request);
  for (std::size_t size = 0; size < body.size(); ++size)
    check_refused(decode(decoder, Version::v1, body.substr(0, size)));
  for (std::size_t i = 0; i < body.size(); ++i) {
    std::string bytes = body;
    bytes[i] = static_cast<char>(random());
    const Outcome outcome = decode(decoder, Version::v1, bytes);
    if (!outcome.result) check_refused(outcome);
  }
  REQUIRE(decode(decoder, Version::v1, body).series.size() == 20);
}

TEST_CASE("random bytes are refused or empty") {
  Random random{15};
  wire::Decoder decoder;
  for (int round = 0; round < 3000; ++round) {
    std::string bytes(random() % 200, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    for (const Version version : {Version::v1, Version::v2}) {
      for (const std::string& body : {bytes, compress(bytes)}) {
        const Outcome outcome = decode(decoder, version, body);
        if (!outcome.result) check_refused(outcome);
        CHECK(outcome.series.empty());
      }
    }
  }
}

TEST_CASE("twenty bytes that claim four gigabytes are refused before anything is allocated") {
  const Outcome outcome = decode(Version::v1, varint(0xffffffffU) + std::string(15, '\x01'));
  check_refused(outcome);
  CHECK(outcome.result.error().status == 413);
  const Outcome within = decode(Version::v1, varint(31U << 20U) + std::string(15, '\x01'));
  check_refused(within);
  CHECK(within.result.error().code == "snappy");
}

TEST_CASE("hand-made protobuf that breaks the format is refused") {
  const std::string long_varint(11, '\xff');
  const std::vector<std::string> bodies{
      "\x0a",                                                          // a length is missing
      "\x0a\xff\xff\xff\xff\x0f",                                      // a length of 4 GiB
      "\x0a" + long_varint,                                            // an overlong length
      long_varint,                                                     // an overlong tag
      std::string(1, '\0'),                                            // tag 0
      "\x0b\x0c",                                                      // groups
      "\x0f",                                                          // wire type 7
      "\x08\x01",                                                      // a series that is a number
      "\x0d\x01\x02\x03\x04",                                          // a series that is fixed32
      "\x0a\x02\x08\x01",                                              // a label that is a number
      "\x0a\x02\x10\x01",                                              // a sample that is a number
      "\x0a\x04\x0a\x02\x08\x01",                                      // a label's name that is a number
      "\x0a\x04\x12\x02\x08\x01",                                      // a sample's value as a varint
      "\x0a\x0d\x12\x0b\x11\x01\x02\x03\x04\x05\x06\x07\x08\x08\x01",  // a sample's time as fixed64
      "\x0a\x04\x12\x02\x10" + std::string(1, '\x80'),                 // a sample's time cut off
      "\x0a\x0e\x12\x0c\x10" + long_varint,                            // a sample's time too long
  };
  for (const std::string& bytes : bodies) {
    const Outcome outcome = decode(Version::v1, compress(bytes));
    check_refused(outcome);
    CHECK(outcome.result.error().code == "protobuf");
  }
  std::string deep = "x";
  for (int i = 0; i < 1000; ++i) deep = "\x0a" + varint(deep.size()) + deep;
  CHECK(decode(Version::v1, compress(deep)).series.empty());  // a label with a name of many bytes
}

TEST_CASE("a 2.0 message with bad references or symbols is refused") {
  oracle::WriteRequest request;
  add_label(*add_series(request, "crm_up"), "crm", "acme");
  const oracle::Request sound = as_v2(request);
  const auto refused_as = [](const oracle::Request& bad, std::string_view code) {
    const Outcome outcome = decode(Version::v2, body_of(bad));
    check_refused(outcome);
    CHECK(outcome.result.error().code == code);
  };
  oracle::Request bad = sound;
  bad.set_symbols(0, "x");
  refused_as(bad, "symbol");
  bad = sound;
  bad.clear_symbols();
  refused_as(bad, "symbol");
  bad = sound;
  bad.mutable_timeseries(0)->set_labels_refs(3, static_cast<std::uint32_t>(sound.symbols_size()));
  refused_as(bad, "symbol");
  bad = sound;
  bad.mutable_timeseries(0)->set_labels_refs(3, 0xffffffffU);
  refused_as(bad, "symbol");
  bad = sound;
  bad.mutable_timeseries(0)->mutable_labels_refs()->RemoveLast();
  refused_as(bad, "symbol");
}

TEST_CASE("a symbol that is not UTF-8 costs the series that use it") {
  oracle::WriteRequest request;
  add_label(*add_series(request, "crm_up"), "crm", "a\xff");
  add_label(*add_series(request, "crm_up"), "crm", "acme");
  oracle::Request body = as_v2(request);
  body.add_symbols("\xc3(");  // referred to by nobody
  const Outcome outcome = decode(Version::v2, body_of(body));
  REQUIRE(outcome.result.has_value());
  REQUIRE(outcome.series.size() == 1);
  CHECK(outcome.series[0].labels[1].second == "acme");
}

TEST_CASE("a message of the other version is refused, not taken for an empty one") {
  oracle::WriteRequest request;
  add_series(request, "crm_up");
  check_refused(decode(Version::v2, body_of(request)));
  check_refused(decode(Version::v1, body_of(as_v2(request))));
  const Outcome empty = decode(Version::v1, compress(""));
  REQUIRE(empty.result.has_value());
  CHECK(empty.result->series == 0);
}

TEST_CASE("an exception of the visitor comes through and the decoder goes on") {
  oracle::WriteRequest request;
  add_series(request, "crm_up");
  wire::Decoder decoder;
  const auto thrower = [](const wire::SeriesView&) { throw std::runtime_error("mine"); };
  CHECK_THROWS_WITH(decoder.decode(Version::v1, body_of(request), thrower), "mine");
  CHECK(decode(decoder, Version::v1, body_of(request)).series.size() == 1);
}

TEST_CASE("a refusal thrown by value() says status, code and place") {
  const Outcome outcome = decode(Version::v1, "");
  CHECK_THROWS_WITH(outcome.result.value(), Catch::StartsWith("400 snappy: "));
}
