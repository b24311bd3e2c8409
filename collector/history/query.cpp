#include "collector/history/query.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "collector/history/chart.h"
#include "collector/history/chooser.h"
#include "collector/history/journal_tail.h"
#include "collector/history/rollup_query.h"
#include "collector/state/sample_sink.h"
#include "store/collector/collector_store.h"
#include "store/history/history.h"
#include "wire/remote_write.h"
#include "wire/series_key.h"

namespace crmpulse::collector {
namespace {

using store::Tier;

/// A chart of hours or days is not kept waiting for more of the journal than that.
constexpr std::int64_t kTailOfHours = 512 * 1024;
/// From such a default step on the next whole one is taken, so that rollups tell all of it.
constexpr Duration kWholeMinutesFrom{std::chrono::minutes{5}};
constexpr Duration kWholeHoursFrom{std::chrono::minutes{30}};
constexpr Duration kWholeDaysFrom{std::chrono::hours{12}};

bool within(const HistoryQuery& query, std::int64_t at) {
  return at >= unix_millis(query.from) && at <= unix_millis(query.to);
}

/// What the journal holds of the query behind `seq`.
Result<Readings> read_tail(store::Database& database, const HistoryQuery& query, Chooser& chooser, std::int64_t seq) {
  Readings out;
  wire::Limits limits;
  limits.max_decompressed_bytes *= 2;
  wire::Decoder decoder{limits};
  const auto read = store::read_journal(database, seq, [&](const store::JournalRecord& record) {
    if (record.kind == store::RecordKind::evidence) return true;
    const auto version = record.kind == store::RecordKind::remote_write_2 ? wire::Version::v2 : wire::Version::v1;
    const std::int64_t latest = unix_millis(record.received + kMaxAhead);
    // One that cannot be read costs itself.
    [[maybe_unused]] const auto decoded = decoder.decode(version, record.body, [&](const wire::SeriesView& view) {
      if (wire::label_of(view.key, "crm") != query.crm) return;
      const std::string name = history_name(view.key);
      if (!chooser.wants(name)) return;
      for (const wire::SampleView& sample : view.samples) {
        const std::int64_t at = sample.unix_millis + record.skew.count();
        if (std::isfinite(sample.value) && at <= latest && within(query, at)) out[name].push_back({at, sample.value});
      }
    });
    return true;
  });
  if (!read) return read.error();
  return out;
}

Result<void> add_blocks(store::Database& database, const HistoryQuery& query, Chooser& chooser, TimePoint part,
                        Readings& out, DamagedBlocks& damaged) {
  return store::read_blocks(database, query.crm, part, part, [&](const store::StoredBlock& block) {
    const auto series = decode(block, [&](std::string_view name) { return chooser.wants(name); }, damaged);
    if (!series) return true;
    for (const store::HistorySeries& one : *series) {
      std::vector<store::Reading>& readings = out[one.name];
      for (const store::Reading& reading : one.readings) {
        if (within(query, reading.unix_millis)) readings.push_back(reading);
      }
    }
    return true;
  });
}

/// Those of the tail that lie in the part behind what its blocks gave.
void add_tail(const Readings& tail, TimePoint part, Readings& out) {
  const auto before = [](const store::Reading& reading, std::int64_t at) { return reading.unix_millis < at; };
  for (const auto& [name, readings] : tail) {
    const auto first = std::lower_bound(readings.begin(), readings.end(), unix_millis(part), before);
    const auto last = std::lower_bound(first, readings.end(), unix_millis(part + store::kHistoryPart), before);
    if (first == last) continue;
    std::vector<store::Reading>& all = out[name];
    all.insert(all.end(), first, last);
  }
}

Duration rounded_up(Duration step, Duration unit) {
  return (step + unit - Duration{1}) / unit * unit;
}

/// The least step that gives at most so many points, of which the first and the last are of a part of it each.
Duration least_step(Duration range, std::int64_t most_points) {
  const std::int64_t pieces = std::max<std::int64_t>(1, most_points - 1);
  const Duration least = std::max(Duration{1}, Duration{(range.count() + pieces - 1) / pieces});
  if (least >= kWholeDaysFrom) return rounded_up(least, store::width_of(Tier::days));
  if (least >= kWholeHoursFrom) return rounded_up(least, store::width_of(Tier::hours));
  if (least >= kWholeMinutesFrom) return rounded_up(least, store::width_of(Tier::minutes));
  return rounded_up(least, std::chrono::seconds{1});
}

/// What is there of a CRM, from which time on.
struct Reach {
  std::optional<TimePoint> blocks;
  std::optional<TimePoint> minutes;
  std::optional<TimePoint> hours;
};

Result<Reach> reach_of(store::Database& database, const std::string& crm) {
  Reach reach;
  const auto blocks = store::next_part(database, TimePoint{});
  if (!blocks) return blocks.error();
  if (*blocks) reach.blocks = (*blocks)->part;
  const auto minutes = store::oldest_rollups(database, Tier::minutes, crm);
  if (!minutes) return minutes.error();
  reach.minutes = *minutes;
  const auto hours = store::oldest_rollups(database, Tier::hours, crm);
  if (!hours) return hours.error();
  reach.hours = *hours;
  return reach;
}

/// Returns true if the second source knows something of the query's span that the first has lost.
bool reaches_further(const HistoryQuery& query, std::optional<TimePoint> one, std::optional<TimePoint> other) {
  if (!other) return false;
  return !one || (query.from < *one && *other < *one);
}

bool is_whole(Duration step, Tier tier) {
  return step % store::width_of(tier) == Duration{};
}

/// The coarsest source that has the wanted steps; a coarser one where finer ones do not reach back to the query's
/// begin, with longer steps.
HistorySource source_for(const HistoryQuery& query, const Reach& reach) {
  if (is_whole(query.step, Tier::days)) return HistorySource::days;
  if (is_whole(query.step, Tier::hours)) return HistorySource::hours;
  const bool minutes_suffice = is_whole(query.step, Tier::minutes);
  // Parts that are in no rollup yet are read from blocks by each source.
  const auto fine = reach.blocks && reach.minutes ? std::min(*reach.blocks, *reach.minutes)
                    : reach.blocks                ? reach.blocks
                                                  : reach.minutes;
  if (reaches_further(query, fine, reach.hours)) return HistorySource::hours;
  if (minutes_suffice || reaches_further(query, reach.blocks, reach.minutes)) return HistorySource::minutes;
  return HistorySource::samples;
}

Tier tier_of(HistorySource source) {
  if (source == HistorySource::minutes) return Tier::minutes;
  return source == HistorySource::hours ? Tier::hours : Tier::days;
}

/// Reads the readings of a part from its blocks and the tail of the journal.
class PartReader {
 public:
  PartReader(store::Database& database, const HistoryQuery& query, Chooser& chooser, Readings tail,
             DamagedBlocks& damaged)
      : database_(database), query_(query), chooser_(chooser), tail_(std::move(tail)), damaged_(damaged) {
    for (auto& [name, readings] : tail_) put_in_order(readings);
  }
  Result<Readings> read(TimePoint part) {
    Readings readings;
    if (const auto added = add_blocks(database_, query_, chooser_, part, readings, damaged_); !added)
      return added.error();
    add_tail(tail_, part, readings);
    for (auto& [name, some] : readings) put_in_order(some);
    return readings;
  }
  /// Returns the parts that the tail has readings of.
  [[nodiscard]] std::set<TimePoint> parts() const {
    std::set<TimePoint> out;
    for (const auto& [name, readings] : tail_) {
      for (const store::Reading& reading : readings) out.insert(store::part_of(from_unix_millis(reading.unix_millis)));
    }
    return out;
  }

