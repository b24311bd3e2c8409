#include "store/spool/spool.h"

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <optional>
#include <random>
#include <thread>

#include "core/log.h"
#include "core/loop_thread.h"
#include "core/time/clock.h"
#include "store/spool/spool_table.h"

namespace crmpulse::store {
namespace {

constexpr std::uint64_t kMaxMemoryBytes = 16ULL * 1024 * 1024;  ///< what waits for a disk that refuses
constexpr Duration kRetry{1000};                                ///< before a disk that refused is tried again
constexpr std::size_t kMaxEvidence = 500;                       ///< lines in one batch; half of what a collector takes
constexpr const char* kPeekedThrough = "peeked_through";

}  // namespace

struct Spool::Impl {
  Impl(SpoolTable opened, Options wanted) : options(wanted), table(std::move(opened)) {}

  Result<void> begin();
  void loop();
  Result<void> write_pending();
  Result<std::int64_t> store(const std::deque<SpoolRow>& rows);
  Result<void> update_totals();
  void put_back(std::deque<SpoolRow> rows);
  void trim_memory();
  void tell_listener();
  void note_disk(const Result<void>& written);
  void note_full(bool full);
  [[nodiscard]] std::uint64_t fresh_number();
  Result<Batch> read_batch(std::size_t max_samples, std::uint64_t& damaged_through);
  std::uint64_t note_peeked(std::uint64_t seq);

  const Options options;

  std::mutex disk;  ///< guards what follows; taken before `memory`
  SpoolTable table;
  std::uint64_t peeked_through = 0;  ///< the newest row handed out and not acknowledged; 0: none
  std::uint64_t peeked_stored = 0;   ///< what the table knows of it
  bool begun = false;                ///< begin() has succeeded: a full disk may refuse it at first
  std::uint64_t number = 0;          ///< of the batch that ends at peeked_stored
  std::minstd_rand random{std::random_device{}()};
  bool disk_refuses = false;
  bool was_full = false;

  mutable std::mutex memory;  ///< guards what follows; never held while the disk works
  std::condition_variable wake;
  std::deque<SpoolRow> pending;
  std::uint64_t pending_bytes = 0;
  Stats written;  ///< rows in the table and rows on their way there; dropped_samples of all
  std::function<void()> listener;
  bool stopping = false;

