#include "collector/history/builder.h"

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cmath>
#include <map>
#include <memory>
#include <tuple>
#include <utility>

#include "collector/history/damaged_blocks.h"
#include "collector/state/sample_sink.h"
#include "wire/series_key.h"

namespace crmpulse::collector {
namespace {

/// One transaction's share: other jobs, acknowledgements among them, wait no longer than for one of these.
constexpr std::size_t kJobBytes = 256 * 1024;
constexpr std::size_t kJobBlocks = 64;
constexpr int kMergesAtOnce = 64;
/// A part that is over so long gets little more: agents that catch up later make one more block, merged like these.
constexpr Duration kSettled{std::chrono::hours{1}};

wire::Limits journal_limits() {
  wire::Limits limits;
  limits.max_decompressed_bytes *= 2;  // what was accepted before must be readable under any later default
  return limits;
}

}  // namespace

/// The series of one pass, known to the decoder: a series that comes again costs one comparison of bytes.
struct HistoryBuilder::Pass final : wire::KnownSeries {
  struct Open {
    std::unique_ptr<const std::string> key;  ///< stays where it is: views into it are keys of the map
    std::vector<store::Reading> readings;
    Id next = kNone;
  };
  std::vector<Open> all;
  boost::unordered_flat_map<std::string_view, Id> by_key;
  Id first = kNone;
  std::size_t readings = 0;
  std::int64_t bytes = 0;

