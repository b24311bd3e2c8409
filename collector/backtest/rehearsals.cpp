#include "collector/backtest/rehearsals.h"

#include <utility>

#include "store/collector/collector_store.h"

namespace crmpulse::collector {
namespace {

constexpr Duration kLookEvery{200};

}  // namespace

Result<std::unique_ptr<Rehearsals>> Rehearsals::start(net::Loop& loop, const std::string& state_dir) {
  auto database = store::open_collector_reader(state_dir);
  if (!database) return database.error();
  return std::unique_ptr<Rehearsals>{new Rehearsals{loop, std::move(*database)}};
}

Rehearsals::Rehearsals(net::Loop& loop, store::Database database)
    : loop_(loop), database_(std::move(database)), thread_([this] { run(); }) {}

Rehearsals::~Rehearsals() {
  cancelled_ = true;
  {
    const std::lock_guard lock{mutex_};
    ending_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

bool Rehearsals::ask(RehearsalPlan plan, Gone gone, Done done) {
  CRMPULSE_ON_LOOP(loop_);
  if (busy_ || stopped_) return false;
  busy_ = true;
  cancelled_ = false;
  watch_ = loop_.every(kLookEvery, [this, gone = std::move(gone)] {
    if (gone && gone()) cancelled_ = true;
  });
  {
    const std::lock_guard lock{mutex_};
    task_ = Task{std::move(plan), std::move(done)};
  }
  wake_.notify_one();
  return true;
}

void Rehearsals::stop() {
  CRMPULSE_ON_LOOP(loop_);
  stopped_ = true;
  cancelled_ = true;
}

void Rehearsals::finish(const Result<Rehearsal>& outcome, const Done& done) {
  busy_ = false;
  watch_.cancel();
  done(outcome);
}

void Rehearsals::run() {
  std::unique_lock lock{mutex_};
  while (true) {
    wake_.wait(lock, [this] { return task_.has_value() || ending_; });
    if (ending_) return;
    Task task = std::move(*task_);
    task_.reset();
    lock.unlock();
    auto outcome =
        std::make_shared<Result<Rehearsal>>(rehearse(database_, task.plan, [this] { return cancelled_.load(); }));
    loop_.post([this, outcome, done = std::move(task.done)] { finish(*outcome, done); });
    lock.lock();
  }
}

}  // namespace crmpulse::collector