 private:
  store::Database& database_;
  const HistoryQuery& query_;
  Chooser& chooser_;
  Readings tail_;
  DamagedBlocks& damaged_;
};

Result<void> read_samples(const HistoryQuery& query, PartReader& parts, Chart& chart) {
  for (TimePoint part = store::part_of(query.from); part <= query.to; part += store::kHistoryPart) {
    const auto readings = parts.read(part);
    if (!readings) return readings.error();
    for (const auto& [name, some] : *readings) chart.add(name, some);
  }
  return {};
}

/// Parts that are read from blocks: those in no rollup, and those that the tail adds to. Where blocks are gone the
/// rollups are all there is.
Result<std::set<TimePoint>> parts_of_blocks(store::Database& database, const HistoryQuery& query,
                                            const PartReader& parts) {
  const auto unrolled = store::unrolled_of(database, query.crm, query.from, query.to);
  if (!unrolled) return unrolled.error();
  const auto pruned = store::pruned_to(database);
  if (!pruned) return pruned.error();
  std::set<TimePoint> out = parts.parts();
  out.insert(unrolled->begin(), unrolled->end());
  if (*pruned) out.erase(out.begin(), out.upper_bound(**pruned));
  return out;
}

/// What is known of the query behind the blocks.
Readings wanted_of(const JournalTail& tail, const HistoryQuery& query, Chooser& chooser) {
  Readings out;
  const JournalTail::Readings* known = tail.of(query.crm);
  if (known == nullptr) return out;
  for (const auto& [name, readings] : *known) {
    if (!chooser.wants(name)) continue;
    for (const store::Reading& reading : readings) {
      if (within(query, reading.unix_millis)) out[name].push_back(reading);
    }
  }
  return out;
}

Result<Readings> read_wanted_tail(store::Database& database, const HistoryQuery& query, Chooser& chooser,
                                  HistorySource source, JournalTail* tail) {
  const auto seq = store::history_seq(database);
  if (!seq) return seq.error();
  if (source == HistorySource::hours || source == HistorySource::days) {
    const auto pending = store::pending_journal(database, *seq);
    if (!pending) return pending.error();
    if (pending->bytes > kTailOfHours) return Readings{};
  }
  if (tail != nullptr) {
    const auto kept = tail->refresh(database, *seq);
    if (!kept) return kept.error();
    if (*kept) return wanted_of(*tail, query, chooser);
  }
  return read_tail(database, query, chooser, *seq);
}

}  // namespace

std::string_view to_string(HistorySource source) {
  switch (source) {
    case HistorySource::samples: return "samples";
    case HistorySource::minutes: return "minutes";
    case HistorySource::hours: return "hours";
    case HistorySource::days: return "days";
  }
  return "samples";
}

double quantile_of(const HistoryPoint& point, double part) {
  const double value = point.sketch.quantile(part);
  const double grain = value > 0 ? std::pow(10, std::floor(std::log10(value)) - 3) : 1;
  // Divided by whole numbers, so that decimals stay as short as they are.
  const double rounded =
      grain < 1 ? std::round(value / grain) / std::round(1 / grain) : std::round(value / grain) * grain;
  return std::clamp(rounded, point.min, point.max);
}

Result<HistoryAnswer> read_history(store::Database& database, const HistoryQuery& asked, JournalTail* known_tail) {
  HistoryQuery query = asked;
  if (query.step <= Duration{}) query.step = least_step(query.to - query.from, query.most_points);
  const auto reach = reach_of(database, query.crm);
  if (!reach) return reach.error();
  HistoryAnswer answer;
  answer.source = source_for(query, *reach);
  if (answer.source != HistorySource::samples)
    query.step = rounded_up(query.step, store::width_of(tier_of(answer.source)));
  answer.step = query.step;
  // The seq before the tail before the blocks: what a pass moves meanwhile is read twice and counted once.
  Chooser chooser{query.choices};
  auto tail = read_wanted_tail(database, query, chooser, answer.source, known_tail);
  if (!tail) return tail.error();
  PartReader parts{database, query, chooser, std::move(*tail), answer.damaged};
  Chart chart{query.step};
  Result<void> read;
  if (answer.source == HistorySource::samples) {
    read = read_samples(query, parts, chart);
  } else {
    const auto of_blocks = parts_of_blocks(database, query, parts);
    if (!of_blocks) return of_blocks.error();
    RollupQuery rollups{database, query,      tier_of(answer.source),
                        chooser,  *of_blocks, [&parts](TimePoint part) { return parts.read(part); }};
    read = rollups.run(chart, answer);
  }
  if (!read) return read.error();
  chart.finish(answer);
  return answer;
}

}  // namespace crmpulse::collector