  [[nodiscard]] Guess after(Id before) const override {
    const Id id = before == kNone ? first : all[before].next;
    return id == kNone ? Guess{} : Guess{id, *all[id].key};
  }
  void follows(Id before, Id id) override { (before == kNone ? first : all[before].next) = id; }
  [[nodiscard]] Id find(std::string_view key) const override {
    const auto known = by_key.find(key);
    return known == by_key.end() ? kNone : known->second;
  }
  [[nodiscard]] Place find_or_add(const wire::SeriesView& view) override {
    if (const Id known = find(view.key); known != kNone) return {known};
    const auto id = static_cast<Id>(all.size());
    all.push_back({std::make_unique<const std::string>(view.key), {}, kNone});
    by_key.emplace(*all.back().key, id);
    return {id};
  }
};

namespace {

/// Cuts series at the ends of parts. Each of `in` is in order.
std::map<TimePoint, std::vector<store::HistorySeries>> by_part(std::vector<store::HistorySeries> in) {
  std::map<TimePoint, std::vector<store::HistorySeries>> out;
  for (store::HistorySeries& series : in) {
    std::vector<store::Reading>& readings = series.readings;
    if (readings.empty()) continue;
    const TimePoint first = store::part_of(from_unix_millis(readings.front().unix_millis));
    if (from_unix_millis(readings.back().unix_millis) < first + store::kHistoryPart) {
      out[first].push_back(std::move(series));
      continue;
    }
    for (auto from = readings.begin(); from != readings.end();) {
      const TimePoint part = store::part_of(from_unix_millis(from->unix_millis));
      const auto to = std::find_if(from, readings.end(), [&](const store::Reading& reading) {
        return from_unix_millis(reading.unix_millis) >= part + store::kHistoryPart;
      });
      out[part].push_back({series.name, {from, to}});
      from = to;
    }
  }
  return out;
}

store::HistoryBlock make_block(TimePoint part, const std::string& crm, std::span<const store::HistorySeries> series) {
  std::int64_t readings = 0;
  for (const store::HistorySeries& one : series) readings += static_cast<std::int64_t>(one.readings.size());
  return {part, crm, readings, store::encode_block(series)};
}

}  // namespace

HistoryBuilder::HistoryBuilder(store::Database reader, store::Writer& writer, Limits limits)
    : reader_(std::move(reader)), writer_(writer), limits_(limits), decoder_(journal_limits()) {}

Result<void> HistoryBuilder::begin() {
  Result<void> done = writer_.run([](store::Database& database) { return store::drop_unfinished_blocks(database); });
  begun_ = done.has_value();
  return done;
}

Result<bool> HistoryBuilder::build(TimePoint now) {
  if (!begun_) {
    if (const auto begun = begin(); !begun) return begun.error();
  }
  const auto after = store::history_seq(reader_);
  if (!after) return after.error();
  const auto pending = store::pending_journal(reader_, *after);
  if (!pending) return pending.error();
  const bool due =
      pending->oldest && (now - *pending->oldest >= limits_.wait || pending->bytes >= limits_.pending_bytes);
  if (!due) return false;
  Pass pass;
  const auto last = collect(pass, *after);
  if (!last) return last.error();
  if (const auto written = write(pass); !written) return written.error();
  const auto finished =
      writer_.run([last](store::Database& database) { return store::finish_blocks(database, *last); });
  if (!finished) return finished.error();
  return true;
}

Result<std::int64_t> HistoryBuilder::collect(Pass& pass, std::int64_t after) {
  std::int64_t last = after;
  const auto read = store::read_journal(reader_, after, [&](const store::JournalRecord& record) {
    last = record.seq;
    pass.bytes += static_cast<std::int64_t>(record.body.size());
    if (record.kind != store::RecordKind::evidence) take(record, pass);
    return pass.bytes < limits_.pass_bytes && pass.readings < limits_.pass_readings;
  });
  if (!read) return read.error();
  return last;
}

void HistoryBuilder::take(const store::JournalRecord& record, Pass& pass) {
  const auto version = record.kind == store::RecordKind::remote_write_2 ? wire::Version::v2 : wire::Version::v1;
  const std::int64_t latest = unix_millis(record.received + kMaxAhead);
  auto decoded = decoder_.decode(version, record.body, pass, std::move(memory_));
  if (!decoded) {
    ++stats_.skipped;
    return;
  }
  memory_ = std::move(decoded->readings);
  for (const wire::Reading& reading : memory_) {
    const std::int64_t at = reading.unix_millis + record.skew.count();
    if (!std::isfinite(reading.value) || at > latest || at < 0) {
      ++stats_.skipped;
      continue;
    }
    pass.all[reading.series].readings.push_back({at, reading.value});
    ++pass.readings;
  }
}

namespace {

struct Named {
  std::string crm;
  store::HistorySeries series;
};

/// By CRM and name. What is taken from `open` is gone there.
std::vector<Named> by_name(std::vector<HistoryBuilder::Pass::Open>& open) {
  std::vector<Named> out;
  out.reserve(open.size());
  for (auto& one : open) {
    if (one.readings.empty()) continue;
    out.push_back({std::string{wire::label_of(*one.key, "crm")}, {history_name(*one.key), std::move(one.readings)}});
  }
  std::sort(out.begin(), out.end(), [](const Named& a, const Named& b) {
    return std::tie(a.crm, a.series.name) < std::tie(b.crm, b.series.name);
  });
  return out;
}

}  // namespace

Result<void> HistoryBuilder::write(Pass& pass) {
  std::vector<Named> all = by_name(pass.all);
  std::vector<store::HistoryBlock> blocks;
  std::size_t bytes = 0;
  for (auto from = all.begin(); from != all.end();) {
    const std::string crm = from->crm;
    std::vector<store::HistorySeries> series;
    for (; from != all.end() && from->crm == crm; ++from) {
      put_in_order(from->series.readings);
      stats_.readings += from->series.readings.size();
      series.push_back(std::move(from->series));
    }
    for (const auto& [part, some] : by_part(std::move(series))) {
      blocks.push_back(make_block(part, crm, some));
      bytes += blocks.back().bytes.size();
      if (bytes < kJobBytes && blocks.size() < kJobBlocks) continue;
      if (const auto added = add(blocks); !added) return added;
      bytes = 0;
    }
  }
  return add(blocks);
}

Result<void> HistoryBuilder::add(std::vector<store::HistoryBlock>& blocks) {
  if (blocks.empty()) return {};
  stats_.blocks += blocks.size();
  const auto added = writer_.run([&blocks](store::Database& database) { return store::add_blocks(database, blocks); });
  blocks.clear();
  return added;
}

Result<bool> HistoryBuilder::merge(TimePoint now) {
  const auto places = store::find_mergeable(reader_, {store::part_of(now - kSettled), limits_.many,
                                                      limits_.small_readings, limits_.merged_readings, kMergesAtOnce});
  if (!places) return places.error();
  for (const store::Mergeable& place : *places) {
    if (const auto merged = merge_one(place); !merged) return merged.error();
  }
  return places->size() == kMergesAtOnce;
}

Result<void> HistoryBuilder::merge_one(const store::Mergeable& place) {
  std::map<std::string, std::vector<store::Reading>> all;
  DamagedBlocks damaged;
  const auto read =
      store::read_blocks(reader_, place.crm, place.part, place.part, [&](const store::StoredBlock& block) {
        const auto series = decode(block, [](std::string_view) { return true; }, damaged);
        if (!series) return true;
        for (const store::HistorySeries& one : *series) {
          std::vector<store::Reading>& readings = all[one.name];
          readings.insert(readings.end(), one.readings.begin(), one.readings.end());
        }
        return true;
      });
  if (!read) return read;
  if (damaged.count() > 0) {
    stats_.damaged += damaged.count();
    // The others of its place are merged in a later pass, without it.
    return damaged.set_aside(reader_.folder(), writer_);
  }
  std::vector<store::HistorySeries> series;
  for (auto& [name, readings] : all) {
    put_in_order(readings);
    series.push_back({name, std::move(readings)});
  }
  const store::HistoryBlock block = make_block(place.part, place.crm, series);
  ++stats_.merges;
  return writer_.run([&block](store::Database& database) { return store::replace_blocks(database, block); });
}

}  // namespace crmpulse::collector
