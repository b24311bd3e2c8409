#include "probes/target.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <map>

#include "core/log.h"
#include "core/time/clock.h"
#include "probes/http/run_http.h"
#include "probes/run/readings.h"
#include "probes/runtime.h"
#include "probes/sql/open.h"
#include "probes/sql/run_sql.h"
#include "probes/template/template.h"
#include "probes/write_test/transaction.h"

namespace crmpulse::probes {
namespace {

/// After the deadline a run has this long to tell what happened itself.
constexpr Duration kMargin{250};

Found not_made(Stage stage, Reason reason, std::string message) {
  Found found;
  found.failure = Failure{stage, reason, std::move(message)};
  return found;
}

struct Run {
  Run(const Target::Planned& run_plan, TimePoint at, std::function<void(Reading)> when_done)
      : plan(run_plan),
        scheduled(at),
        deadline(std::chrono::steady_clock::now() + run_plan.timeout),
        done(std::move(when_done)) {}
  [[nodiscard]] bool liveness() const { return plan.measurement->liveness; }

  const Target::Planned& plan;
  const TimePoint scheduled;
  const sql::SteadyTime deadline;
  std::function<void(Reading)> done;
  std::atomic<bool> finished{false};
  sql::Cancel cancel;
  TimerThread::Id alarm{};
};

/// SQL runs that share one connection, one after another.
struct Lane {
  std::deque<std::shared_ptr<Run>> queue;
  std::shared_ptr<Run> active;     ///< on a worker thread
  bool busy = false;               ///< a worker is at it, or will be
  std::unique_ptr<SqlRunner> sql;  ///< only the worker touches it
};

/// The target whose `done` this thread is inside of.
thread_local const void* inside = nullptr;

}  // namespace

struct Target::Impl final : CancellableRun, std::enable_shared_from_this<Target::Impl> {
  Impl(Runtime& runtime_in, TargetSpec spec_in)
      : runtime(runtime_in.impl()),
        shared_spec(std::make_shared<const TargetSpec>(std::move(spec_in))),
        spec(*shared_spec),
        readings(spec) {}

  void start(std::size_t index, TimePoint scheduled, std::function<void(Reading)> done);
  void stop() override;

  void add_write_test(const Measurement& measurement);
  void clean_up_switched_off();
  void start_http(const std::shared_ptr<Run>& run);
  void start_sql(const std::shared_ptr<Run>& run);
  [[nodiscard]] Lane& lane_of(const Run& run) { return run.liveness() ? alive : rest; }
  void hand_to_worker(Lane& lane);
  void work(Lane& lane);
  void expire(const std::shared_ptr<Run>& run);
  void finish(const std::shared_ptr<Run>& run, Found found);
  void collect_problems(Problems& problems) const;

  Runtime::Impl& runtime;
  const std::shared_ptr<const TargetSpec> shared_spec;
  const TargetSpec& spec;
  std::vector<Planned> planned;
  Readings readings;

