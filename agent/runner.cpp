#include "agent/runner.h"

#include <algorithm>
#include <deque>
#include <mutex>

#include "agent/scheduler.h"

namespace crmpulse::agent {
namespace {

constexpr Duration kFirstSpread{std::chrono::seconds{5}};
/// The loop's timers do not count a suspended machine's time; so look at the clock at least this often.
constexpr Duration kLongestNap{std::chrono::seconds{30}};

}  // namespace

/// Where runs report to, from any thread, even when the runner has gone.
struct Runner::Mailbox {
  std::mutex mutex;
  Runner* owner = nullptr;

  void report(std::uint64_t generation, std::size_t item, probes::Reading reading) {
    const std::lock_guard lock{mutex};
    if (owner == nullptr) return;
    owner->loop_.post([runner = owner, generation, item, reading = std::move(reading)]() mutable {
      runner->finished(generation, item, std::move(reading));
    });
  }
};

struct Runner::Generation {
  struct Item {
    std::size_t target;
    std::size_t measurement;
  };
  struct Queue {
    std::deque<Scheduler::Due> waiting;
    bool busy = false;
  };

  Generation(std::uint64_t number_, Targets targets_, const std::string& agent, TimePoint now)
      : number(number_),
        targets(std::move(targets_)),
        scheduler(plan(agent), now, kFirstSpread),
        queues(targets.size()) {}

  std::vector<Scheduler::Item> plan(const std::string& agent) {
    std::vector<Scheduler::Item> out;
    for (std::size_t target = 0; target < targets.size(); ++target) {
      const auto& planned = targets[target]->measurements();
      for (std::size_t index = 0; index < planned.size(); ++index) {
        const Duration interval = planned[index].measurement->interval.value_or(std::chrono::seconds{30});
        items.push_back({target, index});
        out.push_back({interval, splay(agent, targets[target]->spec().crm, planned[index].measurement->id, interval)});
      }
    }
    return out;
  }

  [[nodiscard]] const probes::Target::Planned& planned(std::size_t item) const {
    return targets[items[item].target]->measurements()[items[item].measurement];
  }

  [[nodiscard]] bool idle() const {
    return std::none_of(queues.begin(), queues.end(), [](const Queue& queue) { return queue.busy; });
  }

  std::uint64_t number;
  Targets targets;
  std::vector<Item> items;
  Scheduler scheduler;
  std::vector<Queue> queues;  ///< by target
};

Runner::Runner(net::Loop& loop, const Clock& clock, std::function<TimePoint()> wall, Sink sink)
    : loop_(loop),
      clock_(clock),
      wall_(std::move(wall)),
      sink_(std::move(sink)),
      mailbox_(std::make_shared<Mailbox>()) {
  mailbox_->owner = this;
}

Runner::~Runner() {
  const std::lock_guard lock{mailbox_->mutex};
  mailbox_->owner = nullptr;
}

void Runner::replace(Targets targets, const std::string& agent) {
  if (current_) retire(std::move(current_));
  current_ = std::make_unique<Generation>(++generations_, std::move(targets), agent, clock_.now());
  wake();
}

void Runner::stop(Duration grace, std::function<void()> finished) {
  timer_.cancel();
  stopped_ = std::move(finished);
  if (current_) retire(std::move(current_));
  grace_timer_ = loop_.after(grace, [this] {
    if (auto call = std::exchange(stopped_, nullptr)) call();
  });
  check_stopped();
}

RunCounters Runner::counters() const {
  RunCounters out = counters_;
  if (current_) out.skipped += current_->scheduler.skipped();
  return out;
}

void Runner::wake() {
  Generation& generation = *current_;
  for (const Scheduler::Due& due : generation.scheduler.due(clock_.now())) {
    const std::size_t target = generation.items[due.index].target;
    auto& waiting = generation.queues[target].waiting;
    if (generation.planned(due.index).measurement->liveness)
      waiting.push_front(due);
    else
      waiting.push_back(due);
  }
  for (std::size_t target = 0; target < generation.queues.size(); ++target) start_next(generation, target);
  const TimePoint next = generation.scheduler.next();
  const Duration nap =
      next == TimePoint::max() ? kLongestNap : std::clamp(Duration{next - clock_.now()}, Duration{1}, kLongestNap);
  timer_ = loop_.after(nap, [this] { wake(); });
}

void Runner::start_next(Generation& generation, std::size_t target) {
  auto& queue = generation.queues[target];
  if (queue.busy || queue.waiting.empty()) return;
  const Scheduler::Due due = queue.waiting.front();
  queue.waiting.pop_front();
  queue.busy = true;
  ++counters_.runs;
  counters_.calls[generation.targets[target]->spec().crm] +=
      static_cast<std::uint64_t>(generation.planned(due.index).calls);
  const TimePoint stamp = wall_() - (clock_.now() - due.scheduled);
  generation.targets[target]->start(
      generation.items[due.index].measurement, stamp,
      [mailbox = mailbox_, number = generation.number, item = due.index](probes::Reading reading) {
        mailbox->report(number, item, std::move(reading));
      });
}

void Runner::finished(std::uint64_t number, std::size_t item, probes::Reading reading) {
  counters_.rows_truncated += reading.rows_truncated;
  sink_(std::move(reading));
  if (current_ && current_->number == number) {
    const std::size_t target = current_->items[item].target;
    current_->scheduler.finished(item);
    current_->queues[target].busy = false;
    start_next(*current_, target);
    return;
  }
  for (const auto& generation : retired_) {
    if (generation->number == number) generation->queues[generation->items[item].target].busy = false;
  }
  std::erase_if(retired_, [](const auto& generation) { return generation->idle(); });
  check_stopped();
}

void Runner::retire(std::unique_ptr<Generation> generation) {
  counters_.skipped += generation->scheduler.skipped();
  for (auto& queue : generation->queues) queue.waiting.clear();
  if (!generation->idle()) retired_.push_back(std::move(generation));
}

void Runner::check_stopped() {
  if (!stopped_ || !retired_.empty()) return;
  grace_timer_.cancel();
  std::exchange(stopped_, nullptr)();
}

}  // namespace crmpulse::agent
