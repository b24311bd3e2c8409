#include "collector/state/sample_sink.h"

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <variant>

#include "core/failure/failure.h"
#include "wire/remote_write.h"

namespace crmpulse::collector {
namespace {

/// Points whose memory is fetched before their turn: a series and what is kept of it lie anywhere, and a sample costs
/// little beside waiting for them.
constexpr std::size_t kAhead = 4;
/// Points between two looks at the clock: a hundred microseconds of the dearest.
constexpr std::size_t kBetweenLooks = 256;
constexpr std::size_t kMostEvidence = 4096;  ///< bytes of a line's text; what wire/evidence.h takes is shorter

const void* kept_by(const Series& series) {
  return std::visit(
      [](auto kept) -> const void* {
        if constexpr (std::is_pointer_v<decltype(kept)>) return kept;
        return nullptr;
      },
      series.kept);
}

}  // namespace

void SampleSink::bind(Series& series) {
  series.bound = true;
  const std::string_view crm = series.label("crm");
  series.crm = crm.empty() ? kNoCrm : crms_.index_of(crm, series.label("kind"));
  series.feeds = engine_.bind(series.metric(), series.labels());
  if (crm.empty()) return;
  if (relabelled_.empty() || relabelled_.back() != series.crm) relabelled_.push_back(series.crm);
}

void SampleSink::forget(const std::string& crm) {
  CrmFacts* facts = crms_.find(crm);
  if (facts == nullptr) return;
  const std::uint32_t index = crms_.index_of(crm, "");
  for (SeriesIndex i = 0; i < series_.all().size(); ++i) {
    Series& series = series_[i];
    if (!series.bound || series.crm != index) continue;
    series.kept = {};
    series.bound = series.live = false;
    series.feeds = rules::Engine::kNoSeries;
  }
  *facts = CrmFacts{};
  facts->crm = crm;
  facts->folded_seq = folded_seq_;
  late_.erase(index);
}

void SampleSink::bind_failures() {
  for (SeriesIndex i = 0; i < series_.all().size(); ++i) {
    Series& series = series_[i];
    if (!series.bound && series.live && series.duty == FactKind::failure && series.value >= 1) bind(series);
  }
}

void SampleSink::note_late(const Series& series, TimePoint at, double value) {
  LateFacts& late = late_.try_emplace(series.crm, LateFacts{at, at, 0, 0}).first->second;
  late.from = std::min(late.from, at);
  late.to = std::max(late.to, at);
  ++late.samples;
  const bool worked = series.duty == FactKind::up || series.duty == FactKind::success;
  if ((worked && value < 1) || (series.duty == FactKind::failure && value >= 1)) ++late.failed;
}

void SampleSink::count(rules::SampleVerdict fold) {
  switch (fold) {
    case rules::SampleVerdict::accepted: ++counts_.accepted; return;
    case rules::SampleVerdict::late: ++counts_.late; return;
    case rules::SampleVerdict::future: ++counts_.future; return;
    case rules::SampleVerdict::invalid: ++counts_.invalid; return;
    case rules::SampleVerdict::duplicate: ++counts_.duplicate; return;
  }
}

void SampleSink::take(const RecordStamp& record, const Point& point) {
  Series& series = series_[point.series];
  if (wire::is_stale_marker(point.value)) {
    ++counts_.stale;
    series.live = false;
    return;
  }
  const TimePoint at = from_unix_millis(point.unix_millis) + record.skew;
  if (!std::isfinite(point.value)) return count(rules::SampleVerdict::invalid);
  if (at > record.received + kMaxAhead) return count(rules::SampleVerdict::future);
  if (!series.bound) bind(series);
  CrmFacts* facts = series.crm == kNoCrm ? nullptr : &crms_[series.crm];
  // After a crash the CRM's snapshot may be younger than this record.
  const bool known = facts != nullptr && record.seq <= facts->folded_seq;
  const bool newer = at > series.at;
  series.note(at, point.value);
  if (known) return engine_.hear(series.feeds, record.received);
  if (series.duty == FactKind::version || series.duty == FactKind::schema || series.duty == FactKind::agent_version)
    changes_.observe(series, at, point.value);
  if (facts == nullptr) crms_.observe(series, at, point.value);
  if (facts != nullptr) {
    facts->observe(series, at, point.value, newer);
    facts->dirty = true;
  }
  if (series.feeds == rules::Engine::kNoSeries) return count(rules::SampleVerdict::accepted);
  const rules::SampleVerdict taken = engine_.fold(series.feeds, at, point.value, record.received);
  if (taken == rules::SampleVerdict::late && series.crm != kNoCrm) note_late(series, at, point.value);
  count(taken);
}

bool SampleSink::take(const RecordStamp& record, std::span<const Point> points) {
  const auto until = std::chrono::steady_clock::now() + bound_.longest;
  bool in_time = true;
  for (std::size_t i = 0; i < points.size() && in_time; ++i) {
    if (i % kBetweenLooks == kBetweenLooks - 1) {
      in_time = std::chrono::steady_clock::now() < until;
      if (bound_.going_on) bound_.going_on();
    }
    if (i + 2 * kAhead < points.size()) __builtin_prefetch(&series_[points[i + 2 * kAhead].series]);
    if (i + kAhead < points.size()) __builtin_prefetch(kept_by(series_[points[i + kAhead].series]));
    take(record, points[i]);
  }
  folded_seq_ = std::max(folded_seq_, record.seq);
  return in_time;
}

void SampleSink::take(const RecordStamp& record, std::vector<Evidence> lines) {
  for (Evidence& line : lines) {
    // Those that came now have their room; what an older journal has is held to the bounds too.
    if (series_.census().check_crm(line.crm, {}) != Census::Bound::none) {
      ++counts_.no_room;
      continue;
    }
    series_.census().add_crm(line.crm, {});
    CrmFacts& facts = crms_[crms_.index_of(line.crm, line.kind)];
    if (record.seq <= facts.folded_seq) continue;
    line.at += record.skew;
    line.text = one_line(line.text, kMostEvidence);
    facts.add(std::move(line));
    facts.dirty = true;
  }
  folded_seq_ = std::max(folded_seq_, record.seq);
}

}  // namespace crmpulse::collector
