#include "store/history/history.h"

#include <cstdlib>
#include <limits>

#include "store/collector/collector_store.h"
#include "store/sqlite/checksum.h"
#include "store/sqlite/query.h"

namespace crmpulse::store {
namespace {

constexpr const char* kSeqName = "history_seq";
constexpr const char* kLastIdName = "history_last_id";

/// `otherwise`: if its checksum does not fit.
Result<std::int64_t> stored_number(Database& database, const std::string& name, std::int64_t otherwise) {
  const auto intact = is_meta_intact(database, name);
  if (!intact) return intact.error();
  if (!*intact) return otherwise;
  const auto text = get_meta(database, name);
  if (!text) return text.error();
  return std::strtoll(text->value_or("0").c_str(), nullptr, 10);
}

Result<void> mark_all_finished(Database& database) {
  const auto last = one_integer(query(database, "SELECT max(id) FROM history"));
  if (!last) return last.error();
  // What was pruned to nothing begins anew, and so do the ids.
  return set_meta(database, kLastIdName, std::to_string(last->value_or(0)));
}

std::int64_t checksum_of(TimePoint part, std::string_view crm, std::int64_t readings, std::string_view bytes) {
  return Checksum{}.add(unix_millis(part)).add(crm).add(readings).add(bytes).value();
}

Result<void> add_block(Database& database, const HistoryBlock& block) {
  return run(database, "INSERT INTO history(part, crm, readings, block, checksum) VALUES(?, ?, ?, ?, ?)", block.part,
             block.crm, block.readings, Blob{block.bytes},
             checksum_of(block.part, block.crm, block.readings, block.bytes));
}

/// Of the columns id, part, crm, readings, block, checksum.
StoredBlock block_of(const Statement& row) {
  StoredBlock block{row.integer(0), time_at(row, 1), row.text(2), row.blob(4), true};
  block.intact = row.is_null(5) || row.integer(5) == checksum_of(block.part, block.crm, row.integer(3), block.bytes);
  return block;
}

}  // namespace

TimePoint part_of(TimePoint time) {
  return TimePoint{
      std::chrono::floor<std::chrono::duration<std::int64_t, std::ratio<6 * 3600>>>(time).time_since_epoch()};
}

Result<void> add_blocks(Database& database, const std::vector<HistoryBlock>& blocks) {
  for (const HistoryBlock& block : blocks) {
    if (const auto added = add_block(database, block); !added) return added;
  }
  return {};
}

Result<void> finish_blocks(Database& database, std::int64_t seq) {
  if (const auto marked = mark_all_finished(database); !marked) return marked;
  return set_meta(database, kSeqName, std::to_string(seq));
}

Result<void> drop_unfinished_blocks(Database& database) {
  // Not knowing which are not finished, all stay: a reading that is there twice counts once.
  const auto last = stored_number(database, kLastIdName, std::numeric_limits<std::int64_t>::max());
  if (!last) return last.error();
  return run(database, "DELETE FROM history WHERE id > ?", *last);
}

Result<std::int64_t> history_seq(Database& database) {
  // From the beginning, if it is not known: what is in blocks already is there twice then, and counts once.
  return stored_number(database, kSeqName, 0);
}

Result<Pending> pending_journal(Database& database, std::int64_t seq) {
  Pending pending;
  const auto first =
      each_row(query(database,
                     "SELECT received, end_offset - length(body) FROM journal WHERE seq > ? ORDER BY seq LIMIT 1", seq),
               [&](const Statement& row) {
                 pending.oldest = time_at(row, 0);
                 pending.bytes = -row.integer(1);
               });
  if (!first) return first.error();
  if (!pending.oldest) return pending;
  const auto end = one_integer(query(database, "SELECT end_offset FROM journal ORDER BY seq DESC LIMIT 1"));
  if (!end) return end.error();
  pending.bytes += end->value_or(0);
  return pending;
}

Result<void> read_blocks(Database& database, const std::string& crm, TimePoint from, TimePoint to,
                         const std::function<bool(const StoredBlock&)>& visit) {
  // A statement for each part: between two of them no read transaction stands in the way of checkpoints.
  for (TimePoint part = part_of(from); part <= to; part += kHistoryPart) {
    const auto rows = query(database,
                            "SELECT id, part, crm, readings, block, checksum FROM history WHERE part = ? AND crm = ? "
                            "ORDER BY id",
                            part, crm);
    if (!rows) return rows.error();
    const ResetAtEnd reset{**rows};
    for (auto row = (*rows)->step(); true; row = (*rows)->step()) {
      if (!row) return row.error();
      if (!*row) break;
      if (!visit(block_of(**rows))) return {};
    }
  }
  return {};
}

Result<std::optional<HistoryPartSize>> next_part(Database& database, TimePoint from) {
  std::optional<HistoryPartSize> found;
  const auto rows = query(database,
                          "SELECT part, sum(readings) FROM history WHERE part = (SELECT min(part) FROM history WHERE "
                          "part >= ?) GROUP BY part",
                          part_of(from));
  const auto done = each_row(rows, [&](const Statement& row) { found = {time_at(row, 0), row.integer(1)}; });
  if (!done) return done.error();
  return found;
}

Result<void> read_part(Database& database, TimePoint part, const std::function<void(const StoredBlock&)>& visit) {
  return each_row(
      query(database, "SELECT id, part, crm, readings, block, checksum FROM history WHERE part = ? ORDER BY crm", part),
      [&](const Statement& row) { visit(block_of(row)); });
}

Result<bool> has_blocks(Database& database, const std::string& crm) {
  const auto found = one_integer(query(database, "SELECT 1 FROM history WHERE crm = ? LIMIT 1", crm));
  if (!found) return found.error();
  return found->has_value();
}

Result<void> delete_block(Database& database, std::int64_t id) {
  return run(database, "DELETE FROM history WHERE id = ?", id);
}

Result<std::vector<Mergeable>> find_mergeable(Database& database, const MergeChoice& choice) {
  std::vector<Mergeable> found;
  const auto rows = query(database,
                          "SELECT part, crm FROM history GROUP BY part, crm "
                          "HAVING count(*) > CASE WHEN part < ?1 THEN 1 ELSE ?2 END AND sum(readings) < ?3 * count(*) "
                          "AND sum(readings) <= ?4 LIMIT ?5",
                          choice.ended, choice.many, choice.small, choice.most, choice.limit);
  const auto done = each_row(rows, [&](const Statement& row) { found.push_back({time_at(row, 0), text_at(row, 1)}); });
  if (!done) return done.error();
  return found;
}

Result<void> replace_blocks(Database& database, const HistoryBlock& merged) {
  const auto before =
      one_integer(query(database, "SELECT max(id) FROM history WHERE part = ? AND crm = ?", merged.part, merged.crm));
  if (!before) return before.error();
  if (const auto gone = run(database, "DELETE FROM history WHERE part = ? AND crm = ?", merged.part, merged.crm); !gone)
    return gone;
  if (const auto added = add_block(database, merged); !added) return added;
  // The same readings as before: rollups that have them all still do.
  const auto moved = run(database, "UPDATE rolled SET id = ? WHERE part = ? AND crm = ? AND id >= ?",
                         database.last_insert_id(), merged.part, merged.crm, before->value_or(0));
  if (!moved) return moved;
  return mark_all_finished(database);
}

Result<HistorySize> history_size(Database& database) {
  HistorySize size;
  const auto done = each_row(
      query(database, "SELECT count(*), coalesce(sum(readings), 0), coalesce(sum(length(block)), 0) FROM history"),
      [&](const Statement& row) { size = {row.integer(0), row.integer(1), row.integer(2)}; });
  if (!done) return done.error();
  return size;
}

}  // namespace crmpulse::store
