#include "collector/backtest/backtest.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "collector/backtest/reader.h"
#include "collector/backtest/run.h"

namespace crmpulse::collector {
namespace {

/// Reads ahead on a thread of its own, by a few batches. Reading and judging take about as long.
class Prefetch {
 public:
  using Item = Result<std::optional<BacktestBatch>>;

  explicit Prefetch(const BacktestBatches& source) : source_(source), thread_([this] { run(); }) {}
  ~Prefetch() {
    {
      const std::lock_guard lock{mutex_};
      stopped_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  Prefetch(const Prefetch&) = delete;
  Prefetch& operator=(const Prefetch&) = delete;

  Item next() {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [this] { return !items_.empty(); });
    Item item = std::move(items_.front());
    items_.pop_front();
    changed_.notify_all();
    return item;
  }

 private:
  static constexpr std::size_t kAhead = 4;

  void run() {
    while (true) {
      Item item = source_();
      const bool last = item.has_error() || !item->has_value();
      std::unique_lock lock{mutex_};
      changed_.wait(lock, [this] { return stopped_ || items_.size() < kAhead; });
      if (stopped_) return;
      items_.push_back(std::move(item));
      changed_.notify_all();
      if (last) return;
    }
  }

  const BacktestBatches& source_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> items_;
  bool stopped_ = false;
  std::thread thread_;  ///< last: it uses the others
};

}  // namespace

Result<BacktestOutcome> run_backtest(const Ruleset& ruleset, const std::vector<rules::ReceiverSpec>& receivers,
                                     const BacktestBatches& batches, const BacktestOutput& output) {
  BacktestRun run{ruleset, receivers, output};
  Prefetch prefetch{batches};
  while (true) {
    auto next = prefetch.next();
    if (next.has_error()) return next.error();
    if (!next->has_value()) break;
    run.take(**next);
  }
  return run.finish();
}

Result<BacktestOutcome> run_backtest(const Ruleset& ruleset, const std::vector<rules::ReceiverSpec>& receivers,
                                     const BacktestSource& source, std::ostream& out) {
  std::uint32_t series = 0;
  const BacktestBatches batches = [&source, &series]() -> Result<std::optional<BacktestBatch>> {
    auto line = source();
    if (line.has_error()) return line.error();
    if (!line->has_value()) return std::optional<BacktestBatch>{};
    BacktestBatch batch;
    BacktestEvent event{(*line)->at, 0, BacktestEvent::kTick};
    if (const auto& sample = (*line)->sample) {
      event.value = sample->value;
      event.series = series++;
      batch.names.push_back({sample->metric, sample->labels});
    } else if ((*line)->control) {
      event.series = BacktestEvent::kControl;
      batch.controls.push_back(std::move(**line));
    }
    batch.events.push_back(event);
    return std::optional{std::move(batch)};
  };
  return run_backtest(ruleset, receivers, batches, BacktestOutput{&out, nullptr, nullptr});
}

Result<BacktestOutcome> run_backtest(const Ruleset& ruleset, const std::vector<rules::ReceiverSpec>& receivers,
                                     std::istream& samples_jsonl, std::ostream& out) {
  JsonBatches lines{samples_jsonl};
  const BacktestBatches batches = [&lines] { return lines.next(); };
  return run_backtest(ruleset, receivers, batches, BacktestOutput{&out, nullptr, nullptr});
}

}  // namespace crmpulse::collector
