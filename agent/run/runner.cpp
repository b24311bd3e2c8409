#include "agent/run/runner.h"

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <utility>

#include "agent/run/scheduler.h"
#include "probes/auth/session.h"

namespace crmpulse::agent {
namespace {

constexpr Duration kFirstSpread{std::chrono::seconds{5}};
/// The loop's timers do not count a suspended machine's time; so look at the clock at least this often.
constexpr Duration kLongestNap{std::chrono::seconds{30}};
/// Runs that are due within a beat start together: one wake-up of each thread instead of one a run, which is most of
/// what a run costs on an idle machine. Short intervals have shorter beats.
constexpr Duration kLongestBeat{500};
constexpr int kBeatsPerInterval = 40;
/// The rules call the third failure in a row an outage.
constexpr int kAskedAgain = 2;

/// Asking again soon is of use, and wanted: not when the CRM counts our calls or our logins.
bool worth_asking_again(const probes::Reading& reading) {
  if (!reading.failure || reading.wait) return false;
  switch (reading.failure->reason) {
    case Reason::credentials:
    case Reason::permission:
    case Reason::quota:
    case Reason::rate_limited:
    case Reason::maintenance:
    case Reason::skipped: return false;
    default: return true;
  }
}

Duration beat_for(Duration interval) {
  return std::clamp(interval / kBeatsPerInterval, Duration{1}, kLongestBeat);
}

TimePoint next_beat(TimePoint at, Duration beat) {
  const Duration past = at.time_since_epoch() % beat;
  return past == Duration{} ? at : at + (beat - past);
}

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
    int failed = 0;  ///< liveness: runs in a row that failed
  };
  /// What waits for its turn: of each target one for liveness, one for the rest.
  struct Lane {
    std::deque<Scheduler::Due> waiting;
    bool busy = false;
  };

  Generation(std::uint64_t number_, Targets targets_, Governors& all, const std::string& agent, TimePoint now)
      : number(number_),
        targets(std::move(targets_)),
        governors(find_governors(all)),
        first_run(find_first_runs(all)),
        scheduler(plan(agent), now, kFirstSpread),
        lanes(2 * targets.size()) {}

  [[nodiscard]] std::vector<Governor*> find_governors(Governors& all) const {
    std::vector<Governor*> out;
    for (const auto& target : targets) out.push_back(all.find(target->spec().crm));
    return out;
  }

  [[nodiscard]] std::vector<std::size_t> find_first_runs(const Governors& all) const {
    std::vector<std::size_t> out;
    for (const auto& target : targets) out.push_back(all.first_run(target->spec().crm));
    return out;
  }

  std::vector<Scheduler::Item> plan(const std::string& agent) {
    std::vector<Scheduler::Item> out;
    for (std::size_t target = 0; target < targets.size(); ++target) {
      const auto& planned = targets[target]->measurements();
      first_item.push_back(items.size());
      seen_revision.push_back(governors[target]->revision());
      sharing[governors[target]].push_back(target);
      for (std::size_t index = 0; index < planned.size(); ++index) {
        const Duration interval = planned[index].measurement->interval.value_or(std::chrono::seconds{30});
        items.push_back({target, index, 0});
        beat = std::min(beat, beat_for(interval));
        out.push_back({interval, splay(agent, targets[target]->spec().crm, planned[index].measurement->id, interval),
                       governors[target]->stretch(first_run[target] + index), planned[index].measurement->liveness});
      }
    }
    return out;
  }

  [[nodiscard]] const probes::Target::Planned& planned(std::size_t item) const {
    return targets[items[item].target]->measurements()[items[item].measurement];
  }

  [[nodiscard]] bool idle() const {
    return std::none_of(lanes.begin(), lanes.end(), [](const Lane& lane) { return lane.busy; });
  }

  [[nodiscard]] std::size_t lane_of(std::size_t item) const {
    return 2 * items[item].target + (planned(item).measurement->liveness ? 0 : 1);
  }