  std::thread thread;
};

Spool::Spool() = default;

Result<std::unique_ptr<Spool>> Spool::open(const std::string& state_dir, Options options) {
  CRMPULSE_OFF_LOOP();
  Result<SpoolTable> table = SpoolTable::open(state_dir);
  // On a full disk the agent measures from memory, as it does when the disk gets full while it runs.
  if (!table && table.error().code != ErrorCode::disk) return table.error();
  std::unique_ptr<Spool> spool{new Spool};
  spool->impl_ = std::make_unique<Impl>(table ? *std::move(table) : SpoolTable::closed(state_dir), options);
  Impl& impl = *spool->impl_;
  if (const Result<void> known = impl.begin(); !known) {
    if (known.error().code != ErrorCode::disk) return known.error();
    impl.note_disk(known);
  }
  impl.written.damaged_files = damaged_files(state_dir);
  impl.thread = std::thread{[&impl] { impl.loop(); }};
  return spool;
}

Spool::~Spool() {
  if (!impl_ || !impl_->thread.joinable()) return;
  {
    const std::lock_guard lock{impl_->memory};
    impl_->stopping = true;
  }
  impl_->wake.notify_one();
  impl_->thread.join();
  const std::lock_guard lock{impl_->disk};
  impl_->note_disk(impl_->write_pending());
}

void Spool::push(std::vector<Sample> samples, std::vector<Evidence> evidence) {
  if (samples.empty() && evidence.empty()) return;
  SpoolRow row = encode_row({std::move(samples), std::move(evidence)});
  {
    const std::lock_guard lock{impl_->memory};
    impl_->pending_bytes += row.body.size();
    impl_->pending.push_back(std::move(row));
    impl_->trim_memory();
  }
  impl_->wake.notify_one();
}

void Spool::listen(std::function<void()> stored) {
  const std::lock_guard lock{impl_->memory};
  impl_->listener = std::move(stored);
}

/// Needs no lock held.
void Spool::Impl::tell_listener() {
  std::function<void()> tell;
  {
    const std::lock_guard lock{memory};
    tell = listener;
  }
  if (tell) tell();
}

Result<Spool::Batch> Spool::peek(std::size_t max_samples) {
  CRMPULSE_OFF_LOOP();
  const std::lock_guard lock{impl_->disk};
  if (const Result<void> known = impl_->begin(); !known) return known.error();
  while (true) {
    std::uint64_t damaged_through = 0;
    Result<Batch> batch = impl_->read_batch(max_samples, damaged_through);
    if (!batch) {
      if (const Result<void> mended = impl_->table.mend(batch.error()); !mended) return mended.error();
      return batch;
    }
    impl_->peeked_through = batch->seq;
    if (damaged_through != 0) log::error("the spool held rows that cannot be read; they are dropped");
    if (!batch->empty()) batch->number = impl_->note_peeked(batch->seq);
    if (!batch->empty() || damaged_through == 0) return batch;
    // Nothing but damaged rows: they would stand in the way for ever.
    if (const Result<void> gone = impl_->table.remove_through(damaged_through); !gone) return gone.error();
    if (const Result<void> known = impl_->update_totals(); !known) return known.error();
  }
}

Result<void> Spool::acknowledge(std::uint64_t seq) {
  CRMPULSE_OFF_LOOP();
  const std::lock_guard lock{impl_->disk};
  Result<void> gone = impl_->table.remove_through(seq);
  if (!gone && gone.error().code == ErrorCode::damaged) {
    if (const Result<void> mended = impl_->table.mend(gone.error()); !mended) return mended;
    gone = impl_->table.remove_through(seq);
  }
  if (!gone) return gone;
  impl_->peeked_through = 0;
  return impl_->update_totals();
}

Result<void> Spool::flush() {
  CRMPULSE_OFF_LOOP();
  Result<void> written;
  {
    const std::lock_guard lock{impl_->disk};
    written = impl_->write_pending();
    impl_->note_disk(written);
  }
  if (written) impl_->tell_listener();
  return written;
}

Spool::Stats Spool::stats() const {
  const std::lock_guard lock{impl_->memory};
  Stats stats = impl_->written;
  if (stats.rows == 0 && !impl_->pending.empty()) stats.oldest = impl_->pending.front().oldest;
  stats.rows += impl_->pending.size();
  stats.bytes += impl_->pending_bytes;
  return stats;
}

Result<void> Spool::set(const std::string& name, const std::string& value) {
  CRMPULSE_OFF_LOOP();
  const std::lock_guard lock{impl_->disk};
  return impl_->table.set(name, value);
}

Result<std::string> Spool::get(const std::string& name) {
  CRMPULSE_OFF_LOOP();
  const std::lock_guard lock{impl_->disk};
  return impl_->table.get(name);
}

/// What the process before had handed out comes again as the same batch with the same number: its receiver may have it.
Result<void> Spool::Impl::begin() {
  if (begun) return {};
  Result<void> known = update_totals();
  if (!known) {
    if (const Result<void> mended = table.mend(known.error()); !mended) return mended;
    known = update_totals();
  }
  if (!known) return known;
  const Result<std::string> peeked = table.get(kPeekedThrough);
  if (!peeked) return peeked.error();
  char* rest = nullptr;
  peeked_through = peeked_stored = std::strtoull(peeked->c_str(), &rest, 10);
  number = std::strtoull(rest, nullptr, 10);
  // Earlier versions sent the row's.
  if (number == 0) number = peeked_stored;
  begun = true;
  return {};
}

/// By the time and by chance, so that it is not known to anybody: a folder that was put back counts its rows from where
/// it was, and what is in them then is new. Ascending while the clock is.
std::uint64_t Spool::Impl::fresh_number() {
  constexpr unsigned kChance = 1U << 11U;
  const auto now = std::chrono::duration_cast<std::chrono::microseconds>(wall_now().time_since_epoch()).count();
  const std::uint64_t by_time = static_cast<std::uint64_t>(std::max<std::int64_t>(now, 0)) * kChance;
  return std::max(number, by_time) + 1 + random() % (kChance - 1);
}

/// Needs `disk`. Not synced: after a kill the batch is the same; after a loss of power rows may have joined it, and the
/// receiver sees their samples twice.
std::uint64_t Spool::Impl::note_peeked(std::uint64_t seq) {
  if (seq == peeked_stored) return number;
  number = fresh_number();
  peeked_stored = seq;
  const Result<void> noted = table.set_unsynced(kPeekedThrough, std::to_string(seq) + " " + std::to_string(number));
  if (!noted) log::warning("the spool cannot note what is being sent", {{"error", noted.error().message}});
  return number;
}

void Spool::Impl::loop() {
  std::unique_lock lock{memory};
  while (true) {
    wake.wait(lock, [this] { return stopping || !pending.empty(); });
    // What arrives within this time shares one sync.
    if (wake.wait_for(lock, options.flush_interval, [this] { return stopping; })) return;
    lock.unlock();
    bool refused = false;
    {
      const std::lock_guard disk_lock{disk};
      const Result<void> result = write_pending();
      note_disk(result);
      refused = !result;
    }
    if (!refused) tell_listener();
    lock.lock();
    if (refused && wake.wait_for(lock, kRetry, [this] { return stopping; })) return;
  }
}

/// Needs `disk`.
Result<void> Spool::Impl::write_pending() {
  if (const Result<void> known = begin(); !known) return known;
  std::deque<SpoolRow> rows;
  {
    const std::lock_guard lock{memory};
    if (pending.empty()) return {};
    rows.swap(pending);
    if (written.rows == 0) written.oldest = rows.front().oldest;
    written.rows += rows.size();
    written.bytes += pending_bytes;
    pending_bytes = 0;
  }
  const Result<std::int64_t> dropped = store(rows);
  if (!dropped) {
    // What was mended is tried at the next attempt.
    if (const Result<void> mended = table.mend(dropped.error()); !mended) log::error(mended.error().message);
    put_back(std::move(rows));
    const Result<void> known = update_totals();
    (void)known;  // the disk's refusal is already what is reported
    return dropped.error();
  }
  {
    const std::lock_guard lock{memory};
    written.dropped_samples += static_cast<std::uint64_t>(*dropped);
  }
  note_full(*dropped > 0);
  return update_totals();
}

/// A full disk may still have room inside the file once the oldest rows are gone.
Result<std::int64_t> Spool::Impl::store(const std::deque<SpoolRow>& rows) {
  Result<std::int64_t> dropped = table.add(rows, options.max_bytes, false);
  if (!dropped) dropped = table.add(rows, options.max_bytes, true);
  return dropped;
}

/// Needs `disk`.
Result<void> Spool::Impl::update_totals() {
  const Result<SpoolTable::Totals> now = table.totals();
  if (!now) return now.error();
  const std::lock_guard lock{memory};
  written.bytes = now->bytes;
  written.rows = now->rows;
  written.oldest = now->oldest;
  return {};
}

/// Rows the disk did not take, before those that came meanwhile.
void Spool::Impl::put_back(std::deque<SpoolRow> rows) {
  const std::lock_guard lock{memory};
  for (const SpoolRow& row : rows) pending_bytes += row.body.size();
  for (SpoolRow& row : pending) rows.push_back(std::move(row));
  pending = std::move(rows);
  trim_memory();
}

/// Needs `memory`. The oldest go first, here as on the disk.
void Spool::Impl::trim_memory() {
  const std::uint64_t bound = std::min(options.max_bytes, kMaxMemoryBytes);
  while (pending_bytes > bound) {
    written.dropped_samples += static_cast<std::uint64_t>(pending.front().samples);
    pending_bytes -= pending.front().body.size();
    pending.pop_front();
  }
}

/// Needs `disk`. Logs changes, not repetitions.
void Spool::Impl::note_disk(const Result<void>& result) {
  if (!result && !disk_refuses)
    log::error("the spool cannot be written; samples wait in memory", {{"error", result.error().message}});
  if (result && disk_refuses) log::info("the spool is written again");
  disk_refuses = !result;
}

/// Needs `disk`. Likewise.
void Spool::Impl::note_full(bool full) {
  if (full && !was_full)
    log::error("the spool is full; the oldest samples are dropped", {{"spool_max", std::to_string(options.max_bytes)}});
  if (!full && was_full) log::info("the spool has room again");
  was_full = full;
}

/// Whole rows from the oldest on, up to the end of what was peeked before, so that a batch that is sent again is the
/// same and has the same number.
Result<Spool::Batch> Spool::Impl::read_batch(std::size_t max_samples, std::uint64_t& damaged_through) {
  Batch batch;
  bool first = true;
  const Result<void> done = table.read([&](std::uint64_t seq, std::int64_t samples, std::string_view body) {
    if (first && seq > peeked_through) peeked_through = 0;  // acknowledged, or dropped by the bound
    first = false;
    if (peeked_through != 0 && seq > peeked_through) return false;
    std::optional<SpoolPush> row = decode_row(body);
    if (!row) {
      damaged_through = seq;
      return true;
    }
    const bool fits = batch.samples.size() + static_cast<std::size_t>(samples) <= max_samples &&
                      batch.evidence.size() + row->evidence.size() <= kMaxEvidence;
    if (!batch.empty() && !fits) return false;
    std::move(row->samples.begin(), row->samples.end(), std::back_inserter(batch.samples));
    std::move(row->evidence.begin(), row->evidence.end(), std::back_inserter(batch.evidence));
    batch.seq = seq;
    return batch.samples.size() < max_samples;
  });
  if (!done) return done.error();
  return batch;
}

}  // namespace crmpulse::store
