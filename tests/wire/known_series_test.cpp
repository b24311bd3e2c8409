// A receiver with a table of series reads what a visitor sees, whatever the table holds and in which order.

#include <snappy.h>

#include <bit>
#include <catch2/catch.hpp>
#include <map>

#include "tests/wire/bodies.h"
#include "wire/series_key.h"

using namespace crmpulse;
using namespace crmpulse::test;

namespace {

class Table final : public wire::KnownSeries {
 public:
  explicit Table(std::size_t room = 1'000'000) : room_(room) {}
  [[nodiscard]] Guess after(Id before) const override {
    const auto next = next_.find(before);
    return next == next_.end() ? Guess{} : Guess{next->second, spellings_[next->second]};
  }
  void follows(Id before, Id id) override { next_[before] = id; }
  [[nodiscard]] Id find(std::string_view key) const override {
    ++looked_up;
    const auto known = ids_.find(std::string{key});
    return known == ids_.end() ? kNone : known->second;
  }
  [[nodiscard]] Place find_or_add(const wire::SeriesView& view) override {
    const auto known = ids_.find(std::string{view.key});
    if (known != ids_.end()) return {known->second};
    if (keys_.size() == room_) return {kNone, wire::SkipReason::series_limit};
    keys_.emplace_back(view.key);
    spellings_.emplace_back(view.key);
    ids_.emplace(view.key, static_cast<Id>(keys_.size() - 1));
    return {static_cast<Id>(keys_.size() - 1)};
  }
  void spelled(Id id, std::string_view labels) override { spellings_.at(id) = labels; }
  void skipped(wire::SkipReason reason, std::span<const wire::LabelView> labels) override {
    skips.emplace_back(reason, labels.empty() ? std::string{} : std::string{labels.front().value});
  }
  [[nodiscard]] const std::string& key(Id id) const { return keys_.at(id); }
  [[nodiscard]] std::size_t size() const { return keys_.size(); }

  mutable int looked_up = 0;
  std::vector<std::pair<wire::SkipReason, std::string>> skips;

 private:
  std::size_t room_;
  std::map<std::string, Id> ids_;
  std::vector<std::string> keys_;
  std::vector<std::string> spellings_;
  std::map<Id, Id> next_;
};

struct Plain {
  std::string key;
  std::uint64_t bits;
  std::int64_t at;
  friend bool operator==(const Plain&, const Plain&) = default;
};

std::vector<Plain> plain(const std::vector<Read>& series) {
  std::vector<Plain> out;
  for (const Read& one : series) {
    for (const auto& [bits, at] : one.samples) out.push_back({one.key, bits, at});
  }
  return out;
}

std::vector<Plain> plain(const std::vector<wire::Reading>& readings, const Table& table) {
  std::vector<Plain> out;
  for (const wire::Reading& one : readings)
    out.push_back({table.key(one.series), std::bit_cast<std::uint64_t>(one.value), one.unix_millis});
  return out;
}

/// Series of several bodies, shuffled, with a new one now and then.
oracle::WriteRequest mixed(Random& random, const std::vector<oracle::WriteRequest>& pool) {
  oracle::WriteRequest out;
  for (int i = 0; i < 12; ++i) {
    const oracle::WriteRequest& from = pool[random() % pool.size()];
    if (from.timeseries_size() == 0) continue;
    const auto first = static_cast<int>(random() % static_cast<std::uint64_t>(from.timeseries_size()));
    for (int k = first; k < std::min(from.timeseries_size(), first + 4); ++k)
      *out.add_timeseries() = from.timeseries(k);
  }
  return out;
}

}  // namespace

TEST_CASE("with a table of series a body gives the same readings as without", "[slow]") {
  Random random{11};
  std::vector<oracle::WriteRequest> pool;
  for (int i = 0; i < 6; ++i) pool.push_back(random_v1(random));
  wire::Decoder with_table;
  wire::Decoder without;
  Table table;
  std::vector<wire::Reading> memory;
  for (int round = 0; round < 600; ++round) {
    if (round % 50 == 0) pool[random() % pool.size()] = random_v1(random);
    const oracle::WriteRequest request = mixed(random, pool);
    const bool v2 = round % 3 == 0;
    const std::string body = v2 ? body_of(as_v2(request)) : body_of(request);
    const auto version = v2 ? wire::Version::v2 : wire::Version::v1;
    const Outcome expected = decode(without, version, body);
    auto decoded = with_table.decode(version, body, table, std::move(memory));
    REQUIRE(expected.result.has_value() == decoded.has_value());
    REQUIRE(decoded.has_value());
    REQUIRE(plain(decoded->readings, table) == plain(expected.series));
    CHECK(decoded->counts.series == expected.result->series);
    CHECK(decoded->counts.samples == expected.result->samples);
    CHECK(decoded->counts.histograms == expected.result->histograms);
    memory = std::move(decoded->readings);
  }
}

TEST_CASE("a sender that repeats itself is looked up once") {
  oracle::WriteRequest request;
  for (int i = 0; i < 100; ++i) add_label(*add_series(request, "crm_up"), "crm", "customer-" + std::to_string(i));
  wire::Decoder decoder;
  Table table;
  CHECK(decoder.decode(wire::Version::v1, body_of(request), table).value().readings.size() == 100);
  CHECK(table.looked_up == 100);
  CHECK(decoder.decode(wire::Version::v1, body_of(request), table).value().readings.size() == 100);
  CHECK(table.looked_up == 100);
}

