#include <fmt/format.h>

#include <algorithm>

#include "store/collector/collector_store.h"
#include "store/collector/outbox_row.h"
#include "store/sqlite/query.h"

namespace crmpulse::store {
namespace {

OutboxRow read_row(const Statement& row) {
  OutboxRow out = read_outbox_row(row);
  out.body = row.blob(13);
  return out;
}

Result<std::vector<OutboxRow>> read_rows(const Result<Statement*>& rows) {
  std::vector<OutboxRow> all;
  const Result<void> done = each_row(rows, [&](const Statement& row) { all.push_back(read_row(row)); });
  if (!done) return done.error();
  return all;
}

Result<bool> insert(Database& database, const OutboxRow& row, DeliveryStatus status) {
  const Result<void> added =
      run(database,
          "INSERT INTO outbox(id, receiver, dedup_key, seq, event, kind, level, created, not_before, attempts, "
          "last_code, last_error, status, lease_until, body) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
          "ON CONFLICT(receiver, dedup_key, seq) DO NOTHING",
          row.id, row.receiver, row.dedup_key, row.seq, std::string{row.event.text()}, kind_of(row.event), row.level,
          row.created, row.not_before, row.attempts, row.last_code, row.last_error, static_cast<int>(status),
          TimePoint{}, Blob{row.body});
  if (!added) return added.error();
  return database.changes() > 0;
}

/// A newer message of these makes an older unsent one pointless.
bool replaces(Event newer, Event older) {
  if (changes_level(newer)) return changes_level(older);
  return newer == older && (newer == Event::reminder || newer == Event::heartbeat);
}

/// The unsent messages of one queue that belong to its newest incident, newest first, and what the receiver may have
/// been told before them.
struct Tail {
  struct Item {
    std::string id;
    Event event = Event::unknown;
    std::int64_t seq = 0;
  };
  std::vector<Item> unsent;
  bool told_open = false;  ///< an earlier message that did, or may have, reached the receiver left an incident open
};

Result<Tail> read_tail(Database& database, const OutboxRow& newest) {
  Tail tail;
  bool ended = false;
  const auto rows = query(database,
                          "SELECT id, kind, status, attempts, seq FROM outbox WHERE receiver = ? AND dedup_key = ? "
                          "AND seq < ? AND status NOT IN (4, 5) "
                          "ORDER BY seq DESC",
                          newest.receiver, newest.dedup_key, newest.seq);
  if (!rows) return rows.error();
  const ResetAtEnd reset{**rows};
  while (!ended) {
    const Result<bool> more = (*rows)->step();
    if (!more) return more.error();
    if (!*more) return tail;
    const Statement& row = **rows;
    const bool untouched =
        static_cast<DeliveryStatus>(row.integer(2)) == DeliveryStatus::pending && row.integer(3) == 0;
    const auto event = static_cast<Event>(row.integer(1));
    ended = !untouched || event == Event::resolved;
    if (ended) {
      tail.told_open = event != Event::resolved;
    } else {
      tail.unsent.push_back({text_at(row, 0), event, row.integer(4)});
    }
  }
  return tail;
}

/// A `flapping` makes the incident known only if the message before it, of whatever fate, is in this queue or does not
/// exist: a missing one may have gone out in a digest.
Result<bool> may_be_in_digest(Database& database, const OutboxRow& newest, const Tail& tail) {
  for (const Tail::Item& item : tail.unsent) {
    if (item.event != Event::flapping || item.seq == 1) continue;
    const auto before =
        one_integer(query(database, "SELECT count(*) FROM outbox WHERE receiver = ? AND dedup_key = ? AND seq = ?",
                          newest.receiver, newest.dedup_key, item.seq - 1));
    if (!before) return before.error();
    if (before->value_or(0) == 0) return true;
  }
  return false;
}

Result<void> supersede(Database& database, const std::string& id) {
  return run(database, "UPDATE outbox SET status = 4 WHERE id = ?", id);
}

}  // namespace

Result<void> enqueue(Database& database, const OutboxRow& row) {
  const Result<Tail> tail = read_tail(database, row);
  if (!tail) return tail.error();
  const Result<bool> in_digest = may_be_in_digest(database, row, *tail);
  if (!in_digest) return in_digest.error();
  const bool resolved = row.event == Event::resolved;
  const bool told_open = tail->told_open || (resolved && *in_digest);
  bool vanishes = false;
  for (const Tail::Item& item : tail->unsent) vanishes = vanishes || (resolved && opens(item.event) && !told_open);
  const Result<bool> added = insert(database, row, vanishes ? DeliveryStatus::superseded : DeliveryStatus::pending);
  if (!added) return added.error();
  if (!*added) return {};
  for (const Tail::Item& item : tail->unsent) {
    if (!resolved && !replaces(row.event, item.event)) continue;
    if (const Result<void> gone = supersede(database, item.id); !gone) return gone;
  }
  return {};
}

Result<std::vector<OutboxRow>> lease(Database& database, const std::string& receiver, TimePoint now,
                                     TimePoint lease_until, int limit) {
  // An expired lease is an attempt whose outcome nobody knows: it counts, so that nothing is merged away behind it.
  // What happened to an incident after a digest opened it must not arrive before the digest.
  static const std::string kDue = fmt::format(
      "SELECT o.id, o.receiver, o.dedup_key, o.seq, o.event, o.level, o.created, o.not_before, o.attempts + o.status, "
      "o.last_code, o.last_error, o.status, o.lease_until, o.body FROM outbox o JOIN (SELECT dedup_key, min(seq) AS "
      "seq FROM outbox WHERE receiver = ?1 AND status IN (0, 1) GROUP BY dedup_key) head ON o.dedup_key = "
      "head.dedup_key AND o.seq = head.seq "
      "WHERE o.receiver = ?1 AND ((o.status = 0 AND o.not_before <= ?2) OR (o.status = 1 AND o.lease_until <= ?2)) "
      "AND (o.kind NOT IN ({}) OR o.created <= coalesce((SELECT min(created) FROM outbox WHERE receiver = ?1 AND kind "
      "= {} AND status IN (0, 1)), o.created)) "
      "ORDER BY o.created, o.id LIMIT ?3",
      kinds([](Event event) { return is_incident(event) && event != Event::opened; }), kind_of(Event::digest));
  Result<std::vector<OutboxRow>> due = read_rows(query(database, kDue, receiver, now, limit));
  if (!due) return due;
  for (OutboxRow& row : *due) {
    row.status = DeliveryStatus::inflight;
    row.lease_until = lease_until;
    const Result<void> taken = run(database, "UPDATE outbox SET status = 1, lease_until = ?, attempts = ? WHERE id = ?",
                                   lease_until, row.attempts, row.id);
    if (!taken) return taken.error();
  }
  return due;
}

Result<std::map<std::string, std::int64_t>> abandon(Database& database, const std::vector<std::string>& receivers) {
  std::map<std::string, std::int64_t> waiting;
  const Result<void> read =
      each_row(query(database, "SELECT receiver, count(*) FROM outbox WHERE status = 0 GROUP BY receiver"),
               [&](const Statement& row) { waiting[text_at(row, 0)] = row.integer(1); });
  if (!read) return read.error();
  for (const std::string& receiver : receivers) waiting.erase(receiver);
  for (const auto& [receiver, rows] : waiting) {
    const Result<void> done = run(database,
                                  "UPDATE outbox SET status = 5, last_error = 'its receiver is not configured any "
                                  "more' WHERE receiver = ? AND status = 0",
                                  receiver);
    if (!done) return done.error();
  }
  return waiting;
}

Result<bool> newer_waits(Database& database, const OutboxRow& row) {
  const auto newer = one_integer(
      query(database, "SELECT 1 FROM outbox WHERE receiver = ? AND dedup_key = ? AND seq > ? AND status = 0 LIMIT 1",
            row.receiver, row.dedup_key, row.seq));
  if (!newer) return newer.error();
  return newer->has_value();
}

Result<void> mark_delivered(Database& database, const std::vector<std::string>& ids) {
  for (const std::string& id : ids) {
    const Result<void> done =
        run(database,
            "UPDATE outbox SET status = 2, attempts = attempts + 1, last_error = '' WHERE id = ? AND status = 0", id);
    if (!done) return done;
  }
  return {};
}

Result<void> keep_newest(Database& database, const std::string& receiver) {
  return run(
      database,
      "UPDATE outbox SET status = 4 WHERE receiver = ?1 AND status = 0 AND seq < (SELECT max(n.seq) FROM outbox n "
      "WHERE n.receiver = ?1 AND n.dedup_key = outbox.dedup_key AND n.status = 0)",
      receiver);
}

Result<std::int64_t> newest_seq(Database& database, const std::string& dedup_key) {
  const auto found = one_integer(query(database, "SELECT max(seq) FROM outbox WHERE dedup_key = ?", dedup_key));
  if (!found) return found.error();
  return found->value_or(0);
}

Result<std::vector<OutboxRow>> newest_messages(Database& database, const std::string& receiver) {
  return read_rows(query(
      database,
      "SELECT o.id, o.receiver, o.dedup_key, o.seq, o.event, o.level, o.created, o.not_before, o.attempts, "
      "o.last_code, "
      "o.last_error, o.status, o.lease_until, o.body FROM outbox o JOIN (SELECT dedup_key, max(seq) AS seq FROM outbox "
      "WHERE receiver = ?1 AND status NOT IN (4, 5) GROUP BY dedup_key) newest ON o.dedup_key = newest.dedup_key AND "
      "o.seq = "
      "newest.seq WHERE o.receiver = ?1 ORDER BY o.created, o.id",
      receiver));
}

Result<std::vector<OutboxRow>> delivered_messages(Database& database, const std::string& receiver) {
  std::vector<OutboxRow> all;
  const Result<void> done =
      each_row(query(database,
                     "SELECT id, receiver, dedup_key, seq, event, level, created, not_before, attempts, last_code, "
                     "last_error, status, lease_until FROM (SELECT *, row_number() OVER (PARTITION BY dedup_key ORDER "
                     "BY seq DESC) AS place FROM outbox WHERE receiver = ?1 AND status = 2) WHERE place <= 2 "
                     "ORDER BY dedup_key, seq",
                     receiver),
               [&](const Statement& row) { all.push_back(read_outbox_row(row)); });
  if (!done) return done.error();
  return all;
}

Result<bool> waits_unheard(Database& database, const std::vector<std::string>& receivers, TimePoint before) {
  constexpr int kLooked = 300;
  struct Waiting {
    std::string receiver;
    std::string dedup_key;
    TimePoint created;
  };
  std::vector<Waiting> waiting;
  const Result<void> read = each_row(
      query(database,
            "SELECT receiver, dedup_key, created FROM outbox WHERE status IN (0, 1) AND created < ? ORDER BY created "
            "LIMIT ?",
            before, kLooked),
      [&](const Statement& row) { waiting.push_back({text_at(row, 0), text_at(row, 1), time_at(row, 2)}); });
  if (!read) return read.error();
  const auto heard_by = [&](const std::string& receiver, const Waiting& row) {
    return one_integer(
        query(database,
              "SELECT 1 FROM outbox WHERE receiver = ? AND dedup_key = ? AND status = 2 AND created >= ? "
              "LIMIT 1",
              receiver, row.dedup_key, row.created));
  };
  for (const Waiting& row : waiting) {
    if (std::find(receivers.begin(), receivers.end(), row.receiver) == receivers.end()) continue;
    bool heard = false;
    for (const std::string& other : receivers) {
      if (heard || other == row.receiver) continue;
      const auto told = heard_by(other, row);
      if (!told) return told.error();
      heard = told->has_value();
    }
    if (!heard) return true;
  }
  return false;
}

Result<void> forget_finished(Database& database, const std::string& receiver, const std::string& dedup_key, int keep) {
  return run(
      database,
      "DELETE FROM outbox WHERE receiver = ?1 AND dedup_key = ?2 AND status IN (2, 3, 4, 5) AND seq NOT IN (SELECT "
      "seq FROM outbox WHERE receiver = ?1 AND dedup_key = ?2 ORDER BY seq DESC LIMIT ?3)",
      receiver, dedup_key, keep);
}

Result<void> settle(Database& database, const OutboxRow& row) {
  const Result<void> done =
      run(database,
          "UPDATE outbox SET attempts = ?, last_code = ?, last_error = ?, status = ?, not_before = ? WHERE id = ?",
          row.attempts, row.last_code, row.last_error, static_cast<int>(row.status), row.not_before, row.id);
  if (!done) return done;
  if (database.changes() == 0) return Error{fmt::format("there is no delivery {}", row.id)};
  return {};
}

Result<void> shift_outbox(Database& database, Duration by, TimePoint now) {
  return run(database,
             "UPDATE outbox SET created = min(created + ?1, ?2), not_before = not_before + ?1, lease_until = "
             "lease_until + ?1 WHERE status IN (0, 1)",
             std::int64_t{by.count()}, now);
}

Result<void> recover_outbox(Database& database) {
  return run(database, "UPDATE outbox SET status = 0, attempts = attempts + 1 WHERE status = 1");
}

Result<std::vector<OutboxRow>> list_outbox(Database& database, std::optional<DeliveryStatus> status, int limit) {
  if (!status) {
    return read_rows(query(database,
                           "SELECT id, receiver, dedup_key, seq, event, level, created, not_before, attempts, "
                           "last_code, last_error, status, "
                           "lease_until, body FROM outbox ORDER BY created DESC, rowid DESC LIMIT ?",
                           limit));
  }
  return read_rows(query(database,
                         "SELECT id, receiver, dedup_key, seq, event, level, created, not_before, attempts, last_code, "
                         "last_error, status, "
                         "lease_until, body FROM outbox WHERE status = ? ORDER BY created DESC, rowid DESC LIMIT ?",
                         static_cast<int>(*status), limit));
}

Result<OutboxCounts> count_outbox(Database& database) {
  OutboxCounts counts;
  const auto waiting = query(database, "SELECT count(*), min(created) FROM outbox WHERE status IN (0, 1)");
  const Result<void> done = each_row(waiting, [&](const Statement& row) {
    counts.pending = row.integer(0);
    if (!row.is_null(1)) counts.oldest_pending = time_at(row, 1);
  });
  if (!done) return done.error();
  const auto dead = one_integer(query(database, "SELECT count(*) FROM outbox WHERE status = 3"));
  if (!dead) return dead.error();
  counts.dead = dead->value_or(0);
  return counts;
}

}  // namespace crmpulse::store
