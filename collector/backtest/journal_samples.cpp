#include "collector/backtest/journal_samples.h"

#include <algorithm>
#include <cmath>

namespace crmpulse::collector {
namespace {

BacktestBatch::Name name_of(const wire::SeriesView& series) {
  BacktestBatch::Name name;
  for (const wire::LabelView& label : series.labels) {
    if (label.name == "__name__") {
      name.metric = label.value;
    } else {
      name.labels.set(label.name, label.value);
    }
  }
  return name;
}

}  // namespace

Result<std::optional<BacktestBatch>> JournalSamples::next() {
  BacktestBatch batch;
  while (batch.events.empty() && !ended_) {
    const std::int64_t before = seq_;
    auto read = store::read_journal(database_, seq_, [&](const store::JournalRecord& record) {
      take(record, batch);
      return batch.events.size() < JsonBatches::kEvents && !ended_;
    });
    if (!read) return read.error();
    if (seq_ == before) ended_ = true;
  }
  if (batch.events.empty()) return std::optional<BacktestBatch>{};
  return std::optional{std::move(batch)};
}

void JournalSamples::take(const store::JournalRecord& record, BacktestBatch& batch) {
  seq_ = record.seq;
  if (record.received > to_) ended_ = true;
  if (record.received < from_ || ended_ || record.kind == store::RecordKind::evidence) return;
  const auto version = record.kind == store::RecordKind::remote_write_2 ? wire::Version::v2 : wire::Version::v1;
  const auto first = static_cast<std::ptrdiff_t>(batch.events.size());
  const auto decoded = decoder_.decode(version, record.body, [&](const wire::SeriesView& series) {
    auto number = names_.find(series.key);
    if (!number) number = names_.add(series.key, name_of(series), batch);
    for (const wire::SampleView& reading : series.samples) {
      if (!std::isfinite(reading.value)) continue;
      batch.events.push_back({from_unix_millis(reading.unix_millis) + record.skew, reading.value, *number});
    }
  });
  if (!decoded) return;
  // By time, else as they came.
  std::stable_sort(batch.events.begin() + first, batch.events.end(),
                   [](const BacktestEvent& a, const BacktestEvent& b) { return a.at < b.at; });
  batch.events.push_back({record.received, 0, BacktestEvent::kTick});
}

}  // namespace crmpulse::collector
