#pragma once
// What the collector keeps in one SQLite file: journal, state of the engine, outbox. Functions take the Database of a
// Writer's job (or a reader's own connection); which calls share a transaction is the caller's decision.

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/event.h"
#include "core/failure/error.h"
#include "core/time/time.h"
#include "store/sqlite/database.h"

namespace crmpulse::store {

/// Opens (creating, migrating) `collector.db` in `state_dir` for the Writer. After an unclean stop the integrity is
/// checked first. A damaged file is set aside, and what can be read of it is kept (store/sqlite/salvage.h).
[[nodiscard]] Result<Database> open_collector(const std::string& state_dir);
[[nodiscard]] Result<Database> open_collector_reader(const std::string& state_dir);
/// Returns the number of the schema that open_collector() brings a store to.
[[nodiscard]] std::int64_t collector_schema();

// ---- journal: what was acknowledged, as it came ----

enum class RecordKind : std::uint8_t { remote_write_1 = 1, remote_write_2 = 2, evidence = 3 };

struct JournalRecord {
  std::int64_t seq = 0;  ///< assigned by append, ascending without reuse
  RecordKind kind = RecordKind::remote_write_1;
  TimePoint received;       ///< collector's clock
  std::string agent;        ///< X-Crm-Agent, or empty
  std::uint64_t batch = 0;  ///< X-Crm-Batch-Seq, or 0
  Duration skew{};          ///< what was added to the samples' own times when they were folded
  std::string body;         ///< compressed, as received
};

/// Returns the record's seq.
[[nodiscard]] Result<std::int64_t> append(Database& database, const JournalRecord& record);
/// Visits the records with seq > after, in order. Stops early if the visitor returns false. Records appended meanwhile
/// may be among them.
[[nodiscard]] Result<void> read_journal(Database& database, std::int64_t after,
                                        const std::function<bool(const JournalRecord&)>& visit);
/// Like read_journal(), but only records with a batch number, and without their bodies.
[[nodiscard]] Result<void> read_batches(Database& database, std::int64_t after,
                                        const std::function<void(const JournalRecord&)>& visit);
/// Returns when the newest record with seq > after was received, by the collector's clock; nullopt if there is none.
[[nodiscard]] Result<std::optional<TimePoint>> newest_received(Database& database, std::int64_t after);
/// Returns when the oldest record was received, by the collector's clock; nullopt if there is none.
[[nodiscard]] Result<std::optional<TimePoint>> oldest_received(Database& database);
/// Returns the newest seq ever assigned, pruned or not; 0 before the first.
[[nodiscard]] Result<std::int64_t> last_seq(Database& database);
/// Deletes records received before `before` or, oldest first, beyond `max_bytes`, never beyond `folded_seq`; at most
/// `max_rows` a call. Returns how many went. Stops at the first record that stays.
[[nodiscard]] Result<std::int64_t> prune_journal(Database& database, TimePoint before, std::uint64_t max_bytes,
                                                 std::int64_t folded_seq, int max_rows);
/// An agent sends the samples and the evidence of one batch in two requests with the same number.
enum class Stream : std::uint8_t { samples = 0, evidence = 1 };
/// Returns the newest batch number seen from each agent, by which duplicates after a lost answer are dropped. It
/// outlives the journal's records.
[[nodiscard]] Result<std::vector<std::pair<std::string, std::uint64_t>>> last_batches(Database& database,
                                                                                      Stream stream = Stream::samples);

// ---- engine state: one blob a CRM, with the journal position it has folded ----

struct StoredState {
  std::string crm;
  std::int64_t folded_seq = 0;
  std::string blob;
  /// Of what was loaded: false if its checksum does not fit. What an earlier version stored has none.
  bool intact = true;
};
[[nodiscard]] Result<void> save_state(Database& database, const StoredState& state);
[[nodiscard]] Result<void> delete_state(Database& database, const std::string& crm);
[[nodiscard]] Result<bool> has_state(Database& database, const std::string& crm);
[[nodiscard]] Result<std::vector<StoredState>> load_states(Database& database);
/// Small named values: clean-stop mark, last tick, schema notes.
[[nodiscard]] Result<void> set_meta(Database& database, const std::string& name, const std::string& value);
[[nodiscard]] Result<std::optional<std::string>> get_meta(Database& database, const std::string& name);
/// Returns false if the checksum of this value does not fit; true if it fits, has none, or there is no such value.
[[nodiscard]] Result<bool> is_meta_intact(Database& database, const std::string& name);

// ---- incidents: what the API and the page list ----

struct StoredIncident {
  std::string id;  ///< ULID
  std::string crm;
  std::string kind;
  int level = 0;  ///< now, or the worst when closed
  TimePoint opened;
  std::optional<TimePoint> resolved;
  std::string detail;  ///< JSON object, rendered by the collector
};
[[nodiscard]] Result<void> save_incident(Database& database, const StoredIncident& incident);
struct IncidentFilter {
  std::string crm;           ///< empty: all
  std::optional<bool> open;  ///< absent: both
  int limit = 200;
  std::string kind{};                 ///< empty: all
  std::string before{};               ///< not empty: only what is listed behind the incident with this id
  std::optional<int> level{};         ///< as StoredIncident::level; absent: all
  TimePoint from = TimePoint::min();  ///< without those that were over before
  TimePoint to = TimePoint::max();    ///< without those that opened then or later
};
/// Returns incidents, newest first.
[[nodiscard]] Result<std::vector<StoredIncident>> list_incidents(Database& database, const IncidentFilter& filter);
[[nodiscard]] Result<std::optional<StoredIncident>> get_incident(Database& database, const std::string& id);

/// One line of an incident's timeline. The same line added twice, as after a replay, is there once.
struct IncidentEvent {
  std::string incident;
  TimePoint at;
  std::int64_t number = 0;  ///< ascending within the incident: the order of what has the same `at`
  std::string body;         ///< JSON object, rendered by the collector
};
[[nodiscard]] Result<void> add_event(Database& database, const IncidentEvent& event);
/// Adds a note that a person wrote; it gets a number of its own. Returns false, and adds nothing, if the incident has
/// `most` notes already.
[[nodiscard]] Result<bool> add_note(Database& database, IncidentEvent note, std::int64_t most);
/// Returns the lines in time order, at most `limit`.
[[nodiscard]] Result<std::vector<IncidentEvent>> list_events(Database& database, const std::string& incident,
                                                             int limit);
/// Returns how many lines each open incident has, without notes.
[[nodiscard]] Result<std::vector<std::pair<std::string, std::int64_t>>> count_open_events(Database& database);
/// Deletes incidents resolved before `before` and their timelines, at most `max_rows` incidents a call.
[[nodiscard]] Result<void> prune_incidents(Database& database, TimePoint before, int max_rows);

// ---- what operators said: silences and maintenance ----

enum class SuppressionKind : std::uint8_t { silence = 0, maintenance = 1 };

struct StoredSuppression {
  std::string id;  ///< ULID
  SuppressionKind kind = SuppressionKind::silence;
  TimePoint created;
  TimePoint starts;
  std::optional<TimePoint> ends;  ///< absent: a weekly one goes on until it is ended
  std::string detail;             ///< JSON object, rendered by the collector
};
[[nodiscard]] Result<void> save_suppression(Database& database, const StoredSuppression& suppression);
/// Changes the times of a stored one.
[[nodiscard]] Result<void> move_suppression(Database& database, const StoredSuppression& suppression);
/// Ends it at `at`. Returns false if there is none of this kind and id that ends later.
[[nodiscard]] Result<bool> end_suppression(Database& database, SuppressionKind kind, const std::string& id,
                                           TimePoint at);
/// Returns them newest first, without those that ended before `ended_after`.
[[nodiscard]] Result<std::vector<StoredSuppression>> list_suppressions(Database& database,
                                                                       std::optional<SuppressionKind> kind,
                                                                       TimePoint ended_after, int limit);
/// Deletes those that ended before `before`.
[[nodiscard]] Result<void> prune_suppressions(Database& database, TimePoint before);

// ---- change markers: what changed around a CRM ----

struct StoredChange {
  std::string crm;  ///< empty: of an agent, or of the configuration
  TimePoint at;
  std::string what;                ///< `version`, `release`, `instance`, `schema`, `agent_version`, `configuration`
  std::string object;              ///< of a schema
  std::string source;              ///< the agent that saw it
  std::optional<std::string> was;  ///< absent: seen for the first time, which is not a change
  std::string is;
};
/// Stores a change. Storing it twice, as after a replay, has no effect.
[[nodiscard]] Result<void> save_change(Database& database, const StoredChange& change);
/// Returns all changes, oldest first.
[[nodiscard]] Result<std::vector<StoredChange>> load_changes(Database& database);
/// Deletes what is older than `before`, but never the newest of each kind: what the next one is compared with.
[[nodiscard]] Result<void> prune_changes(Database& database, TimePoint before);

// ---- outbox: at least once, FIFO per (receiver, dedup_key) ----

enum class DeliveryStatus : std::uint8_t {
  pending = 0,
  inflight = 1,
  delivered = 2,
  dead = 3,
  superseded = 4,
  abandoned = 5
};

struct OutboxRow {
  std::string id;  ///< ULID; webhook-id on every attempt
  std::string receiver;
  std::string dedup_key;  ///< `crm/acme`
  std::int64_t seq = 0;   ///< unique with (receiver, dedup_key)
  EventName event;        ///< `incident.opened`, …; of another version it is kept and delivered under its name
  int level = 0;
  std::string body;  ///< rendered at enqueue; signature and timestamp are made at send
  TimePoint created;
  TimePoint not_before;  ///< when it may be tried; once delivered or dead: when that was known
  int attempts = 0;
  int last_code = 0;       ///< HTTP status, 0 when there was no answer
  std::string last_error;  ///< no URL path, no query, no secret
  DeliveryStatus status = DeliveryStatus::pending;
  TimePoint lease_until;  ///< meaningful while inflight
  int taken_before = 0;   ///< not stored: the level of its subject that a receiver which keeps states knows before it
};

/// Enqueues as pending; a row with the same (receiver, dedup_key, seq) is left as it is. Merging with unsent rows
/// (attempts = 0): a `resolved` and the unsent `opened` of the same key vanish together as superseded; a newer
/// `escalated`/`improved` supersedes an unsent one, as a resolved does when the opened went out before; so does a newer
/// reminder an older, and a heartbeat. An unsent `flapping` counts as opened when the receiver knows of nothing open.
/// After one attempt nothing is merged away.
[[nodiscard]] Result<void> enqueue(Database& database, const OutboxRow& row);
/// Takes the head of each (receiver, dedup_key) queue of this receiver that is due, marks it inflight until
/// `lease_until`, oldest first. Heads whose predecessor is pending or inflight are not due, nor is what follows an
/// opening (`resolved`, …) while an older `digest` is pending or inflight: it may be the opening. A lease that ran out
/// counts as an attempt, and the row is due again.
[[nodiscard]] Result<std::vector<OutboxRow>> lease(Database& database, const std::string& receiver, TimePoint now,
                                                   TimePoint lease_until, int limit);
/// Abandons what waits for receivers that are not among these, because they are gone from the configuration. Returns
/// the number of rows by receiver.
[[nodiscard]] Result<std::map<std::string, std::int64_t>> abandon(Database& database,
                                                                  const std::vector<std::string>& receivers);
/// Does a newer message of the same queue wait behind this one?
[[nodiscard]] Result<bool> newer_waits(Database& database, const OutboxRow& row);
/// Marks rows as delivered that were told by other means, as far as they wait and are not in flight.
[[nodiscard]] Result<void> mark_delivered(Database& database, const std::vector<std::string>& ids);
/// Keeps only the newest waiting row of each queue and supersedes the older ones, tried or not: for receivers that keep
/// states instead of messages. Leaves rows in flight alone.
[[nodiscard]] Result<void> keep_newest(Database& database, const std::string& receiver);
/// Returns the highest number any row of the queue has, whatever became of it; 0 if it has no row.
[[nodiscard]] Result<std::int64_t> newest_seq(Database& database, const std::string& dedup_key);
/// Returns the newest row of each queue of this receiver, without superseded ones: what it was told, or will be told
/// next.
[[nodiscard]] Result<std::vector<OutboxRow>> newest_messages(Database& database, const std::string& receiver);
/// Returns of each queue of this receiver the two newest rows that were delivered, in their order, without bodies.
[[nodiscard]] Result<std::vector<OutboxRow>> delivered_messages(Database& database, const std::string& receiver);
/// Is there a message created before `before` that still waits, and none of the other `receivers` was told anything
/// about the same subject since? Looks at the oldest few hundred; rows of other receivers than `receivers` do not
/// count.
[[nodiscard]] Result<bool> waits_unheard(Database& database, const std::vector<std::string>& receivers,
                                         TimePoint before);
/// Deletes what is finished (or dead) of a queue, except the newest `keep`. For heartbeats.
[[nodiscard]] Result<void> forget_finished(Database& database, const std::string& receiver,
                                           const std::string& dedup_key, int keep);
/// Writes attempts, last_code, last_error, status, not_before of a leased row.
[[nodiscard]] Result<void> settle(Database& database, const OutboxRow& row);
/// Moves the times of waiting rows by `by`, after the clock was corrected to `now`: they stay as old, and due as soon.
[[nodiscard]] Result<void> shift_outbox(Database& database, Duration by, TimePoint now);
/// Makes rows that a crash left inflight pending again, with one attempt more, because it may have arrived. For the
/// start.
[[nodiscard]] Result<void> recover_outbox(Database& database);
[[nodiscard]] Result<std::vector<OutboxRow>> list_outbox(Database& database, std::optional<DeliveryStatus> status,
                                                         int limit);
/// The bound of all rows' bodies and their other columns.
inline constexpr std::int64_t kMaxOutboxBytes = 256LL * 1024 * 1024;
struct DeliveryFilter {
  std::optional<DeliveryStatus> status;  ///< absent: all
  std::string receiver;                  ///< empty: all
  std::string about;                     ///< empty: all; a dedup key
  std::string before;                    ///< not empty: only what is listed behind the row with this id
  int limit = 200;
};
/// Returns rows newest first, without their bodies.
[[nodiscard]] Result<std::vector<OutboxRow>> list_deliveries(Database& database, const DeliveryFilter& filter);
/// What the outbox knows of one receiver.
struct ReceiverOutbox {
  std::int64_t waiting = 0;
  std::int64_t dead = 0;
  std::optional<TimePoint> last_delivered;  ///< among the newest rows
  std::optional<OutboxRow> last_dead;       ///< the newest, without its body
};
/// Returns it by receiver; those without a row are not there. Looks at the newest few thousand finished rows only.
[[nodiscard]] Result<std::map<std::string, ReceiverOutbox>> outbox_by_receiver(Database& database);
[[nodiscard]] Result<std::optional<OutboxRow>> find_delivery(Database& database, const std::string& id);
/// Bounds the table: delivered and superseded older than `before` go, but not the message by which a receiver knows of
/// an open incident. Over `max_rows` or `max_bytes` what is finished goes first, then dead, then unsent reminders, then
/// unsent improved; nothing else unsent: merging bounds it to a few rows a queue. Returns how many unsent rows were
/// dropped.
[[nodiscard]] Result<std::int64_t> prune_outbox(Database& database, TimePoint before, std::int64_t max_rows,
                                                std::int64_t max_bytes = kMaxOutboxBytes);
struct OutboxCounts {
  std::int64_t pending = 0;
  std::int64_t dead = 0;
  std::optional<TimePoint> oldest_pending;
};
[[nodiscard]] Result<OutboxCounts> count_outbox(Database& database);

}  // namespace crmpulse::store
