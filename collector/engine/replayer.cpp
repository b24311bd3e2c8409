#include "collector/engine/replayer.h"

#include <algorithm>
#include <memory>
#include <utility>

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

wire::Limits replay_limits() {
  wire::Limits limits;
  limits.max_decompressed_bytes *= 2;  // what was accepted before must be readable under any later default
  return limits;
}

}  // namespace

Result<bool> Replayer::run(SteadyTime until) {
  decoder_.emplace(replay_limits());
  while (true) {
    const std::int64_t after = state_.samples.folded_seq();
    const Result<void> read_on =
        writer_.run([this, after](store::Database& database) { return read(database, after, piece_); });
    if (!read_on) return read_on.error();
    next_ = 0;
    if (piece_.empty()) break;
    if (!fold_piece(until)) return false;
  }
  decoder_.reset();
  return true;
}

/// What arrives meanwhile is journalled behind what is read here, and read in its turn. So the end is reached when a
/// piece is empty: whatever is committed after that read tells the loop after its answer (store::Writer keeps the
/// order).
void Replayer::go_on(Failed failed, std::function<void()> done) {
  failed_ = std::move(failed);
  done_ = std::move(done);
  left_off_ = std::chrono::steady_clock::now();
  slice();
}

void Replayer::slice() {
  const SteadyTime begun = std::chrono::steady_clock::now();
  const auto others = std::chrono::duration_cast<Duration>(begun - left_off_);
  const bool folded = fold_piece(begun + std::clamp(others * kReplayShare, kShortestSlice, kLongestSlice));
  left_off_ = std::chrono::steady_clock::now();
  if (!folded) return loop_.post([this] { slice(); });
  auto piece = std::make_shared<Piece>();
  const bool queued = writer_.submit(
      [piece, after = state_.samples.folded_seq()](store::Database& database) { return read(database, after, *piece); },
      [this, piece](const Result<void>& read) { loop_.post([this, piece, read] { next(std::move(*piece), read); }); });
  if (!queued) retry_ = loop_.after(kQueueFull, [this] { slice(); });
}

void Replayer::next(Piece piece, const Result<void>& read) {
  if (!read) return failed_(read.error());
  piece_ = std::move(piece);
  next_ = 0;
  if (!piece_.empty()) return slice();
  decoder_.reset();
  done_();
}

/// Replaces `piece` with the records after seq `after`, about kPieceBytes of them.
Result<void> Replayer::read(store::Database& database, std::int64_t after, Piece& piece) {
  piece.clear();
  std::size_t bytes = 0;
  return store::read_journal(database, after, [&](const store::JournalRecord& record) {
    piece.push_back(record);
    bytes += record.body.size();
    return bytes < kPieceBytes;
  });
}

/// Returns false if the time was over before the end of the piece.
bool Replayer::fold_piece(SteadyTime until) {
  while (next_ < piece_.size()) {
    if (std::chrono::steady_clock::now() >= until) return false;
    const store::JournalRecord& record = piece_[next_++];
    folding_ = record.seq;
    replay(record);
    folding_ = 0;
    guard_.tell_progress();
  }
  return true;
}

void Replayer::replay(const store::JournalRecord& record) {
  ++state_.stats.replayed_records;
  const TimePoint received = clock_.stamp_of(record).received;
  // Deadlines between two records fell due at their own time.
  std::optional<TimePoint> last;
  for (auto due = state_.rules().next_deadline(); due && *due < received && (!last || *due > *last);
       due = state_.rules().next_deadline()) {
    step_(*due);
    last = due;
  }
  guard_.fold(record.seq, [&] { return fold(record); });
  state_.samples.set_folded_seq(std::max(state_.samples.folded_seq(), record.seq));  // also of what cannot be read
  step_(received);
}

/// Returns false if it takes too long.
bool Replayer::fold(const store::JournalRecord& record) {
  const RecordStamp stamp = clock_.stamp_of(record);
  if (record.kind == store::RecordKind::evidence) {
    if (auto evidence = wire::decode_evidence(record.body)) {
      state_.samples.take(stamp, std::move(evidence->lines));
    } else {
      ++state_.stats.unreadable_records;
    }
    return true;
  }
  const auto version = record.kind == store::RecordKind::remote_write_2 ? wire::Version::v2 : wire::Version::v1;
  if (const auto decoded = decoder_->decode(version, record.body, state_.series()))
    return state_.samples.take(stamp, decoded->readings);
  ++state_.stats.unreadable_records;
  return true;
}

}  // namespace crmpulse::collector