  std::uint64_t number;
  Targets targets;
  Duration beat = kLongestBeat;
  std::vector<Item> items;
  std::vector<std::size_t> first_item;       ///< by target
  std::vector<std::uint64_t> seen_revision;  ///< by target: of its governor, as the scheduler knows it
  std::vector<Governor*> governors;          ///< by target; only of the current generation
  std::vector<std::size_t> first_run;        ///< by target: of its governor's runs
  std::map<const Governor*, std::vector<std::size_t>> sharing{};  ///< targets of each governor
  Scheduler scheduler;
  std::vector<Lane> lanes;  ///< by lane_of()
};

Runner::Runner(net::Loop& loop, const Clock& clock, std::function<TimePoint()> wall, Governors& governors, Sink sink)
    : loop_(loop),
      clock_(clock),
      wall_(std::move(wall)),
      governors_(governors),
      sink_(std::move(sink)),
      mailbox_(std::make_shared<Mailbox>()) {
  mailbox_->owner = this;
}

Runner::~Runner() {
  CRMPULSE_ON_LOOP(loop_);
  const std::lock_guard lock{mailbox_->mutex};
  mailbox_->owner = nullptr;
}

void Runner::replace(Targets targets, const std::string& agent) {
  CRMPULSE_ON_LOOP(loop_);
  if (current_) retire(std::move(current_));
  current_ = std::make_unique<Generation>(++generations_, std::move(targets), governors_, agent, clock_.now());
  wake();
}

void Runner::stop(Duration grace, std::function<void()> finished) {
  CRMPULSE_ON_LOOP(loop_);
  timer_.cancel();
  stopped_ = std::move(finished);
  if (current_) retire(std::move(current_));
  grace_timer_ = loop_.after(grace, [this] {
    if (auto call = std::exchange(stopped_, nullptr)) call();
  });
  check_stopped();
}

RunCounters Runner::counters() const {
  CRMPULSE_ON_LOOP(loop_);
  RunCounters out = counters_;
  if (current_) out.skipped += current_->scheduler.skipped();
  return out;
}

TimePoint Runner::next_run() const {
  CRMPULSE_ON_LOOP(loop_);
  return current_ ? current_->scheduler.next() : TimePoint::max();
}

std::vector<Sample> Runner::token_samples(TimePoint at) const {
  CRMPULSE_ON_LOOP(loop_);
  std::vector<Sample> out;
  if (!current_) return out;
  for (const auto& target : current_->targets) {
    const auto stats = target->auth_stats();
    if (!stats) continue;
    for (Sample& sample : probes::auth::token_samples(*stats, target->spec().labels, at))
      out.push_back(std::move(sample));
  }
  return out;
}

void Runner::wake() {
  Generation& generation = *current_;
  std::vector<std::size_t> touched;
  for (const Scheduler::Due& due : generation.scheduler.due(clock_.now())) {
    const std::size_t lane = generation.lane_of(due.index);
    generation.lanes[lane].waiting.push_back(due);
    touched.push_back(lane);
  }
  for (const std::size_t lane : touched) start_next(generation, lane);
  armed_ = TimePoint::max();
  arm();
}

/// Sets the timer anew when something is due before it rings.
void Runner::arm() {
  const TimePoint now = clock_.now();
  const TimePoint due = std::min(current_->scheduler.next(), now + kLongestNap);
  const TimePoint next = due <= now ? due : next_beat(due, current_->beat);
  if (next >= armed_) return;
  armed_ = next;
  timer_ = loop_.after(std::max(Duration{next - now}, Duration{1}), [this] { wake(); });
}

void Runner::start_next(Generation& generation, std::size_t number) {
  auto& lane = generation.lanes[number];
  const std::size_t target = number / 2;
  Governor& governor = *generation.governors[target];
  while (!lane.busy && !lane.waiting.empty()) {
    const Scheduler::Due due = lane.waiting.front();
    lane.waiting.pop_front();
    const std::size_t measurement = generation.items[due.index].measurement;
    const TimePoint now = clock_.now();
    if (const auto admission = governor.admit(generation.first_run[target] + measurement, now); !admission.admitted) {
      ++counters_.refused;
      generation.scheduler.refused(due.index, admission.again);
      continue;
    }
    lane.busy = true;
    // Written before the call is made: a crash must not forget it.
    governors_.save(generation.targets[target]->spec().crm, governor,
                    [this, number = generation.number, item = due.index, stamp = wall_() - (now - due.scheduled)] {
                      begin(number, item, stamp);
                    });
  }
}

