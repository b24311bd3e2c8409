#include "rules/engine_impl.h"

#include <algorithm>
#include <utility>

namespace crmpulse::rules {
namespace {

constexpr Duration kSweepEvery = std::chrono::seconds{15};

Duration slowest_latched(const Crm& crm) {
  Duration slowest{};
  for (const auto& state : crm.rules) {
    for (const auto& instance : state->instances) {
      if (instance->dimension.latched) slowest = std::max(slowest, instance->interval(state->rule()));
    }
  }
  return slowest;
}

}  // namespace

void Engine::Impl::align(std::vector<ReceiverSpec> next) {
  receivers = std::move(next);
  storms.align(receivers);
  agents.align(receivers);
  vendors.align(receivers);
}

void Engine::Impl::mark(Crm& crm) {
  if (crm.dirty) return;
  crm.dirty = true;
  dirty.push_back(crm.number);
}

void Engine::Impl::mark_all() {
  for (const auto& crm : crms) {
    if (crm) mark(*crm);
  }
}

Crm& Engine::Impl::crm_of(std::string_view name) {
  if (const auto known = by_name.find(name); known != by_name.end()) return *known->second;
  auto crm = std::make_unique<Crm>();
  crm->number = static_cast<std::uint32_t>(crms.size());
  crm->name = std::string{name};
  crm->room = std::make_shared<RingRoom>(pool);
  if (const auto before = retired.find(name); before != retired.end()) crm->last_seq = before->second;
  align_receivers(*crm, receivers);
  by_name.emplace(crm->name, crm.get());
  crms.push_back(std::move(crm));
  dirty.reserve(crms.size());
  return *crms.back();
}

void Engine::Impl::drop(Crm& crm) {
  settle();
  for (const SeriesId id : crm.series_ids) {
    series[id].crm = nullptr;
    series[id].feeds.clear();
  }
  if (crm.scheduled != kNever) deadlines.erase({crm.scheduled, crm.number});
  vendors.forget(crm);
  agents.look();
  by_name.erase(crm.name);
  crms[crm.number].reset();
}

void Engine::Impl::remove(Crm& crm, Outcome& outcome) {
  tell_removed(crm, bench(), outcome);
  outcome.touched.push_back(crm.name);
  outcome.removed.push_back(crm.name);
  retired[crm.name] = crm.last_seq;
  outcome.shared = true;
  drop(crm);
}

void Engine::Impl::sweep(Outcome& outcome) {
  if (!agents.announces() || now < next_sweep) return;
  next_sweep = now + kSweepEvery;
  for (std::size_t i = 0; i < crms.size(); ++i) {
    Crm* crm = crms[i].get();
    if (crm == nullptr || !crm->known) continue;
    const bool unannounced = agents.unannounced(*crm, AgentWatch::kAnnouncement);
    if (std::exchange(crm->unannounced, unannounced) != unannounced) {
      if (!unannounced) crm->missing_from = now + std::max(settings.settle, 3 * slowest_latched(*crm));
      mark(*crm);
    }
    if (unannounced && agents.unannounced(*crm, AgentWatch::kGone)) remove(*crm, outcome);
  }
}

void Engine::Impl::schedule(Crm& crm, TimePoint at) {
  if (crm.scheduled == at) return;
  if (crm.scheduled != kNever) {
    auto node = deadlines.extract({crm.scheduled, crm.number});
    crm.scheduled = at;
    if (at == kNever) return;
    node.value() = {at, crm.number};
    deadlines.insert(std::move(node));
    return;
  }
  crm.scheduled = at;
  deadlines.emplace(at, crm.number);
}

/// Gives a series its CRM, which it may be the first to name, and its feeds.
void Engine::Impl::attach(SeriesId id) {
  const SeriesName name = names.name(id);
  Crm& crm = crm_of(name.labels.get("crm"));
  series[id].crm = &crm;
  crm.series_ids.push_back(id);
  agents.look();
  vendors.look();
  const bool relabelled = adopt_labels(crm, name.metric, name.labels);
  const bool is_new = !std::exchange(crm.known, true);
  if (relabelled && crm.relabellings++ == 0) relabelled_crms.push_back(crm.number);
  if (relabelled && !is_new && crm.relabellings > Crm::kMostRelabellings) {
    // Each costs a look at all its series. Who changes a CRM's labels again and again is followed by the next step.
    crm.labels_wait = true;
    resolve(series[id], name);
  } else if (is_new || relabelled) {
    settle();
    apply_rules(crm, rules, kUnset);
    resolve_all(crm);
  } else {
    resolve(series[id], name);
    crm.no_data_from = kUnset;  // it may have brought a unit
  }
  if (const Series& fresh = series[id]; fresh.exchange < crm.exchanges.size() && !fresh.tells_success) {
    std::vector<std::uint32_t>& failures = crm.exchanges[fresh.exchange].failures;
    const bool listed = std::find(failures.begin(), failures.end(), id) != failures.end();
    if (!listed && failures.size() < Exchange::kMostFailures) failures.push_back(id);
  }
  mark(crm);
}

void Engine::Impl::follow_labels() {
  for (const std::uint32_t number : relabelled_crms) {
    if (!crms[number]) continue;
    Crm& crm = *crms[number];
    crm.relabellings = 0;
    if (!std::exchange(crm.labels_wait, false)) continue;
    settle();
    apply_rules(crm, rules, kUnset);
    resolve_all(crm);
    mark(crm);
  }
  relabelled_crms.clear();
}

void Engine::Impl::resolve_all(Crm& crm) {
  for (const SeriesId id : crm.series_ids) resolve(series[id], names.name(id));
}

std::vector<std::uint32_t> Engine::Impl::take_dirty() {
  std::vector<std::uint32_t> numbers;
  for (const std::uint32_t number : dirty) {
    if (!crms[number] || !crms[number]->dirty) continue;
    crms[number]->dirty = false;
    numbers.push_back(number);
  }
  dirty.clear();
  return numbers;
}

/// The numbers of the CRMs that need judging, ascending.
std::vector<std::uint32_t> Engine::Impl::take_due() {
  std::vector<std::uint32_t> due = take_dirty();
  for (auto next = deadlines.begin(); next != deadlines.end() && next->first <= now; ++next)
    due.push_back(next->second);
  std::sort(due.begin(), due.end());
  due.erase(std::unique(due.begin(), due.end()), due.end());
  return due;
}

/// Evaluates what was taken and not evaluated yet.
void Engine::Impl::settle() {
  for (const Unsettled& one : unsettled) {
    one.instance->listed = false;
    one.crm->evaluated_at = std::max(one.crm->evaluated_at, one.instance->settle(*one.rule, scratch));
    one.crm->expect(*one.instance, *one.rule);
  }
  unsettled.clear();
}

/// First all states, then what they mean together, then messages: the tenth CRM that fails may show that the cause is
/// not in the CRMs.
void Engine::Impl::judge(std::vector<std::uint32_t> due, Outcome& outcome) {
  for (const std::uint32_t number : due) {
    judge_state(*crms[number], bench(), outcome);
    vendors.enrol(*crms[number]);
  }
  gather_rises(outcome);
  mark_concerned();
  const auto own = static_cast<std::ptrdiff_t>(due.size());
  for (const std::uint32_t number : take_dirty()) {
    if (std::binary_search(due.begin(), due.begin() + own, number)) continue;
    judge_state(*crms[number], bench(), outcome);
    due.push_back(number);
  }
  std::sort(due.begin() + own, due.end());
  std::inplace_merge(due.begin(), due.begin() + own, due.end());
  for (const std::uint32_t number : due) relate(*crms[number]);
  const bool told_of_agents = agents.tell(crms, receivers, settings, muted, now, outcome.messages);
  const bool told_of_vendors = vendors.tell(crms, receivers, settings, muted, now, outcome.messages);
  for (const std::uint32_t number : due) {
    schedule(*crms[number], judge_messages(*crms[number], bench(), outcome));
    outcome.touched.push_back(crms[number]->name);
  }
  const bool opened = storms.fold(receivers, settings, now, outcome.messages);
  for (const Message& message : outcome.messages) {
    if (message.type != Event::digest) continue;
    for (const std::string& crm : message.counted) note_digest(*by_name.find(crm)->second, message.receiver);
  }
  outcome.shared =
      std::exchange(shared_changed, false) || told_of_agents || told_of_vendors || opened || outcome.shared;
}

/// What a digest opened gets worse together, too.
void Engine::Impl::gather_rises(const Outcome& outcome) {
  for (const StateChange& change : outcome.changes) {
    if (change.status.state <= change.previous) continue;
    const auto known = by_name.find(change.status.crm);
    if (known == by_name.end()) continue;
    const std::vector<NotificationState>& told = known->second->told;
    for (std::size_t i = 0; i < told.size(); ++i) {
      if (told[i].by_digest && told[i].level > Level::healthy) storms.rise(i, now);
    }
  }
}

/// Marks the CRMs of agents and vendors about which something changed.
void Engine::Impl::mark_concerned() {
  const std::vector<AgentWatch::Place> places = agents.update(settings, now);
  const std::vector<std::string> kinds = vendors.update(crms, settings, now);
  shared_changed = shared_changed || !places.empty() || !kinds.empty();
  if (places.empty() && kinds.empty()) return;
  for (const auto& crm : crms) {
    if (!crm) continue;
    const bool by_agent = std::any_of(crm->feeders.begin(), crm->feeders.end(), [&](const ReportingAgent& feeder) {
      return std::find(places.begin(), places.end(), feeder.place) != places.end();
    });
    if (by_agent || std::find(kinds.begin(), kinds.end(), crm->kind) != kinds.end()) mark(*crm);
  }
}

/// What agents and the vendor have to do with the CRM as it is now.
void Engine::Impl::relate(Crm& crm) {
  const bool lost = agents.lost(crm);
  const bool out = vendors.inhibits(crm);
  if (std::exchange(crm.agents_lost, lost) != lost) {
    agents.look();
    // The latch of missing data needs two good evaluations before it goes.
    if (!lost) crm.missing_from = now + std::max(settings.settle, 3 * slowest_latched(crm));
  }
  if (std::exchange(crm.vendor_out, out) && !out) crm.suppression_ended = now;
  crm.agent_doubt = silent_reason(crm) == "no_data" ? std::max(agents.doubt(crm, settings), crm.missing_from) : kUnset;
  crm.vendor_doubt = vendors.doubt(crm, settings.vendor_outage);
}

Instance::Intake Engine::Impl::take(const SeriesTarget& feed, TimePoint at, std::uint32_t tag, double value,
                                    const Previous& previous) {
  const Rule& rule = *feed.rule;
  if (feed.kind == SeriesTarget::Kind::value)
    return feed.instance->take(rule, feed.view, at, tag, value, previous, now, scratch);
  if (feed.kind == SeriesTarget::Kind::error) {
    // What failed never came to an end: longer than any target.
    if (value >= 1) return {};
    return feed.instance->take(rule, feed.view, at, tag, std::numeric_limits<double>::infinity(),
                               {previous.at, std::numeric_limits<double>::quiet_NaN()}, now, scratch);
  }
  const Slot& slot = feed.state->slots[feed.slot];
  if (!slot.known) {
    feed.instance->waiting = {true, feed.view, tag, feed.slot, at, value};
    return {};
  }
  feed.instance->waiting.set = false;
  return feed.instance->take(rule, feed.view, at, tag, value / slot.value, {previous.at, previous.value / slot.value},
                             now, scratch);
}

/// A divisor came. Samples that waited for the first one are taken with it.
void Engine::Impl::divide(const SeriesTarget& feed, Crm& crm, double divisor) {
  Slot& slot = feed.state->slots[feed.slot];
  slot.value = divisor;
  const bool was_known = std::exchange(slot.known, divisor > 0 && divisor >= feed.rule->measure.per->least);
  if (was_known || !slot.known) return;
  for (const auto& instance : feed.state->instances) {
    auto& waiting = instance->waiting;
    if (!waiting.set || waiting.slot != feed.slot) continue;
    waiting.set = false;
    const Instance::Intake intake =
        instance->take(*feed.rule, waiting.view, waiting.at, waiting.tag, waiting.value / divisor, {}, now, scratch);
    note(intake, crm, *feed.rule, *instance);
  }
}

void Engine::Impl::note(const Instance::Intake& intake, Crm& crm, const Rule& rule, Instance& instance) {
  crm.evaluated_at = std::max(crm.evaluated_at, intake.evaluated);
  crm.expect(instance, rule);
  if (instance.pending.set && !std::exchange(instance.listed, true)) unsettled.push_back({&crm, &rule, &instance});
}

/// A success ends what the operation failed by before, whoever remembers it: a sample of it says so.
void Engine::Impl::follow_exchange(Series& from, TimePoint at, double value) {
  Crm& crm = *from.crm;
  if (!from.tells_success) {
    if (value >= 1) crm.exchanges[from.exchange].failed = true;
    return;
  }
  if (value < 1 || !crm.exchanges[from.exchange].failed) return;
  crm.exchanges[from.exchange].failed = false;
  for (const std::uint32_t id : crm.exchanges[from.exchange].failures) {
    Series& failure = series[id];
    if (failure.crm != &crm || failure.feeds.empty()) continue;
    const SeriesMemory& memory = crm.series[failure.tag];
    if (memory.value < 1) continue;
    if (at > memory.newest)
      fold(failure, at, 0);
    else
      crm.exchanges[from.exchange].failed = true;
  }
}

void Engine::Impl::take_pace(const Series& from, TimePoint at, double value) {
  if (from.pace == Series::Pace::stretch)
    from.crm->paces.take_stretch(from.agent, at, value);
  else
    from.crm->paces.take_pause(from.agent, at, value);
  if (from.crm->follow_pace()) mark(*from.crm);
}

void Engine::Impl::take_hours(const Series& from, TimePoint at, double value) {
  Crm& crm = *from.crm;
  const std::string_view agent =
      from.feeder < crm.feeders.size() ? std::string_view{crm.feeders[from.feeder].agent} : std::string_view{};
  if (!(value > 0) || !crm.hours.declare(declared[from.declares], agent, at)) return;
  crm.follow_hours();
  mark(crm);
}

/// What shows that the CRM is used: hours are learned from it.
void Engine::Impl::take_activity(const Series& from, TimePoint at, double value) {
  constexpr Duration kHalfPeriod = std::chrono::minutes{30};
  Crm& crm = *from.crm;
  LearnedHours& learned = crm.hours.learned;
  if (learned.begin(at)) crm.hours.look_at = kUnset;
  if (at >= crm.hours.look_at && crm.hours.look(crm.heard_at(), std::max(at, now))) crm.follow_hours();
  if (from.activity == Series::Activity::logins) {
    if (value > 0) learned.mark(at - kHalfPeriod);
    return;
  }
  const TimePoint changed = from_unix_millis(static_cast<std::int64_t>(std::clamp(value, 0.0, 1e11) * 1000));
  if (changed <= at) learned.mark(changed);
}

SampleVerdict Engine::Impl::fold(Series& from, TimePoint at, double value) {
  Crm& crm = *from.crm;
  if (from.feeder < crm.feeders.size()) {
    crm.feeders[from.feeder].newest = now;
  } else {
    crm.unnamed = now;
  }
  if (from.declares != Series::kDeclaresNothing) take_hours(from, at, value);
  if (from.activity != Series::Activity::none) take_activity(from, at, value);
  if (from.names && from.feeder < crm.feeders.size())
    crm.feeders[from.feeder].named = std::max(crm.feeders[from.feeder].named, at);
  if (from.exchange < crm.exchanges.size()) follow_exchange(from, at, value);
  if (from.pace != Series::Pace::none) take_pace(from, at, value);
  if (from.reading < crm.vendor.size()) {
    crm.take_vendor(from.reading, at, value);
    mark(crm);
  }
  if (from.feeds.empty()) return SampleVerdict::accepted;
  SeriesMemory& memory = crm.series[from.tag];
  if (at == memory.newest) return SampleVerdict::duplicate;
  const Previous previous{memory.newest, memory.value};
  const bool newest = at > memory.newest;
  if (newest) memory.advance(at, value, crm.pace.stretch);
  bool accepted = false;
  bool duplicate = false;
  for (const SeriesTarget& feed : from.feeds) {
    if (feed.kind == SeriesTarget::Kind::divisor) {
      if (newest) divide(feed, crm, value);
      accepted = accepted || newest;
      continue;
    }
    if (newest) feed.instance->learn(memory, from.tag);
    const Instance::Intake intake = take(feed, at, from.tag, value, previous);
    accepted = accepted || intake.put == Window::Put::stored;
    duplicate = duplicate || intake.put == Window::Put::duplicate;
    note(intake, crm, *feed.rule, *feed.instance);
  }
  mark(crm);
  if (accepted) return SampleVerdict::accepted;
  return duplicate ? SampleVerdict::duplicate : SampleVerdict::late;
}

}  // namespace crmpulse::rules
