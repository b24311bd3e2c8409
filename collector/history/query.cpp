#include "collector/history/query.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "collector/state/sample_sink.h"
#include "store/collector/collector_store.h"
#include "store/history/history.h"
#include "wire/remote_write.h"
#include "wire/series_key.h"

namespace crmpulse::collector {
namespace {

using Readings = std::map<std::string, std::vector<store::Reading>, std::less<>>;

/// Remembers what was decided of each name: names come back in every block.
class Chooser {
 public:
  explicit Chooser(const std::vector<SeriesChoice>& choices) : choices_(choices) {}
  bool wants(std::string_view name) {
    if (const auto known = decided_.find(name); known != decided_.end()) return known->second;
    const HistoryName parsed = parse_history_name(name);
    const bool wanted = std::any_of(choices_.begin(), choices_.end(), [&](const SeriesChoice& choice) {
      return choice.metric == parsed.metric && matches(choice.where, parsed.labels);
    });
    decided_.emplace(name, wanted);
    return wanted;
  }

 private:
  const std::vector<SeriesChoice>& choices_;
  std::map<std::string, bool, std::less<>> decided_;
};

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

void sum_up(const std::vector<store::Reading>& readings, Duration step, std::vector<HistoryPoint>& points) {
  for (const store::Reading& reading : readings) {
    const TimePoint at = from_unix_millis(reading.unix_millis / step.count() * step.count());
    if (points.empty() || points.back().at != at) points.push_back({at});
    HistoryPoint& point = points.back();
    ++point.count;
    point.sum += reading.value;
    point.min = std::min(point.min, reading.value);
    point.max = std::max(point.max, reading.value);
  }
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

}  // namespace

Result<HistoryAnswer> read_history(store::Database& database, const HistoryQuery& query) {
  // The seq before the tail before the blocks: what a pass moves meanwhile is read twice and counted once.
  const auto seq = store::history_seq(database);
  if (!seq) return seq.error();
  Chooser chooser{query.choices};
  auto tail = read_tail(database, query, chooser, *seq);
  if (!tail) return tail.error();
  for (auto& [name, readings] : *tail) put_in_order(readings);
  std::map<std::string, std::vector<HistoryPoint>, std::less<>> lines;
  std::set<std::string, std::less<>> omitted;
  HistoryAnswer answer;
  for (TimePoint part = store::part_of(query.from); part <= query.to; part += store::kHistoryPart) {
    Readings readings;
    if (const auto added = add_blocks(database, query, chooser, part, readings, answer.damaged); !added)
      return added.error();
    add_tail(*tail, part, readings);
    for (auto& [name, some] : readings) {
      if (some.empty()) continue;
      const bool room = lines.size() < kMostLines || lines.contains(name);
      if (!room) {
        omitted.insert(name);
        continue;
      }
      put_in_order(some);
      sum_up(some, query.step, lines[name]);
    }
  }
  answer.omitted = omitted.size();
  for (auto& [name, points] : lines) answer.lines.push_back({parse_history_name(name), std::move(points)});
  return answer;
}

}  // namespace crmpulse::collector
