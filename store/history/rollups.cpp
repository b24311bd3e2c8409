#include "store/history/rollups.h"

#include <algorithm>
#include <cstdlib>

#include "store/collector/collector_store.h"
#include "store/sqlite/checksum.h"
#include "store/sqlite/query.h"

namespace crmpulse::store {
namespace {

constexpr const char* kPrunedName = "history_pruned_to";
constexpr Duration kOneDay{std::chrono::hours{24}};
constexpr int kDaysABlock = 16;

std::int64_t checksum_of(const RollupRow& row) {
  return Checksum{}
      .add(static_cast<std::int64_t>(row.tier))
      .add(unix_millis(row.span))
      .add(std::string_view{row.crm})
      .add(std::string_view{row.bytes})
      .value();
}

int number_of(Tier tier) {
  return static_cast<int>(tier);
}

}  // namespace

Duration width_of(Tier tier) {
  if (tier == Tier::minutes) return std::chrono::minutes{1};
  return tier == Tier::hours ? Duration{std::chrono::hours{1}} : kOneDay;
}

Duration span_of(Tier tier) {
  if (tier == Tier::minutes) return kHistoryPart;
  return tier == Tier::hours ? kOneDay : kOneDay * kDaysABlock;
}

TimePoint span_begin(Tier tier, TimePoint time) {
  return from_unix_millis(unix_millis(time) / span_of(tier).count() * span_of(tier).count());
}

Result<void> put_rollups(Database& database, const RollupRow& row) {
  if (row.bytes.empty())
    return run(database, "DELETE FROM rollup WHERE crm = ? AND tier = ? AND span = ?", row.crm, number_of(row.tier),
               row.span);
  return run(database,
             "INSERT INTO rollup(tier, span, crm, bytes, checksum, block) VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT(crm, "
             "tier, span) DO UPDATE SET bytes = excluded.bytes, checksum = excluded.checksum, block = excluded.block",
             number_of(row.tier), row.span, row.crm, static_cast<std::int64_t>(row.bytes.size()), checksum_of(row),
             Blob{row.bytes});
}

Result<std::optional<RollupRow>> get_rollups(Database& database, Tier tier, const std::string& crm, TimePoint span) {
  std::optional<RollupRow> found;
  const auto rows = query(database, "SELECT checksum, block FROM rollup WHERE crm = ? AND tier = ? AND span = ?", crm,
                          number_of(tier), span);
  const auto done = each_row(rows, [&](const Statement& row) {
    found = RollupRow{tier, span, crm, std::string{row.blob(1)}, true};
    found->intact = row.integer(0) == checksum_of(*found);
  });
  if (!done) return done.error();
  return found;
}

Result<std::optional<TimePoint>> oldest_rollups(Database& database, Tier tier, const std::string& crm) {
  const auto oldest =
      one_integer(query(database, "SELECT min(span) FROM rollup WHERE crm = ? AND tier = ?", crm, number_of(tier)));
  if (!oldest) return oldest.error();
  if (!*oldest) return std::optional<TimePoint>{};
  return std::optional{from_unix_millis(**oldest)};
}

Result<std::optional<TimePoint>> oldest_rollups(Database& database, Tier tier) {
  const auto oldest = one_integer(query(database, "SELECT min(span) FROM rollup WHERE tier = ?", number_of(tier)));
  if (!oldest) return oldest.error();
  if (!*oldest) return std::optional<TimePoint>{};
  return std::optional{from_unix_millis(**oldest)};
}

Result<std::int64_t> used_bytes(Database& database) {
  std::int64_t pages = 0;
  for (const std::string_view pragma : {"PRAGMA page_count", "PRAGMA freelist_count"}) {
    const auto count = one_integer(query(database, pragma));
    if (!count) return count.error();
    pages = pages == 0 ? count->value_or(0) : pages - count->value_or(0);
  }
  const auto size = one_integer(query(database, "PRAGMA page_size"));
  if (!size) return size.error();
  return pages * size->value_or(0);
}

Result<std::int64_t> prune_rollups(Database& database, Tier tier, TimePoint before, int max_rows) {
  const auto gone = run(database,
                        "DELETE FROM rollup WHERE id IN (SELECT id FROM rollup WHERE tier = ? AND span <= ? ORDER BY "
                        "span LIMIT ?)",
                        number_of(tier), before - span_of(tier), max_rows);
  if (!gone) return gone.error();
  return database.changes();
}

Result<std::vector<Unrolled>> find_unrolled(Database& database, TimePoint before, int limit) {
  std::vector<Unrolled> found;
  const auto rows =
      query(database,
            "SELECT part, crm, known FROM (SELECT h.part, h.crm, max(h.id) AS newest, coalesce((SELECT r.id "
            "FROM rolled r WHERE r.part = h.part AND r.crm = h.crm), 0) AS known FROM history h WHERE "
            "h.part < ? GROUP BY h.part, h.crm) WHERE newest > known LIMIT ?",
            before, limit);
  const auto done = each_row(
      rows, [&](const Statement& row) { found.push_back({time_at(row, 0), text_at(row, 1), row.integer(2)}); });
  if (!done) return done.error();
  return found;
}

Result<std::vector<TimePoint>> unrolled_of(Database& database, const std::string& crm, TimePoint from, TimePoint to) {
  std::vector<TimePoint> found;
  // By the times that are known: from the first part of the history on, each is looked up by its own.
  const auto first = one_integer(query(database, "SELECT min(part) FROM history WHERE part >= ?", part_of(from)));
  if (!first) return first.error();
  if (!*first) return found;
  for (TimePoint part = from_unix_millis(**first); part <= to; part += kHistoryPart) {
    const auto newest = one_integer(query(database,
                                          "SELECT max(id) FROM history WHERE part = ?1 AND crm = ?2 AND id > coalesce("
                                          "(SELECT id FROM rolled WHERE part = ?1 AND crm = ?2), 0)",
                                          part, crm));
    if (!newest) return newest.error();
    if (*newest) found.push_back(part);
  }
  return found;
}

Result<void> mark_rolled(Database& database, TimePoint part, const std::string& crm, std::int64_t id) {
  return run(database,
             "INSERT INTO rolled(part, crm, id) VALUES(?, ?, ?) ON CONFLICT(part, crm) DO UPDATE SET id = excluded.id",
             part, crm, id);
}

Result<void> unmark_rolled(Database& database, const std::string& crm, TimePoint from, TimePoint to) {
  return run(database, "DELETE FROM rolled WHERE crm = ? AND part >= ? AND part < ?", crm, from, to);
}

Result<void> drop_blocks(Database& database, TimePoint part, const std::string& crm, std::int64_t id) {
  return run(database, "DELETE FROM history WHERE part = ? AND crm = ? AND id <= ?", part, crm, id);
}

Result<std::optional<TimePoint>> pruned_to(Database& database) {
  const auto text = get_meta(database, kPrunedName);
  if (!text) return text.error();
  if (!*text) return std::optional<TimePoint>{};
  return std::optional{from_unix_millis(std::strtoll((*text)->c_str(), nullptr, 10))};
}

Result<std::int64_t> prune_rolled_blocks(Database& database, TimePoint before, int max_rows) {
  const TimePoint newest = part_of(before) - kHistoryPart;
  const auto known = pruned_to(database);
  if (!known) return known.error();
  const auto oldest = one_integer(query(database, "SELECT min(part) FROM history WHERE part <= ?", newest));
  if (!oldest) return oldest.error();
  if (!*oldest) return std::int64_t{0};
  const auto gone = run(database,
                        "DELETE FROM history WHERE id IN (SELECT h.id FROM history h JOIN rolled r ON r.part = h.part "
                        "AND r.crm = h.crm WHERE h.part <= ? AND h.id <= r.id ORDER BY h.part LIMIT ?)",
                        newest, max_rows);
  if (!gone) return gone.error();
  const std::int64_t rows = database.changes();
  if (rows > 0 && (!*known || **known < newest)) {
    const auto noted = set_meta(database, kPrunedName, std::to_string(unix_millis(newest)));
    if (!noted) return noted.error();
  }
  // The mark of a part goes with its last block: what comes later still is added to what the rollups have.
  const auto forgotten = run(database,
                             "DELETE FROM rolled WHERE part <= ? AND NOT EXISTS (SELECT 1 FROM history h WHERE h.part "
                             "= rolled.part AND h.crm = rolled.crm)",
                             newest);
  if (!forgotten) return forgotten.error();
  return rows;
}

}  // namespace crmpulse::store
