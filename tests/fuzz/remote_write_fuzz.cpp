// Remote write 1.0 and 2.0. The first byte says which, and whether the rest is the body or what is to be compressed
// into one: so both snappy and protobuf are reached.
#include <snappy.h>

#include <bit>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "tests/fuzz/fuzz_target.h"
#include "wire/remote_write.h"

using namespace crmpulse;

namespace {

/// Knows every series of the inputs before, up to a bound.
class Table final : public wire::KnownSeries {
 public:
  [[nodiscard]] Guess after(Id before) const override {
    const auto next = next_.find(before);
    return next == next_.end() ? Guess{} : Guess{next->second, spellings_[next->second]};
  }
  void follows(Id before, Id id) override { next_[before] = id; }
  [[nodiscard]] Id find(std::string_view key) const override {
    const auto known = ids_.find(key);
    return known == ids_.end() ? kNone : known->second;
  }
  [[nodiscard]] Place find_or_add(const wire::SeriesView& view) override {
    if (const Id known = find(view.key); known != kNone) return {known};
    if (keys_.size() == 1000) return {kNone, wire::SkipReason::series_limit};
    const auto id = static_cast<Id>(keys_.size());
    keys_.emplace_back(view.key);
    spellings_.emplace_back(view.key);
    ids_.emplace(view.key, id);
    return {id};
  }
  void spelled(Id id, std::string_view labels) override { spellings_[id] = labels; }
  [[nodiscard]] bool is(Id id, std::string_view key) const { return id < keys_.size() && keys_[id] == key; }

 private:
  std::map<std::string, Id, std::less<>> ids_;
  std::deque<std::string> keys_;
  std::deque<std::string> spellings_;
  std::map<Id, Id> next_;
};

/// The decoder with a table must say what the one without says.
void compare(wire::Version version, const std::string& body, const std::optional<wire::DecodeError>& refusal,
             const std::vector<std::pair<std::string, wire::SampleView>>& samples) {
  static wire::Decoder decoder;
  static Table table;
  const auto decoded = decoder.decode(version, body, table);
  if (decoded.has_error()) {
    fuzz::require(refusal && refusal->message == decoded.error().message);
    return;
  }
  fuzz::require(!refusal);
  constexpr auto kFull = static_cast<std::size_t>(wire::SkipReason::series_limit);
  if (decoded->counts.skipped.series[kFull] > 0) return;
  fuzz::require(decoded->readings.size() == samples.size());
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const wire::Reading& reading = decoded->readings[i];
    fuzz::require(table.is(reading.series, samples[i].first) && reading.unix_millis == samples[i].second.unix_millis);
    fuzz::require(std::bit_cast<std::uint64_t>(reading.value) == std::bit_cast<std::uint64_t>(samples[i].second.value));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static wire::Decoder decoder;
  const auto version = (data[0] & 1U) != 0 ? wire::Version::v2 : wire::Version::v1;
  std::string body{fuzz::text_of(data + 1, size - 1)};
  if ((data[0] & 2U) != 0) {
    std::string compressed;
    snappy::Compress(body.data(), body.size(), &compressed);
    body = std::move(compressed);
  }
  std::size_t series = 0;
  std::vector<std::pair<std::string, wire::SampleView>> samples;
  const auto counts = decoder.decode(version, body, [&](const wire::SeriesView& view) {
    ++series;
    fuzz::require(!view.key.empty() && !view.labels.empty() && !view.samples.empty());
    for (std::size_t i = 1; i < view.labels.size(); ++i) fuzz::require(view.labels[i - 1].name < view.labels[i].name);
    for (const wire::SampleView& sample : view.samples) samples.emplace_back(view.key, sample);
  });
  if (counts) fuzz::require(series <= counts->series);
  if (!counts) fuzz::require(series == 0 && (counts.error().status == 400 || counts.error().status == 413));
  std::optional<wire::DecodeError> refusal;
  if (!counts) refusal = counts.error();
  compare(version, body, refusal, samples);
  return 0;
}
