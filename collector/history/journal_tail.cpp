#include "collector/history/journal_tail.h"

#include <cmath>

#include "collector/history/series.h"
#include "collector/state/sample_sink.h"
#include "store/collector/collector_store.h"
#include "wire/remote_write.h"
#include "wire/series_key.h"

namespace crmpulse::collector {
namespace {

/// A node of the map, its text's and its vector's heads.
constexpr std::size_t kSeriesBytes = 160;
/// A vector that grows has half of its place in use at worst.
constexpr std::size_t kReadingBytes = 2 * sizeof(store::Reading);

}  // namespace

Result<bool> JournalTail::refresh(store::Database& database, std::int64_t seq) {
  if (too_much_ == seq) return false;
  if (from_ != seq) {
    forget();
    from_ = last_ = seq;
  }
  wire::Limits limits;
  limits.max_decompressed_bytes *= 2;
  wire::Decoder decoder{limits};
  const auto read = store::read_journal(database, last_, [&](const store::JournalRecord& record) {
    last_ = record.seq;
    if (record.kind == store::RecordKind::evidence) return true;
    const auto version = record.kind == store::RecordKind::remote_write_2 ? wire::Version::v2 : wire::Version::v1;
    const std::int64_t latest = unix_millis(record.received + kMaxAhead);
    // One that cannot be read costs itself.
    [[maybe_unused]] const auto decoded = decoder.decode(version, record.body, [&](const wire::SeriesView& view) {
      const std::string_view crm = wire::label_of(view.key, "crm");
      auto known = crms_.find(crm);
      if (known == crms_.end()) known = crms_.emplace(std::string{crm}, Readings{}).first;
      const auto [series, fresh] = known->second.try_emplace(history_name(view.key));
      if (fresh) bytes_ += series->first.size() + kSeriesBytes;
      std::vector<store::Reading>& readings = series->second;
      for (const wire::SampleView& sample : view.samples) {
        const std::int64_t at = sample.unix_millis + record.skew.count();
        if (!std::isfinite(sample.value) || at > latest) continue;
        readings.push_back({at, sample.value});
        bytes_ += kReadingBytes;
      }
    });
    return bytes_ <= kMostBytes;
  });
  if (read && bytes_ <= kMostBytes) return true;
  if (read) too_much_ = seq;
  forget();
  if (!read) return read.error();
  return false;
}

const JournalTail::Readings* JournalTail::of(std::string_view crm) const {
  const auto known = crms_.find(crm);
  return known == crms_.end() ? nullptr : &known->second;
}

void JournalTail::forget() {
  crms_.clear();
  bytes_ = 0;
  from_ = -1;
}

}  // namespace crmpulse::collector
