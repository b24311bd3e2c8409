#include "collector/history/history.h"

#include <utility>

#include "core/log.h"

namespace crmpulse::collector {
namespace {

constexpr Duration kLookEvery{std::chrono::seconds{5}};
constexpr Duration kSizesEvery{std::chrono::hours{1}};
constexpr int kReaders = 4;  ///< the builder's, the roller's, the charts', the sizes'
constexpr Duration kMergeEvery{std::chrono::minutes{10}};
constexpr std::size_t kMostJobs = 32;

}  // namespace

Result<std::unique_ptr<History>> History::start(net::Loop& loop, store::Writer& writer, const std::string& state_dir) {
  std::vector<store::Database> readers;
  for (int i = 0; i < kReaders; ++i) {
    auto reader = store::open_collector_reader(state_dir);
    if (!reader) return reader.error();
    readers.push_back(std::move(*reader));
  }
  HistoryBuilder builder{std::move(readers[0]), writer};
  HistoryRoller roller{std::move(readers[1]), writer};
  // A full disk refuses this too: then it comes before the first block.
  if (auto begun = builder.begin(); !begun && begun.error().code != ErrorCode::disk) return begun.error();
  return std::unique_ptr<History>{
      new History{loop, writer, std::move(builder), std::move(roller), std::move(readers[2]), std::move(readers[3])}};
}

History::History(net::Loop& loop, store::Writer& writer, HistoryBuilder builder, HistoryRoller roller,
                 store::Database reader, store::Database sizes_reader)
    : loop_(loop),
      writer_(writer),
      builder_(std::move(builder)),
      roller_(std::move(roller)),
      sizes_reader_(std::move(sizes_reader)),
      reader_(std::move(reader)) {
  building_ = std::thread{[this] { run_builder(); }};
  reading_ = std::thread{[this] { run_reader(); }};
}

History::~History() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  wake_builder_.notify_one();
  wake_reader_.notify_one();
  building_.join();
  reading_.join();
}

void History::tick(TimePoint now, const HistoryKeep& keep) {
  if (now - last_tick_ < kLookEvery) return;
  last_tick_ = now;
  {
    const std::lock_guard lock{mutex_};
    due_ = true;
    now_ = now;
    keep_ = keep;
  }
  wake_builder_.notify_one();
}

bool History::ask(Job job) {
  {
    const std::lock_guard lock{mutex_};
    if (jobs_.size() >= kMostJobs) return false;
    jobs_.push_back(std::move(job));
    ++stats_.queries;
  }
  wake_reader_.notify_one();
  return true;
}

bool History::query(HistoryQuery query, Done done) {
  return ask([this, query = std::move(query), done = std::move(done)](store::Database& database) -> Then {
    auto answer = std::make_shared<Result<HistoryAnswer>>(read_history(database, query, &tail_));
    if (const std::size_t damaged = *answer ? (*answer)->damaged.count() : 0; damaged > 0) {
      set_aside((*answer)->damaged);
      const std::lock_guard lock{mutex_};
      stats_.damaged_blocks += damaged;
    }
    return [answer, done] { done(*answer); };
  });
}

History::Stats History::stats() const {
  const std::lock_guard lock{mutex_};
  return stats_;
}

void History::run_builder() {
  std::unique_lock lock{mutex_};
  while (true) {
    wake_builder_.wait(lock, [this] { return due_ || stopping_; });
    if (stopping_) return;
    due_ = false;
    bool more = true;
    while (more && !stopping_) {
      const TimePoint now = now_;
      const HistoryKeep keep = keep_;
      lock.unlock();
      more = work(now, keep);
      lock.lock();
      stats_.built = builder_.stats();
      stats_.rolled = roller_.stats();
    }
  }
}

/// One step; true: more is waiting.
bool History::work(TimePoint now, const HistoryKeep& keep) {
  const auto more = step(now, keep);
  if (more) return *more;
  log::warning("the history cannot be written now; the journal keeps what it lacks", {{"why", more.error().message}});
  const std::lock_guard lock{mutex_};
  ++stats_.failures;
  return false;
}

Result<bool> History::step(TimePoint now, const HistoryKeep& keep) {
  const auto built = builder_.build(now);
  if (!built) return built.error();
  if (*built) return true;
  if (now >= last_merge_ && now - last_merge_ < kMergeEvery) return false;
  const auto merged = builder_.merge(now);
  if (!merged) return merged.error();
  if (*merged) return true;
  const auto rolled = roller_.roll(now);
  if (!rolled) return rolled.error();
  if (*rolled) return true;
  last_merge_ = now;
  const auto pruned = roller_.prune(keep);
  if (!pruned) return pruned.error();
  const auto looked = look_at_sizes(now);
  if (!looked) return looked.error();
  return false;
}

Result<void> History::look_at_sizes(TimePoint now) {
  if (now >= last_sizes_ && now - last_sizes_ < kSizesEvery) return {};
  last_sizes_ = now;
  auto sizes = store::kept_sizes(sizes_reader_);
  if (!sizes) return sizes.error();
  const std::lock_guard lock{mutex_};
  stats_.sizes = std::move(*sizes);
  return {};
}

void History::set_aside(const DamagedBlocks& damaged) {
  if (const auto done = damaged.set_aside(reader_.folder(), writer_); !done)
    log::warning("a damaged block of the history cannot be set aside now", {{"why", done.error().message}});
}

void History::run_reader() {
  std::unique_lock lock{mutex_};
  while (true) {
    wake_reader_.wait(lock, [this] { return !jobs_.empty() || stopping_; });
    if (stopping_) return;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    loop_.post(job(reader_));
    job = nullptr;
    lock.lock();
  }
}

}  // namespace crmpulse::collector
