// EngineLoop::recover() and catch_up(): last snapshot + replay, as if the process had never stopped.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <utility>

#include "collector/engine/engine_loop.h"
#include "collector/state/snapshot.h"
#include "core/hash.h"
#include "core/log.h"

#include "wire/evidence.h"

namespace crmpulse::collector {
namespace {

constexpr std::size_t kPieceBytes = 2UL * 1024 * 1024;  ///< of the journal, read at once
/// While requests are served beside it the replay takes three quarters of the loop's time, in slices: however much
/// arrives, it comes to an end.
constexpr int kReplayShare = 3;
constexpr Duration kShortestSlice{20};
constexpr Duration kLongestSlice{500};
constexpr Duration kQueueFull{100};

Result<std::int64_t> stored_number(store::Database& database, const std::string& name) {
  auto text = store::get_meta(database, name);
  if (!text) return text.error();
  return std::strtoll(text->value_or("0").c_str(), nullptr, 10);
}

/// What the outbox calls messages about a CRM.
std::string message_key(const std::string& crm) {
  return "crm/" + crm;
}

}  // namespace

/// The journal after the last snapshot, as far as it is read.
struct EngineLoop::Replay {
  Replay() : decoder(limits()) {}
  static wire::Limits limits() {
    wire::Limits limits;
    limits.max_decompressed_bytes *= 2;  // what was accepted before must be readable under any later default
    return limits;
  }