/// What was admitted and is replaced meanwhile does not run; its calls stay counted.
void Runner::begin(std::uint64_t number, std::size_t item, TimePoint stamp) {
  Generation* const generation = find(number);
  if (generation == nullptr) return;
  if (generation != current_.get()) {
    generation->lanes[generation->lane_of(item)].busy = false;
    return forget_idle();
  }
  ++counters_.runs;
  const Generation::Item& begun = generation->items[item];
  generation->targets[begun.target]->start(begun.measurement, stamp,
                                           [mailbox = mailbox_, number, item](probes::Reading reading) {
                                             mailbox->report(number, item, std::move(reading));
                                           });
}

Runner::Generation* Runner::find(std::uint64_t number) {
  if (current_ && current_->number == number) return current_.get();
  const auto found = std::find_if(retired_.begin(), retired_.end(),
                                  [number](const auto& generation) { return generation->number == number; });
  return found == retired_.end() ? nullptr : found->get();
}

/// Intervals as the governor wants them now, of all CRMs that share it.
void Runner::follow_governor(Generation& generation, const Governor& governor) {
  for (const std::size_t target : generation.sharing[&governor]) {
    if (std::exchange(generation.seen_revision[target], governor.revision()) == governor.revision()) continue;
    const std::size_t item = generation.first_item[target];
    const std::size_t run = generation.first_run[target];
    for (std::size_t index = 0; index < generation.targets[target]->measurements().size(); ++index)
      generation.scheduler.set_stretch(item + index, governor.stretch(run + index), clock_.now());
  }
}

void Runner::ask_again_sooner(Generation& generation, std::size_t item, const probes::Reading& reading) {
  int& failed = generation.items[item].failed;
  failed = reading.failure ? failed + 1 : 0;
  if (failed >= 1 && failed <= kAskedAgain && worth_asking_again(reading))
    generation.scheduler.ask_sooner(item, clock_.now());
}

void Runner::finished(std::uint64_t number, std::size_t item, probes::Reading reading) {
  Generation* const found = find(number);
  if (found == nullptr) return;
  Generation& generation = *found;
  const bool current = found == current_.get();
  const std::size_t target = generation.items[item].target;
  const std::size_t measurement = generation.items[item].measurement;
  const probes::TargetSpec& spec = generation.targets[target]->spec();
  Governor::Outcome outcome{reading.calls, reading.wait, {}};
  if (reading.failure) outcome.failed = reading.failure->reason;
  counters_.calls[spec.crm] += static_cast<std::uint64_t>(std::max(0, reading.calls));
  counters_.rows_truncated += reading.rows_truncated;
  Governor* governor = current ? generation.governors[target] : governors_.find(spec.crm);
  if (governor != nullptr) {
    if (current)
      governor->finished(generation.first_run[target] + measurement, outcome, clock_.now());
    else
      governor->finished_late(outcome, clock_.now());
    for (Sample& forecast : governor->learn(reading.samples)) reading.samples.push_back(std::move(forecast));
  }
  const std::size_t lane = generation.lane_of(item);
  generation.lanes[lane].busy = false;
  if (current) {
    generation.scheduler.finished(item);
    if (generation.planned(item).measurement->liveness) ask_again_sooner(generation, item, reading);
  }
  sink_(spec.crm, std::move(reading));
  if (current) {
    follow_governor(generation, *governor);
    start_next(generation, lane);
    arm();
    return;
  }
  forget_idle();
}

void Runner::forget_idle() {
  std::erase_if(retired_, [](const auto& one) { return one->idle(); });
  check_stopped();
}

void Runner::retire(std::unique_ptr<Generation> generation) {
  counters_.skipped += generation->scheduler.skipped();
  for (auto& lane : generation->lanes) lane.waiting.clear();
  if (!generation->idle()) retired_.push_back(std::move(generation));
}

void Runner::check_stopped() {
  if (!stopped_ || !retired_.empty()) return;
  grace_timer_.cancel();
  std::exchange(stopped_, nullptr)();
}

}  // namespace crmpulse::agent