TEST_CASE("a sender that does not sort its labels, or sends empty ones, is looked up once too") {
  oracle::WriteRequest request;
  for (int i = 0; i < 100; ++i) {
    oracle::TimeSeries& series = *add_series(request, "crm_up");
    add_label(series, "kind", "tryton");
    add_label(series, "crm", "customer-" + std::to_string(i));
    if (i % 2 == 0) add_label(series, "site", "");
  }
  wire::Decoder decoder;
  Table table;
  for (int round = 0; round < 3; ++round) {
    const auto decoded = decoder.decode(wire::Version::v1, body_of(request), table).value();
    REQUIRE(decoded.readings.size() == 100);
    for (std::size_t i = 0; i < 100; ++i) CHECK(decoded.readings[i].series == i);
  }
  CHECK(table.looked_up == 100);
  CHECK(wire::label_of(table.key(7), "crm") == "customer-7");
  CHECK(table.key(7) == wire::series_key("crm_up", Labels{{"crm", "customer-7"}, {"kind", "tryton"}}));
}

TEST_CASE("a refused body adds nothing to the table") {
  wire::Decoder decoder;
  Table table;
  oracle::WriteRequest request;
  add_label(*add_series(request, "crm_up"), "crm", "acme");
  const std::string bytes = request.SerializeAsString() + "\x0a\x02\x08\x01";  // a label that is a number
  const auto refused = decoder.decode(wire::Version::v1, compress(bytes), table);
  REQUIRE(refused.has_error());
  CHECK(refused.error().status == 400);
  CHECK(refused.error().message.starts_with("series 1: "));
  CHECK(table.size() == 0);
}

TEST_CASE("an unsound series costs itself, the readings of the others keep their order") {
  wire::Decoder decoder;
  Table table;
  oracle::WriteRequest request;
  add_label(*add_series(request, "crm_up"), "crm", "a");
  add_label(*add_series(request, "crm_up"), "not a name", "b");
  add_label(*add_series(request, "crm_up"), "crm", "c");
  for (int round = 0; round < 2; ++round) {
    const auto decoded = decoder.decode(wire::Version::v1, body_of(request), table).value();
    REQUIRE(decoded.readings.size() == 2);
    CHECK(wire::label_of(table.key(decoded.readings[0].series), "crm") == "a");
    CHECK(wire::label_of(table.key(decoded.readings[1].series), "crm") == "c");
    CHECK(decoded.counts.samples == 3);
    CHECK(decoded.counts.skipped.faulty_samples() == 1);
  }
  REQUIRE(table.skips.size() == 2);
  CHECK(table.skips[0] == std::pair{wire::SkipReason::name, std::string{"crm_up"}});
}

TEST_CASE("one more label than the expected series has is another series") {
  wire::Decoder decoder;
  Table table;
  oracle::WriteRequest shorter;
  add_label(*add_series(shorter, "crm_up"), "crm", "acme");
  oracle::WriteRequest longer = shorter;
  add_label(*longer.mutable_timeseries(0), "kind", "tryton");
  CHECK(decoder.decode(wire::Version::v1, body_of(shorter), table).value().readings[0].series == 0);
  CHECK(decoder.decode(wire::Version::v1, body_of(longer), table).value().readings[0].series == 1);
  CHECK(decoder.decode(wire::Version::v1, body_of(shorter), table).value().readings[0].series == 0);
}

TEST_CASE("a full table leaves new series out and takes those it knows from the same body") {
  wire::Decoder decoder;
  Table table{1};
  oracle::WriteRequest known;
  add_label(*add_series(known, "crm_up"), "crm", "acme");
  oracle::WriteRequest mixed;
  add_label(*add_series(mixed, "crm_up"), "crm", "beta");
  *mixed.add_timeseries() = known.timeseries(0);
  add_label(*add_series(mixed, "crm_up"), "crm", "gamma");
  CHECK(decoder.decode(wire::Version::v1, body_of(known), table).has_value());
  for (int round = 0; round < 2; ++round) {
    const auto decoded = decoder.decode(wire::Version::v1, body_of(mixed), table).value();
    REQUIRE(decoded.readings.size() == 1);
    CHECK(decoded.readings[0].series == 0);
    CHECK(decoded.counts.skipped.series.at(static_cast<std::size_t>(wire::SkipReason::series_limit)) == 2);
  }
}

TEST_CASE("bounds hold for series that are known too") {
  wire::Limits limits;
  limits.max_series = 2;
  limits.max_samples = 3;
  wire::Decoder decoder{limits};
  Table table;
  oracle::WriteRequest request;
  for (const char* crm : {"a", "b"}) add_label(*add_series(request, "crm_up"), "crm", crm);
  REQUIRE(decoder.decode(wire::Version::v1, body_of(request), table).has_value());
  oracle::WriteRequest more = request;
  add_label(*add_series(more, "crm_up"), "crm", "c");
  CHECK(decoder.decode(wire::Version::v1, body_of(more), table).error().message == "series 2: more than 2 series");
  oracle::WriteRequest samples = request;
  for (int i = 0; i < 2; ++i) *samples.mutable_timeseries(1)->add_samples() = samples.timeseries(1).samples(0);
  CHECK(decoder.decode(wire::Version::v1, body_of(samples), table).error().message == "series 1: more than 3 samples");
}

TEST_CASE("labels are read back from a key") {
  const Labels labels{{"crm", "acme"}, {"Zone", "eu"}, {"site", std::string(200, 'x')}};
  const std::string key = wire::series_key("crm_up", labels);
  CHECK(wire::label_of(key, "__name__") == "crm_up");
  CHECK(wire::label_of(key, "site") == std::string(200, 'x'));
  CHECK(wire::label_of(key, "Zone") == "eu");
  CHECK(wire::label_of(key, "kind").empty());
  CHECK(wire::labels_of(key) == labels);
  for (std::size_t size = 0; size < key.size(); ++size)
    CHECK(wire::labels_of(std::string_view{key}.substr(0, size)).size() <= labels.size());
  CHECK(wire::label_of("no key", "crm").empty());
}