  wire::Decoder decoder;
  std::vector<store::JournalRecord> piece;
  std::size_t next = 0;  ///< in the piece
  Failed failed;
  SteadyTime left_off;  ///< when the loop was last given to others
};

Result<void> EngineLoop::recover(Duration patience) {
  const SteadyTime until = std::chrono::steady_clock::now() + patience;
  // The engine is touched on the writer's thread, while this one waits.
  Result<void> loaded = writer_.run([this](store::Database& database) { return load(database); });
  if (!loaded) return loaded;
  replay_ = std::make_shared<Replay>();
  while (true) {
    auto& piece = replay_->piece;
    const std::int64_t after = samples_.folded_seq();
    Result<void> read = writer_.run([&](store::Database& database) { return read_piece(database, after, piece); });
    if (!read) return read;
    replay_->next = 0;
    if (piece.empty()) break;
    if (!fold_piece(until)) return {};
  }
  finish_replay();
  const Result<void> written = write_queue_.write_now();
  if (written || written.error().code != ErrorCode::disk) return written;
  // A collector that does not run tells nobody anything: it judges on from memory, as it does when a disk gets full.
  log::error("state and messages cannot be stored; trying again", {{"why", written.error().message}});
  return {};
}

/// What arrives meanwhile is journalled behind what is read here, and read in its turn. So the end is reached when a
/// piece is empty: whatever is committed after that read tells the loop after its answer (store::Writer keeps the
/// order).
void EngineLoop::catch_up(Failed failed) {
  replay_->failed = std::move(failed);
  replay_->left_off = std::chrono::steady_clock::now();
  replay_slice();
}

void EngineLoop::replay_slice() {
  const SteadyTime begun = std::chrono::steady_clock::now();
  const auto others = std::chrono::duration_cast<Duration>(begun - replay_->left_off);
  const bool done = fold_piece(begun + std::clamp(others * kReplayShare, kShortestSlice, kLongestSlice));
  replay_->left_off = std::chrono::steady_clock::now();
  if (!done) return loop_.post([this] { replay_slice(); });
  auto piece = std::make_shared<std::vector<store::JournalRecord>>();
  const bool queued = writer_.submit(
      [piece, after = samples_.folded_seq()](store::Database& database) { return read_piece(database, after, *piece); },
      [this, piece](const Result<void>& read) {
        loop_.post([this, piece, read] { replay_next(std::move(*piece), read); });
      });
  if (!queued) retry_ = loop_.after(kQueueFull, [this] { replay_slice(); });
}

void EngineLoop::replay_next(std::vector<store::JournalRecord> piece, const Result<void>& read) {
  if (!read) return replay_->failed(read.error());
  replay_->piece = std::move(piece);
  replay_->next = 0;
  if (!replay_->piece.empty()) return replay_slice();
  finish_replay();
  write_queue_.retry();
}

/// Replaces `piece` with the records after seq `after`, about kPieceBytes of them.
Result<void> EngineLoop::read_piece(store::Database& database, std::int64_t after,
                                    std::vector<store::JournalRecord>& piece) {
  piece.clear();
  std::size_t bytes = 0;
  return store::read_journal(database, after, [&](const store::JournalRecord& record) {
    piece.push_back(record);
    bytes += record.body.size();
    return bytes < kPieceBytes;
  });
}

/// Returns false if the time was over before the end of the piece.
bool EngineLoop::fold_piece(SteadyTime until) {
  while (replay_->next < replay_->piece.size()) {
    if (std::chrono::steady_clock::now() >= until) return false;
    const store::JournalRecord& record = replay_->piece[replay_->next++];
    replaying_ = record.seq;
    replay_record(record, replay_->decoder);
    replaying_ = 0;
    tell_progress();
  }
  return true;
}

/// From now on what happens is folded as it happens.
void EngineLoop::finish_replay() {
  replay_.reset();
  const TimePoint at = now();
  samples_.bind_failures();
  samples_.engine().restarted(at);
  step_at(at);
  for (CrmFacts& facts : samples_.crms().all()) facts.dirty = true;
  write_queue_.hold(dirty_states(false));
  last_snapshot_ = last_values_ = last_prune_ = last_tick_ = at;
  log::info("state recovered", {{"crms", std::to_string(samples_.engine().crms().size())},
                                {"replayed", std::to_string(stats_.replayed_records)},
                                {"unreadable", std::to_string(stats_.unreadable_records)}});
  if (stats_.unreadable_records > 0)
    log::warning("records of the journal cannot be read; their samples are lost",
                 {{"records", std::to_string(stats_.unreadable_records)}});
}

Result<void> EngineLoop::load(store::Database& database) {
  if (auto done = store::recover_outbox(database); !done) return done;
  auto states = store::load_states(database);
  if (!states) return states.error();
  for (const store::StoredState& state : *states) {
    if (auto done = load_or_begin_anew(database, state); !done) return done;
    tell_progress();
  }
  auto shared = store::get_meta(database, kSharedName);
  if (!shared) return shared.error();
  if (*shared) {
    if (auto done = samples_.engine().load_shared(**shared); !done) {
      if (!rules::Engine::knows_shared_version(**shared)) return done;
      put_aside("agents-and-vendors", **shared, done.error());
    }
  }
  auto open = store::list_incidents(database, {"", true, 1'000'000});
  if (!open) return open.error();
  auto events = store::count_open_events(database);
  if (!events) return events.error();
  incidents_.load(*open, *events);
  if (auto done = load_operations(database); !done) return done;
  auto batches = store::get_meta(database, "batches");
  if (!batches) return batches.error();
  agents_.load(batches->value_or(""), clocks_.wall.now());
  if (auto known = load_set_aside(database); !known) return known;
  auto after = stored_number(database, "folded_seq");
  if (!after) return after.error();
  samples_.set_folded_seq(*after);
  // At once, not with the replay: an agent repeats what was acknowledged just before the stop, maybe before that is
  // folded again.
  auto repeated = store::read_batches(database, *after, [this](const store::JournalRecord& record) {
    agents_.end(record.agent, record.kind, record.batch, true);
  });
  if (!repeated) return repeated;
  if (auto done = load_values(database); !done) return done;
  return rebase(database);
}

/// A state that cannot be decoded costs that CRM its windows and timers, not all CRMs their watch.
Result<void> EngineLoop::load_or_begin_anew(store::Database& database, const store::StoredState& state) {
  const Result<void> loaded = load_state(state);
  if (loaded || !knows_version(state.blob)) return loaded;
  put_aside(fmt::format("state-{:016x}", stable_hash(state.crm)), state.blob, loaded.error());
  CrmFacts& facts = samples_.crms()[samples_.crms().index_of(state.crm, "")];
  facts = CrmFacts{};
  facts.crm = state.crm;
  // What was folded into the lost state has been told; folded once more it would be told again.
  facts.folded_seq = state.folded_seq;
  const auto last_seq = store::newest_seq(database, message_key(state.crm));
  if (!last_seq) return last_seq.error();
  auto told = last_words(database, state.crm);
  if (!told) return told.error();
  samples_.engine().begin_anew(state.crm, *last_seq, *told);
  return {};
}

void EngineLoop::put_aside(const std::string& name, std::string_view bytes, const Error& why) const {
  const auto file = store::set_aside(configuration_->settings.state_dir, name, bytes);
  log::error("cannot read a stored state; it starts again as new",
             {{"why", why.message}, {"kept_in", file ? *file : file.error().message}});
}

/// What the outbox says of each receiver's newest message about the CRM.
Result<std::vector<rules::Engine::LastWord>> EngineLoop::last_words(store::Database& database,
                                                                    const std::string& crm) const {
  std::vector<rules::Engine::LastWord> words;
  for (const ReceiverSettings& receiver : configuration_->settings.receivers) {
    const auto rows = store::newest_messages(database, receiver.name);
    if (!rows) return rows.error();
    const auto about = std::find_if(rows->begin(), rows->end(), [key = message_key(crm)](const store::OutboxRow& row) {
      return row.dedup_key == key;
    });
    if (about != rows->end())
      words.push_back({receiver.name, static_cast<Level>(std::clamp(about->level, 0, 2)), about->created});
  }
  return words;
}

Result<void> EngineLoop::load_state(const store::StoredState& state) {
  CrmFacts& facts = samples_.crms()[samples_.crms().index_of(state.crm, "")];
  auto engine_bytes = decode_state(state.blob, facts);
  if (!engine_bytes) return engine_bytes.error();
  facts.folded_seq = state.folded_seq;
  samples_.series().census().add_crm(state.crm, {});
  samples_.series().census().weigh(state.crm, engine_bytes->size());
  return samples_.engine().load(state.crm, *engine_bytes);
}

/// False: it takes too long.
bool EngineLoop::replay_content(const store::JournalRecord& record, wire::Decoder& decoder) {
  const RecordStamp stamp = stamp_of(record);
  if (record.kind == store::RecordKind::evidence) {
    auto evidence = wire::decode_evidence(record.body);
    if (evidence) {
      samples_.take(stamp, std::move(evidence->lines));
    } else {
      ++stats_.unreadable_records;
    }
    return true;
  }
  const auto version = record.kind == store::RecordKind::remote_write_2 ? wire::Version::v2 : wire::Version::v1;
  const auto decoded = decoder.decode(version, record.body, samples_.series());
  if (decoded) return samples_.take(stamp, decoded->readings);
  ++stats_.unreadable_records;
  return true;
}

void EngineLoop::replay_record(const store::JournalRecord& record, wire::Decoder& decoder) {
  ++stats_.replayed_records;
  const RecordStamp stamp = stamp_of(record);
  // Deadlines between two records fell due at their own time.
  std::optional<TimePoint> last;
  for (auto due = samples_.engine().next_deadline(); due && *due < stamp.received && (!last || *due > *last);
       due = samples_.engine().next_deadline()) {
    step_at(*due);
    last = due;
  }
  fold_guarded(record.seq, [&] { return replay_content(record, decoder); });
  samples_.set_folded_seq(std::max(samples_.folded_seq(), record.seq));  // also when there was nothing to read
  step_at(stamp.received);
}

}  // namespace crmpulse::collector
