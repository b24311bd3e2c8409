#include "collector/history/history.h"

#include <utility>

#include "core/log.h"

namespace crmpulse::collector {
namespace {

constexpr Duration kLookEvery{std::chrono::seconds{5}};
constexpr Duration kMergeEvery{std::chrono::minutes{10}};
constexpr std::size_t kMostQuestions = 32;

}  // namespace

Result<std::unique_ptr<History>> History::start(net::Loop& loop, store::Writer& writer, const std::string& state_dir) {
  auto builders = store::open_collector_reader(state_dir);
  if (!builders) return builders.error();
  auto readers = store::open_collector_reader(state_dir);
  if (!readers) return readers.error();
  HistoryBuilder builder{std::move(*builders), writer};
  // A full disk refuses this too: then it comes before the first block.
  if (auto begun = builder.begin(); !begun && begun.error().code != ErrorCode::disk) return begun.error();
  return std::unique_ptr<History>{new History{loop, writer, std::move(builder), std::move(*readers)}};
}

History::History(net::Loop& loop, store::Writer& writer, HistoryBuilder builder, store::Database reader)
    : loop_(loop), writer_(writer), builder_(std::move(builder)), reader_(std::move(reader)) {
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

void History::tick(TimePoint now, TimePoint keep_from) {
  if (now - last_tick_ < kLookEvery) return;
  last_tick_ = now;
  {
    const std::lock_guard lock{mutex_};
    due_ = true;
    now_ = now;
    keep_from_ = keep_from;
  }
  wake_builder_.notify_one();
}

bool History::query(HistoryQuery query, Done done) {
  {
    const std::lock_guard lock{mutex_};
    if (questions_.size() >= kMostQuestions) return false;
    questions_.push_back({std::move(query), std::move(done)});
    ++stats_.queries;
  }
  wake_reader_.notify_one();
  return true;
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
      const TimePoint keep_from = keep_from_;
      lock.unlock();
      more = work(now, keep_from);
      lock.lock();
      stats_.built = builder_.stats();
    }
  }
}

/// One step; true: more is waiting.
bool History::work(TimePoint now, TimePoint keep_from) {
  const auto failed = [this](const Error& error) {
    log::warning("the history cannot be written now; the journal keeps what it lacks", {{"why", error.message}});
    const std::lock_guard lock{mutex_};
    ++stats_.failures;
    return false;
  };
  const auto built = builder_.build(now);
  if (!built) return failed(built.error());
  if (*built) return true;
  if (now >= last_merge_ && now - last_merge_ < kMergeEvery) return false;
  const auto merged = builder_.merge(now);
  if (!merged) return failed(merged.error());
  if (*merged) return true;
  last_merge_ = now;
  const auto pruned = builder_.prune(keep_from);
  if (!pruned) return failed(pruned.error());
  return false;
}

void History::set_aside(const DamagedBlocks& damaged) {
  if (const auto done = damaged.set_aside(reader_.folder(), writer_); !done)
    log::warning("a damaged block of the history cannot be set aside now", {{"why", done.error().message}});
}

void History::run_reader() {
  std::unique_lock lock{mutex_};
  while (true) {
    wake_reader_.wait(lock, [this] { return !questions_.empty() || stopping_; });
    if (stopping_) return;
    Question question = std::move(questions_.front());
    questions_.pop_front();
    lock.unlock();
    auto answer = std::make_shared<Result<HistoryAnswer>>(read_history(reader_, question.query));
    const std::size_t damaged = answer->has_value() ? (*answer)->damaged.count() : 0;
    loop_.post([answer, done = std::move(question.done)] { done(*answer); });
    question = {};
    if (damaged > 0) set_aside((*answer)->damaged);
    lock.lock();
    stats_.damaged_blocks += damaged;
  }
}

}  // namespace crmpulse::collector
