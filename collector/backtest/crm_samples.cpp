#include "collector/backtest/crm_samples.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "collector/history/series.h"
#include "collector/state/sample_sink.h"
#include "rules/engine.h"
#include "store/collector/collector_store.h"
#include "store/history/history.h"
#include "wire/remote_write.h"
#include "wire/series_key.h"

namespace crmpulse::collector {

CrmSamples::CrmSamples(store::Database& database, Span span, Wanted wanted)
    : database_(database), span_(std::move(span)), wanted_(std::move(wanted)), part_(store::part_of(span_.from)) {}

Result<std::optional<BacktestBatch>> CrmSamples::next() {
  // The journal before the blocks: what moves into blocks meanwhile is read twice and counted once.
  if (!std::exchange(begun_, true)) {
    if (const auto read = read_journal(); !read) return read.error();
  }
  for (; part_ <= span_.to; part_ += store::kHistoryPart) {
    Readings own;
    Readings of_agents;
    if (const auto read = read_blocks(span_.crm, own); !read) return read.error();
    add_journal(journal_, true, own);
    if (const auto read = read_blocks({}, of_agents); !read) return read.error();
    add_journal(agents_journal_, false, of_agents);
    BacktestBatch batch;
    add_events(of_agents, false, batch);
    add_events(own, true, batch);
    if (batch.events.empty()) continue;
    std::stable_sort(batch.events.begin(), batch.events.end(),
                     [](const BacktestEvent& a, const BacktestEvent& b) { return a.at < b.at; });
    part_ += store::kHistoryPart;
    return std::optional{std::move(batch)};
  }
  return std::optional<BacktestBatch>{};
}

const CrmSamples::Known& CrmSamples::known(std::string_view name, bool of_crm) {
  auto& names = of_crm ? of_crm_ : of_agents_;
  if (const auto found = names.find(name); found != names.end()) return found->second;
  const HistoryName parsed = parse_history_name(name);
  Known fresh{of_crm ? wanted_(parsed.metric) || rules::learns_from(parsed.metric) : rules::learns_from(parsed.metric),
              std::string{parsed.labels.get("agent")}};
  return names.emplace(name, std::move(fresh)).first->second;
}

/// Of agents that never spoke of the CRM nothing is taken. What it hears of the CRM's agents it remembers.
bool CrmSamples::takes(std::string_view name, bool of_crm) {
  const Known& known_name = known(name, of_crm);
  if (of_crm && !known_name.agent.empty()) agents_.insert(known_name.agent);
  return known_name.wanted && (of_crm || agents_.contains(known_name.agent));
}

bool CrmSamples::within(std::int64_t at) const {
  return at >= unix_millis(span_.from) && at <= unix_millis(span_.to);
}

Result<void> CrmSamples::read_journal() {
  const auto seq = store::history_seq(database_);
  if (!seq) return seq.error();
  wire::Limits limits;
  limits.max_decompressed_bytes *= 2;
  wire::Decoder decoder{limits};
  std::size_t taken = 0;
  return store::read_journal(database_, *seq, [&](const store::JournalRecord& record) {
    if (record.kind == store::RecordKind::evidence) return true;
    const auto version = record.kind == store::RecordKind::remote_write_2 ? wire::Version::v2 : wire::Version::v1;
    const std::int64_t latest = unix_millis(record.received + kMaxAhead);
    // One that cannot be read costs itself.
    [[maybe_unused]] const auto decoded = decoder.decode(version, record.body, [&](const wire::SeriesView& view) {
      const std::string_view crm = wire::label_of(view.key, "crm");
      if (!crm.empty() && crm != span_.crm) return;
      const std::string name = history_name(view.key);
      if (!known(name, !crm.empty()).wanted) return;
      std::vector<store::Reading>& readings = (crm.empty() ? agents_journal_ : journal_)[name];
      for (const wire::SampleView& sample : view.samples) {
        const std::int64_t at = sample.unix_millis + record.skew.count();
        if (!std::isfinite(sample.value) || at > latest || !within(at)) continue;
        readings.push_back({at, sample.value});
        ++taken;
      }
    });
    cut_ = taken >= kMostOfJournal;
    return !cut_;
  });
}

Result<void> CrmSamples::read_blocks(const std::string& crm, Readings& out) {
  const bool of_crm = !crm.empty();
  return store::read_blocks(database_, crm, part_, part_, [&](const store::StoredBlock& block) {
    const auto series = decode(block, [&](std::string_view name) { return takes(name, of_crm); }, damaged_);
    if (!series) return true;
    for (const store::HistorySeries& one : *series) {
      std::vector<store::Reading>& readings = out[one.name];
      for (const store::Reading& reading : one.readings) {
        if (within(reading.unix_millis)) readings.push_back(reading);
      }
    }
    return true;
  });
}

void CrmSamples::add_journal(const Readings& journal, bool of_crm, Readings& out) {
  const std::int64_t begin = unix_millis(part_);
  const std::int64_t end = unix_millis(part_ + store::kHistoryPart);
  for (const auto& [name, readings] : journal) {
    if (!takes(name, of_crm)) continue;
    for (const store::Reading& reading : readings) {
      if (reading.unix_millis >= begin && reading.unix_millis < end) out[name].push_back(reading);
    }
  }
}

void CrmSamples::add_events(Readings& all, bool of_crm, BacktestBatch& batch) {
  std::string key;
  for (auto& [name, readings] : all) {
    if (readings.empty()) continue;
    put_in_order(readings);
    key.assign(of_crm ? "crm\xff" : "agent\xff").append(name);
    auto number = names_.find(key);
    if (!number) {
      HistoryName parsed = parse_history_name(name);
      if (of_crm) parsed.labels.set("crm", span_.crm);
      number = names_.add(key, {std::move(parsed.metric), std::move(parsed.labels)}, batch);
    }
    for (const store::Reading& reading : readings)
      batch.events.push_back({from_unix_millis(reading.unix_millis), reading.value, *number});
  }
}

}  // namespace crmpulse::collector
