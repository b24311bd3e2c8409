#include "probes/transport_target.h"

#include <utility>

namespace crmpulse::probes {
namespace {

/// After the deadline a run has this long to tell what happened itself.
constexpr Duration kMargin{250};

/// The target whose `done` this thread is inside of.
thread_local const void* inside = nullptr;

}  // namespace

Found only_failure(Stage stage, Reason reason, std::string message) {
  Found found;
  found.failure = Failure{stage, reason, std::move(message)};
  return found;
}

TransportTarget::TransportTarget(Runtime::Impl& runtime, std::shared_ptr<const TargetSpec> spec, Plan plan)
    : runtime_(runtime), spec_(std::move(spec)), plan_(std::move(plan)), readings_(*spec_) {}

void TransportTarget::start(std::size_t index, TimePoint scheduled, std::function<void(Reading)> done) {
  auto run = std::make_shared<Run>(plan_.at(index), scheduled, std::move(done));
  bool refused = false;
  {
    const std::lock_guard lock{mutex_};
    refused = closed_;
    open_.push_back(run);
    if (!refused) {
      run->alarm = runtime_.alarms.at(run->deadline + kMargin, [self = weak_from_this(), run] {
        if (const auto target = self.lock()) target->expire(run);
      });
    }
  }
  if (refused) return finish(run, only_failure(Stage::request, Reason::skipped, "the target is stopping"));
  begin(run);
}

/// The deadline has passed and nobody has told what happened.
void TransportTarget::expire(const std::shared_ptr<Run>& run) {
  Found found = overdue(*run);
  run->cancel.request();
  finish(run, std::move(found));
}

void TransportTarget::finish(const std::shared_ptr<Run>& run, Found found) {
  if (run->finished.exchange(true)) return;
  if (found.calls == 0) found.calls = uncounted_calls(*run);
  {
    const std::lock_guard lock{mutex_};
    runtime_.alarms.drop(run->alarm);
  }
  const void* outer = inside;
  inside = this;
  run->done(readings_.make(*run->plan.measurement, run->scheduled, std::move(found)));
  run->done = nullptr;
  inside = outer;
  const std::lock_guard lock{mutex_};
  std::erase(open_, run);
  quiet_.notify_all();
}

void TransportTarget::stop() {
  std::vector<std::shared_ptr<Run>> left;
  {
    const std::lock_guard lock{mutex_};
    closed_ = true;
    left = open_;
  }
  close();
  for (const auto& run : left) {
    run->cancel.request();
    finish(run, only_failure(Stage::request, Reason::skipped, "cancelled: the target is stopping"));
  }
  std::unique_lock lock{mutex_};
  if (inside != this) quiet_.wait(lock, [&] { return open_.empty(); });
}

}  // namespace crmpulse::probes
