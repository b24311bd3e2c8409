#include "collector/history/roller.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "collector/history/series.h"
#include "core/hash.h"
#include "core/log.h"

namespace crmpulse::collector {
namespace {

using store::Tier;

/// A part that is over so long gets little more; what comes later still is summed up again with it.
constexpr Duration kPartSettled{std::chrono::hours{1}};
constexpr int kPartsAtOnce = 256;
constexpr int kRowsAStep = 500;

using RollupPoints = std::map<std::string, std::vector<store::Rollup>>;

/// Puts the points of [from, to) in the place of those that were there.
void replace(RollupPoints& all, const RollupPoints& points, TimePoint from, TimePoint to) {
  for (auto& [name, known] : all)
    std::erase_if(known, [&](const store::Rollup& point) { return point.at >= from && point.at < to; });
  for (const auto& [name, added] : points) {
    std::vector<store::Rollup>& known = all[name];
    const auto place = std::find_if(known.begin(), known.end(), [&](const store::Rollup& one) { return one.at >= to; });
    known.insert(place, added.begin(), added.end());
  }
}

/// Adds points to those of the same time.
void add_to(RollupPoints& all, const RollupPoints& points) {
  for (const auto& [name, added] : points) {
    std::vector<store::Rollup>& known = all[name];
    for (const store::Rollup& point : added) {
      const auto place = std::lower_bound(known.begin(), known.end(), point.at,
                                          [](const store::Rollup& one, TimePoint at) { return one.at < at; });
      if (place == known.end() || place->at != point.at) {
        known.insert(place, point);
      } else {
        // What came in time tells the last value.
        store::Rollup merged = point;
        merged.merge(*place);
        *place = std::move(merged);
      }
    }
  }
}

RollupPoints one_of_each(const RollupPoints& hours, TimePoint day) {
  RollupPoints out;
  for (const auto& [name, points] : hours) {
    if (points.empty()) continue;
    store::Rollup all{day};
    for (const store::Rollup& point : points) all.merge(point);
    out[name].push_back(std::move(all));
  }
  return out;
}

store::RollupRow row_of(Tier tier, TimePoint span, const std::string& crm, const RollupPoints& points) {
  store::RollupRow row{tier, span, crm, {}, true};
  std::vector<store::RollupSeries> series;
  for (const auto& [name, some] : points) {
    if (!some.empty()) series.push_back({name, some});
  }
  if (!series.empty()) row.bytes = store::encode_rollups(series);
  return row;
}

/// What is stored of one part in one transaction.
struct RolledPart {
  std::vector<store::RollupRow> rows;
  store::Unrolled place;
  std::int64_t newest = 0;  ///< block that is in it
  bool drop = false;        ///< the blocks are not kept any longer
};

Result<void> store_part(store::Database& database, const RolledPart& part) {
  for (const store::RollupRow& row : part.rows) {
    if (auto done = store::put_rollups(database, row); !done) return done;
  }
  if (part.drop) return store::drop_blocks(database, part.place.part, part.place.crm, part.newest);
  return store::mark_rolled(database, part.place.part, part.place.crm, part.newest);
}

}  // namespace

std::vector<store::Rollup> roll_up(std::span<const store::Reading> readings, Duration width, bool duration) {
  std::vector<store::Rollup> out;
  for (const store::Reading& reading : readings) {
    const TimePoint at = from_unix_millis(reading.unix_millis / width.count() * width.count());
    if (out.empty() || out.back().at != at) out.push_back({at});
    out.back().add(reading.value, duration);
  }
  return out;
}

Result<bool> HistoryRoller::roll(TimePoint now) {
  const TimePoint ended = store::part_of(now - kPartSettled - store::kHistoryPart) + Duration{1};
  const auto places = store::find_unrolled(reader_, ended, kPartsAtOnce);
  if (!places) return places.error();
  const auto pruned = store::pruned_to(reader_);
  if (!pruned) return pruned.error();
  for (const store::Unrolled& place : *places) {
    const bool blocks_are_all = !*pruned || place.part > **pruned;
    if (const auto done = roll_part(place, blocks_are_all); !done) return done.error();
  }
  return places->size() == static_cast<std::size_t>(kPartsAtOnce);
}

/// `blocks_are_all`: older blocks of the part are not gone, so that they say everything that is known of it.
Result<void> HistoryRoller::roll_part(const store::Unrolled& place, bool blocks_are_all) {
  RolledPart rolled{{}, place, 0, !blocks_are_all};
  std::map<std::string, std::vector<store::Reading>> readings;
  DamagedBlocks damaged;
  const auto read =
      store::read_blocks(reader_, place.crm, place.part, place.part, [&](const store::StoredBlock& block) {
        rolled.newest = std::max(rolled.newest, block.id);
        if (!blocks_are_all && block.id <= place.rolled_id) return true;
        const auto series = decode(block, [](std::string_view) { return true; }, damaged);
        if (!series) return true;
        for (const store::HistorySeries& one : *series) {
          std::vector<store::Reading>& all = readings[one.name];
          all.insert(all.end(), one.readings.begin(), one.readings.end());
        }
        return true;
      });
  if (!read) return read;
  if (damaged.count() > 0) {
    stats_.damaged += damaged.count();
    if (auto aside = damaged.set_aside(reader_.folder(), writer_); !aside) return aside;
  }
  RollupPoints minutes;
  RollupPoints hours;
  for (auto& [name, some] : readings) {
    put_in_order(some);
    const bool duration = is_duration(name);
    minutes[name] = roll_up(some, store::width_of(Tier::minutes), duration);
    hours[name] = roll_up(some, store::width_of(Tier::hours), duration);
  }
  const TimePoint end = place.part + store::kHistoryPart;
  const TimePoint day = store::span_begin(Tier::hours, place.part);
  const TimePoint days = store::span_begin(Tier::days, place.part);
  const auto known_hours = load(Tier::hours, place.crm, day);
  if (!known_hours) return known_hours.error();
  const auto known_days = load(Tier::days, place.crm, days);
  if (!known_days) return known_days.error();
  RollupPoints all_hours = known_hours->value_or(RollupPoints{});
  if (blocks_are_all) {
    rolled.rows.push_back(row_of(Tier::minutes, place.part, place.crm, minutes));
    replace(all_hours, hours, place.part, end);
  } else {
    add_to(all_hours, hours);
  }
  RollupPoints all_days = known_days->value_or(RollupPoints{});
  replace(all_days, one_of_each(all_hours, day), day, day + store::width_of(Tier::days));
  rolled.rows.push_back(row_of(Tier::hours, day, place.crm, all_hours));
  rolled.rows.push_back(row_of(Tier::days, days, place.crm, all_days));
  auto stored = writer_.run([&rolled](store::Database& database) { return store_part(database, rolled); });
  if (stored) ++stats_.parts;
  return stored;
}

/// Returns nullopt if there is no row. One that is damaged is kept in a file, and made again from the blocks that are
/// still there.
Result<std::optional<HistoryRoller::Points>> HistoryRoller::load(Tier tier, const std::string& crm, TimePoint span) {
  const auto row = store::get_rollups(reader_, tier, crm, span);
  if (!row) return row.error();
  if (!*row) return std::optional<Points>{};
  if ((*row)->intact) {
    if (auto series = store::decode_rollups((*row)->bytes, [](std::string_view) { return true; })) {
      Points points;
      for (store::RollupSeries& one : *series) points[one.name] = std::move(one.points);
      return std::optional{std::move(points)};
    }
  }
  ++stats_.damaged;
  const std::string name =
      fmt::format("rollups-{:016x}-{}-{}", stable_hash(crm), static_cast<int>(tier), unix_millis(span));
  const auto file = store::set_aside(reader_.folder(), name, (*row)->bytes);
  if (!file) return file.error();
  log::error("a block of the history's rollups is damaged; it is made again as far as its readings are there",
             {{"crm", crm}, {"span", format_time(span)}, {"kept_in", *file}});
  const auto again = writer_.run([&](store::Database& database) -> Result<void> {
    const auto pruned = store::pruned_to(database);
    if (!pruned) return pruned.error();
    const TimePoint first = *pruned ? std::max(span, **pruned + store::kHistoryPart) : span;
    return store::unmark_rolled(database, crm, first, span + store::span_of(tier));
  });
  if (!again) return again.error();
  return std::optional<Points>{};
}

Result<std::int64_t> HistoryRoller::run(const std::function<Result<std::int64_t>(store::Database&)>& job) {
  std::int64_t rows = 0;
  const auto done = writer_.run([&](store::Database& database) -> Result<void> {
    const auto gone = job(database);
    if (!gone) return gone.error();
    rows = *gone;
    return {};
  });
  if (!done) return done.error();
  return rows;
}

Result<void> HistoryRoller::prune(const HistoryKeep& keep) {
  const auto steps = [this](const std::function<Result<std::int64_t>(store::Database&)>& job) -> Result<void> {
    for (std::int64_t gone = kRowsAStep; gone == kRowsAStep;) {
      const auto done = run(job);
      if (!done) return done.error();
      gone = *done;
    }
    return {};
  };
  auto done =
      steps([&](store::Database& database) { return store::prune_rolled_blocks(database, keep.samples, kRowsAStep); });
  for (const std::pair<Tier, TimePoint>& kept :
       {std::pair{Tier::minutes, keep.minutes}, std::pair{Tier::hours, keep.states},
        std::pair{Tier::days, keep.states}}) {
    if (!done) return done;
    done = steps([kept](store::Database& database) {
      return store::prune_rollups(database, kept.first, kept.second, kRowsAStep);
    });
  }
  while (done && keep.most_bytes > 0) {
    const auto gone = prune_by_size(keep.most_bytes);
    if (!gone) return gone.error();
    if (*gone == 0) break;
    stats_.by_size += static_cast<std::uint64_t>(*gone);
  }
  return done;
}

/// Deletes the oldest of what costs most first: readings, then minutes, then hours. Days and states stay.
Result<std::int64_t> HistoryRoller::prune_by_size(std::uint64_t most_bytes) {
  const auto used = store::used_bytes(reader_);
  if (!used) return used.error();
  if (static_cast<std::uint64_t>(*used) <= most_bytes) return std::int64_t{0};
  const auto part = store::next_part(reader_, TimePoint{});
  if (!part) return part.error();
  if (*part) {
    const auto gone = run([&](store::Database& database) {
      return store::prune_rolled_blocks(database, (*part)->part + store::kHistoryPart, kRowsAStep);
    });
    if (!gone || *gone > 0) return gone;
  }
  for (const Tier tier : {Tier::minutes, Tier::hours}) {
    const auto oldest = store::oldest_rollups(reader_, tier);
    if (!oldest) return oldest.error();
    if (!*oldest) continue;
    const auto gone = run([&](store::Database& database) {
      return store::prune_rollups(database, tier, **oldest + store::span_of(tier), kRowsAStep);
    });
    if (!gone || *gone > 0) return gone;
  }
  return std::int64_t{0};
}

}  // namespace crmpulse::collector