  std::mutex mutex;
  std::condition_variable quiet;
  Lane alive;  ///< liveness has a connection and workers of its own: it waits for no other measurement
  Lane rest;
  std::vector<std::shared_ptr<Run>> open;  ///< those whose `done` has not returned
  bool closed = false;
  std::shared_ptr<auth::Session> session;  ///< null: it logs in nowhere
  std::shared_ptr<HttpExchanger> exchanger;
  std::map<const Measurement*, std::unique_ptr<WriteTest>> write_tests;  ///< over HTTP; those switched off too
  std::atomic<bool> cleaning_up{false};  ///< what switched-off write tests left, or nothing is left to look for
};

void Target::Impl::start(std::size_t index, TimePoint scheduled, std::function<void(Reading)> done) {
  auto run = std::make_shared<Run>(planned.at(index), scheduled, std::move(done));
  bool refused = false;
  {
    const std::lock_guard lock{mutex};
    refused = closed;
    open.push_back(run);
    if (!refused) {
      run->alarm = runtime.alarms.set(run->deadline + kMargin, [self = weak_from_this(), run] {
        if (const auto target = self.lock()) target->expire(run);
      });
    }
  }
  if (refused) {
    finish(run, not_made(Stage::request, Reason::skipped, "the target is stopping"));
  } else if (exchanger) {
    start_http(run);
    clean_up_switched_off();
  } else {
    start_sql(run);
  }
}

void Target::Impl::start_http(const std::shared_ptr<Run>& run) {
  const Measurement& measurement = *run->plan.measurement;
  if (const auto test = write_tests.find(&measurement); test != write_tests.end()) {
    test->second->run(new_run_id(), run->deadline,
                      [self = shared_from_this(), run](Found found) { self->finish(run, std::move(found)); });
    return;
  }
  run_http(exchanger, shared_spec, measurement, run->scheduled, run->deadline,
           [self = shared_from_this(), run](Found found) { self->finish(run, std::move(found)); });
}

/// It lives as long as this object, and so do the runs that use it.
void Target::Impl::add_write_test(const Measurement& measurement) {
  if (measurement.steps.empty()) return;
  const TransactionHost host{
      *exchanger, [this](std::function<void()> job) { runtime.workers.submit(std::move(job)); },
      [this](sql::SteadyTime at, std::function<void()> call) { (void)runtime.alarms.set(at, std::move(call)); },
      std::chrono::steady_clock::now, wall_now};
  const Duration timeout = measurement.timeout.value_or(spec.default_timeout);
  write_tests.emplace(&measurement, std::make_unique<WriteTest>(spec, measurement, timeout, host));
}

/// A write test may have been switched off after a crash: what it left is still ours to remove. Tried with every run
/// until nothing is left.
void Target::Impl::clean_up_switched_off() {
  if (spec.switched_off.empty() || cleaning_up.exchange(true)) return;
  runtime.workers.submit([self = shared_from_this()] {
    for (const auto& measurement : self->spec.switched_off) {
      const auto test = self->write_tests.find(measurement.get());
      if (test == self->write_tests.end() || !test->second->has_left_overs()) continue;
      const Duration timeout = measurement->timeout.value_or(self->spec.default_timeout);
      test->second->clean_up(std::chrono::steady_clock::now() + timeout, [self](const Found& found) {
        if (found.failure) {
          log::warning("test records of a write test that is switched off are still there",
                       {{"crm", self->spec.crm}, {"reason", found.failure->message}});
        }
        self->cleaning_up = false;
      });
      return;
    }
  });
}

void Target::Impl::start_sql(const std::shared_ptr<Run>& run) {
  const std::lock_guard lock{mutex};
  Lane& lane = lane_of(*run);
  lane.queue.push_back(run);
  if (lane.busy) return;
  lane.busy = true;
  hand_to_worker(lane);
}

void Target::Impl::hand_to_worker(Lane& lane) {
  WorkerPool& workers = &lane == &alive ? runtime.liveness_workers : runtime.workers;
  workers.submit([self = shared_from_this(), &lane] { self->work(lane); });
}

/// One run, then back to the end of the workers' line: other targets wait there too.
void Target::Impl::work(Lane& lane) {
  std::shared_ptr<Run> run;
  {
    const std::lock_guard lock{mutex};
    while (!lane.queue.empty() && (!run || run->finished)) {
      run = std::move(lane.queue.front());
      lane.queue.pop_front();
    }
    lane.active = run;
  }
  if (run && !run->finished) {
    const sql::Limits limits{run->deadline, run->plan.timeout, &run->cancel};
    if (limits.over()) {
      expire(run);
    } else {
      try {
        finish(run, lane.sql->run(*run->plan.measurement, limits));
      } catch (const std::exception& error) {
        // Out of memory, out of descriptors: this machine's fault, told like any other.
        finish(run, not_made(Stage::request, Reason::internal, one_line(error.what())));
      }
    }
  }
  const std::lock_guard lock{mutex};
  lane.active.reset();
  if (lane.queue.empty()) {
    lane.busy = false;
  } else {
    hand_to_worker(lane);
  }
}

/// The deadline has passed and nobody has told what happened.
void Target::Impl::expire(const std::shared_ptr<Run>& run) {
  std::string holder;
  bool started = false;
  {
    const std::lock_guard lock{mutex};
    const Lane& lane = lane_of(*run);
    started = lane.active == run || exchanger;
    if (!started && lane.active) holder = lane.active->plan.measurement->id;
  }
  run->cancel.request();
  const std::string timeout = format_duration(run->plan.timeout);
  if (started) {
    finish(run, not_made(Stage::request, Reason::timeout, fmt::format("no answer within {}", timeout)));
  } else if (!holder.empty() && run->liveness()) {
    // It waited for an earlier one of its kind that hangs: skipped would leave that unnoticed.
    finish(run, not_made(Stage::request, Reason::timeout,
                         fmt::format("the connection was held by '{}' for {}", holder, timeout)));
  } else if (!holder.empty()) {
    finish(run, not_made(Stage::request, Reason::skipped,
                         fmt::format("the connection was held by '{}' for {}", holder, timeout)));
  } else {
    finish(run, not_made(Stage::request, Reason::skipped, fmt::format("no worker was free within {}", timeout)));
  }
}

void Target::Impl::finish(const std::shared_ptr<Run>& run, Found found) {
  if (run->finished.exchange(true)) return;
  if (found.calls == 0 && rest.sql) found.calls = run->plan.calls;
  {
    const std::lock_guard lock{mutex};
    runtime.alarms.clear(run->alarm);
  }
  const void* outer = inside;
  inside = this;
  run->done(readings.make(*run->plan.measurement, run->scheduled, std::move(found)));
  run->done = nullptr;
  inside = outer;
  const std::lock_guard lock{mutex};
  std::erase(open, run);
  quiet.notify_all();
}

/// Every run that is open ends now, as skipped. Returns when no `done` is being called any more.
void Target::Impl::stop() {
  std::vector<std::shared_ptr<Run>> left;
  {
    const std::lock_guard lock{mutex};
    closed = true;
    for (const auto& test : write_tests) test.second->stop();
    if (exchanger) exchanger->stop();
    alive.queue.clear();
    rest.queue.clear();
    left = open;
  }
  for (const auto& run : left) {
    run->cancel.request();
    finish(run, not_made(Stage::request, Reason::skipped, "cancelled: the target is stopping"));
  }
  std::unique_lock lock{mutex};
  if (inside != this) quiet.wait(lock, [&] { return open.empty(); });
}

void Target::Impl::collect_problems(Problems& problems) const {
  const Recipe& recipe = *spec.recipe;
  const Values values{recipe, spec.arguments, "0123456789abcdef", std::string{spec.labels.get("agent")}, wall_now()};
  const auto report = [&](const Measurement& measurement, const std::string& message) {
    problems.push_back({recipe.file, measurement.line, fmt::format("{} ({})", measurement.id, spec.crm), message});
  };
  const Result<Dialect> known = sql::dialect_of(spec.arguments.text("url"));
  const Dialect dialect = known ? *known : Dialect::postgresql;
  const auto check = [&](const Measurement& measurement, const Template& text) {
    if (text.empty()) return;
    const Result<std::string> expanded = expand(text.text(dialect), values, Place::sql, dialect);
    if (!expanded) report(measurement, expanded.error().message);
  };
  for (const Planned& plan : planned) {
    const Measurement& measurement = *plan.measurement;
    check(measurement, measurement.query);
    for (const Step& step : measurement.steps) {
      check(measurement, step.statement);
      check(measurement, step.query);
    }
    for (const std::string& fault : request_faults(spec, measurement)) report(measurement, fault);
  }
}

Target::Target() = default;
Target::~Target() {
  if (impl_) impl_->stop();
}

boost::system::result<std::unique_ptr<Target>, Problems> Target::make(Runtime& runtime, TargetSpec spec) {
  auto impl = std::make_shared<Impl>(runtime, std::move(spec));
  const Recipe& recipe = *impl->spec.recipe;
  Problems problems;
  if (recipe.transport == Transport::sql) {
    const std::string url = impl->spec.arguments.text("url");
    const Result<Dialect> dialect = sql::dialect_of(url);
    const auto fault = sql::check_url(url);
    if (fault) {
      problems.push_back({recipe.file, 0, fmt::format("url ({})", impl->spec.crm), fault->message});
    } else if (std::find(recipe.dialects.begin(), recipe.dialects.end(), *dialect) == recipe.dialects.end()) {
      problems.push_back({recipe.file, 0, fmt::format("url ({})", impl->spec.crm),
                          fmt::format("the recipe has no queries for {}", to_string(*dialect))});
    }
  }
  for (const Measurement& measurement : recipe.measurements) {
    if (!measurement.when.empty() && !impl->spec.arguments.given(measurement.when)) continue;
    const int calls = planned_calls(recipe, measurement, impl->spec.arguments);
    impl->planned.push_back({&measurement, measurement.timeout.value_or(impl->spec.default_timeout), calls});
  }
  if (problems.empty()) impl->collect_problems(problems);
  if (!problems.empty()) return problems;
  if (recipe.transport == Transport::sql) {
    const auto told = std::make_shared<ToldOnce>();
    impl->alive.sql = std::make_unique<SqlRunner>(impl->spec, runtime.impl().kept, told);
    impl->rest.sql = std::make_unique<SqlRunner>(impl->spec, runtime.impl().kept, told);
  } else {
    const auto session = session_of(impl->spec, runtime.impl().sessions);
    if (!session) return Problems{{recipe.file, 0, fmt::format("auth ({})", impl->spec.crm), session.error().message}};
    impl->session = *session;
    impl->exchanger = std::make_shared<HttpExchanger>(runtime.impl().http, impl->shared_spec, *session, wall_now);
    for (const Planned& plan : impl->planned) impl->add_write_test(*plan.measurement);
    for (const auto& measurement : impl->spec.switched_off) impl->add_write_test(*measurement);
  }
  runtime.impl().register_run(impl);
  std::unique_ptr<Target> target{new Target};
  target->impl_ = std::move(impl);
  return target;
}

const std::vector<Target::Planned>& Target::measurements() const {
  return impl_->planned;
}
const TargetSpec& Target::spec() const {
  return impl_->spec;
}
std::optional<auth::LoginStats> Target::auth_stats() const {
  if (!impl_->session) return std::nullopt;
  return impl_->session->stats();
}

std::string Target::pooler() const {
  if (!impl_->rest.sql) return {};
  std::string found = impl_->rest.sql->pooler();
  if (found.empty()) found = impl_->alive.sql->pooler();
  if (!found.empty()) return found + " stands before the database";
  const std::string guess = sql::pooler_guess(impl_->spec.arguments.text("url"));
  return guess.empty() ? guess : "there may be a connection pooler before the database: " + guess;
}

void Target::start(std::size_t index, TimePoint scheduled, std::function<void(Reading)> done) {
  impl_->start(index, scheduled, std::move(done));
}

}  // namespace crmpulse::probes
