#include "collector/journal_samples.h"

#include <cmath>
#include <map>

namespace crmpulse::collector {
namespace {

constexpr std::size_t kLinesAtOnce = 10'000;

void append_series(const wire::SeriesView& series, Duration skew, std::multimap<TimePoint, BacktestLine>& lines) {
  Sample sample;
  for (const wire::LabelView& label : series.labels) {
    if (label.name == "__name__") {
      sample.metric = label.value;
    } else {
      sample.labels.set(label.name, label.value);
    }
  }
  for (const wire::SampleView& reading : series.samples) {
    if (!std::isfinite(reading.value)) continue;
    sample.value = reading.value;
    sample.at = from_unix_millis(reading.unix_millis) + skew;
    BacktestLine line;
    line.at = sample.at;
    line.sample = sample;
    lines.emplace(line.at, line);
  }
}

}  // namespace

Result<std::optional<BacktestLine>> JournalSamples::next() {
  while (lines_.empty() && !ended_) {
    if (auto read = read_some(); !read) return read.error();
  }
  if (lines_.empty()) return std::optional<BacktestLine>{};
  std::optional<BacktestLine> line{std::move(lines_.front())};
  lines_.pop_front();
  return line;
}

Result<void> JournalSamples::read_some() {
  const std::int64_t before = seq_;
  auto read = store::read_journal(database_, seq_, [this](const store::JournalRecord& record) {
    take(record);
    return lines_.size() < kLinesAtOnce && !ended_;
  });
  if (!read) return read;
  if (seq_ == before) ended_ = true;
  return {};
}

void JournalSamples::take(const store::JournalRecord& record) {
  seq_ = record.seq;
  if (record.received > to_) ended_ = true;
  if (record.received < from_ || ended_ || record.kind == store::RecordKind::evidence) return;
  const auto version = record.kind == store::RecordKind::remote_write_2 ? wire::Version::v2 : wire::Version::v1;
  std::multimap<TimePoint, BacktestLine> lines;  // by time, else as they came
  const auto decoded = decoder_.decode(
      version, record.body, [&](const wire::SeriesView& series) { append_series(series, record.skew, lines); });
  if (!decoded) return;
  for (auto& [at, line] : lines) lines_.push_back(std::move(line));
  BacktestLine tick;
  tick.at = record.received;
  lines_.push_back(std::move(tick));
}

}  // namespace crmpulse::collector
