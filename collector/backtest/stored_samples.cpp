#include "collector/backtest/stored_samples.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "collector/history/damaged_blocks.h"
#include "collector/history/series.h"
#include "core/log.h"
#include "store/history/history.h"

namespace crmpulse::collector {
namespace {

/// So many readings are held at once. A part with more is read several times, a slice of its time each.
constexpr std::int64_t kSliceReadings = 1'000'000;
constexpr std::int64_t kMostSlices = 360;  ///< of a minute

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

BacktestBatch::Name name_of(std::string_view crm, std::string_view history_name) {
  HistoryName parsed = parse_history_name(history_name);
  BacktestBatch::Name name{std::move(parsed.metric), std::move(parsed.labels)};
  if (!crm.empty()) name.labels.set("crm", crm);
  return name;
}

/// By time, else as they came.
void put_in_order(std::vector<BacktestEvent>& events, std::size_t from) {
  std::stable_sort(events.begin() + static_cast<std::ptrdiff_t>(from), events.end(),
                   [](const BacktestEvent& a, const BacktestEvent& b) { return a.at < b.at; });
}

/// Returns where the slice that begins at `from` ends.
TimePoint slice_end(const store::HistoryPartSize& part, TimePoint from) {
  const std::int64_t slices = std::clamp(part.readings / kSliceReadings + 1, std::int64_t{1}, kMostSlices);
  const Duration length = store::kHistoryPart / slices;
  const std::int64_t number = (from - part.part) / length;
  return number + 1 >= slices ? part.part + store::kHistoryPart : part.part + (number + 1) * length;
}

}  // namespace

Result<std::optional<BacktestBatch>> StoredSamples::next() {
  while (!ended_) {
    auto batch = in_journal_ ? next_of_journal() : next_of_blocks();
    if (!batch) return batch.error();
    if (!batch->events.empty()) return std::optional{std::move(*batch)};
  }
  return std::optional<BacktestBatch>{};
}

/// As far as the journal does not reach: it loses its beginning while this goes on.
Result<BacktestBatch> StoredSamples::next_of_blocks() {
  BacktestBatch batch;
  const auto journal = store::oldest_received(database_);
  if (!journal) return journal.error();
  const auto part = store::next_part(database_, covered_);
  if (!part) return part.error();
  const TimePoint until = std::min(journal->value_or(TimePoint::max()), to_ + Duration{1});
  const TimePoint begin = *part ? std::max(covered_, (*part)->part) : until;
  if (begin >= until) {
    in_journal_ = true;
    const auto seq = store::history_seq(database_);
    if (!seq) return seq.error();
    in_blocks_ = *seq;
    return batch;
  }
  covered_ = begin;
  const TimePoint end = std::min(slice_end(**part, begin), until);
  if (const auto read = read_slice((*part)->part, end, batch); !read) return read.error();
  covered_ = of_blocks_until_ = end;
  return batch;
}

Result<void> StoredSamples::read_slice(TimePoint part, TimePoint end, BacktestBatch& batch) {
  DamagedBlocks damaged;
  std::string key;
  auto read = store::read_part(database_, part, [&](const store::StoredBlock& block) {
    const auto all = decode(block, [](std::string_view) { return true; }, damaged);
    if (!all) return;
    for (const store::HistorySeries& series : *all) {
      key.assign("\xff\xff").append(block.crm).append("\xff").append(series.name);
      std::optional<std::uint32_t> number = names_.find(key);
      for (const store::Reading& reading : series.readings) {
        const TimePoint at = from_unix_millis(reading.unix_millis);
        if (at < covered_ || at >= end) continue;
        if (!number) number = names_.add(key, name_of(block.crm, series.name), batch);
        batch.events.push_back({at, reading.value, *number});
      }
    }
  });
  if (damaged.count() > 0) {
    log::warning("blocks of the history are damaged; their readings are left out",
                 {{"part", format_time(part)}, {"blocks", fmt::to_string(damaged.count())}});
  }
  put_in_order(batch.events, 0);
  return read;
}

Result<BacktestBatch> StoredSamples::next_of_journal() {
  BacktestBatch batch;
  const std::int64_t before = seq_;
  auto read = store::read_journal(database_, seq_, [&](const store::JournalRecord& record) {
    take(record, batch);
    return batch.events.size() < JsonBatches::kEvents && !ended_;
  });
  if (!read) return read.error();
  if (seq_ == before) ended_ = true;
  return batch;
}

void StoredSamples::take(const store::JournalRecord& record, BacktestBatch& batch) {
  seq_ = record.seq;
  if (record.received > to_) ended_ = true;
  if (record.received < from_ || ended_ || record.kind == store::RecordKind::evidence) return;
  const auto version = record.kind == store::RecordKind::remote_write_2 ? wire::Version::v2 : wire::Version::v1;
  const std::size_t first = batch.events.size();
  const bool also_in_blocks = record.seq <= in_blocks_;
  const auto decoded = decoder_.decode(version, record.body, [&](const wire::SeriesView& series) {
    auto number = names_.find(series.key);
    if (!number) number = names_.add(series.key, name_of(series), batch);
    for (const wire::SampleView& reading : series.samples) {
      const TimePoint at = from_unix_millis(reading.unix_millis) + record.skew;
      if (!std::isfinite(reading.value) || (also_in_blocks && at < of_blocks_until_)) continue;
      batch.events.push_back({at, reading.value, *number});
    }
  });
  if (!decoded) return;
  put_in_order(batch.events, first);
  batch.events.push_back({record.received, 0, BacktestEvent::kTick});
}

}  // namespace crmpulse::collector
