#include "rules/engine.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <unordered_map>

#include "rules/agents.h"
#include "rules/binding.h"
#include "rules/crm.h"
#include "rules/judge.h"
#include "rules/storm.h"
#include "rules/vendor.h"

namespace crmpulse::rules {

std::string_view to_string(MessageType type) {
  switch (type) {
    case MessageType::opened: return "incident.opened";
    case MessageType::escalated: return "incident.escalated";
    case MessageType::improved: return "incident.improved";
    case MessageType::reminder: return "incident.reminder";
    case MessageType::resolved: return "incident.resolved";
    case MessageType::flapping: return "incident.flapping";
    case MessageType::flap_ended: return "incident.flap_ended";
    case MessageType::digest: return "digest";
    case MessageType::agent_lost: return "agent.lost";
    case MessageType::agent_returned: return "agent.returned";
    case MessageType::vendor_outage: return "vendor.outage";
    case MessageType::vendor_recovered: return "vendor.recovered";
  }
  return "incident.opened";
}

namespace {

constexpr std::uint32_t kSharedVersion = 1;
constexpr Duration kFuture = std::chrono::minutes{5};

bool measures_duration(std::string_view metric) {
  return metric.ends_with("_seconds") && metric.find("duration") != std::string_view::npos;
}

std::vector<std::shared_ptr<const CompiledRule>> compile(std::vector<Rule> rules) {
  std::vector<std::shared_ptr<const CompiledRule>> compiled;
  for (Rule& rule : rules) compiled.push_back(std::make_shared<const CompiledRule>(std::move(rule)));
  return compiled;
}

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

struct Engine::Impl {
  Settings settings;
  std::vector<std::shared_ptr<const CompiledRule>> rules;
  std::vector<ReceiverSpec> receivers;
  bool muted = false;
  TimePoint now = kUnset;  ///< newest instant heard of; time does not go back

  std::vector<std::unique_ptr<Crm>> crms;  ///< by number; empty places are of removed ones
  std::map<std::string, Crm*, std::less<>> by_name;
  std::vector<Series> series;
  std::unordered_map<std::string, SeriesId> series_by_key;
  std::set<std::pair<TimePoint, std::uint32_t>> deadlines;  ///< one per CRM that has one
  std::vector<std::uint32_t> dirty;
  std::vector<double> scratch;
  bool shared_changed = false;
  std::map<std::string, std::int64_t, std::less<>> retired;  ///< last_seq of removed CRMs
  Storms storms;
  AgentWatch agents;
  VendorWatch vendors;

  void advance(TimePoint to) { now = std::max(now, to); }
  void align(std::vector<ReceiverSpec> next);
  void mark(Crm& crm);
  void mark_all();
  Crm& crm_of(std::string_view name);
  void drop(Crm& crm);
  void schedule(Crm& crm, TimePoint at);
  void attach(SeriesId id);
  void resolve_all(Crm& crm);
  Bench bench() const { return {settings, receivers, storms, muted, now}; }
  std::vector<std::uint32_t> take_due();
  std::vector<std::uint32_t> take_dirty();
  void judge(std::vector<std::uint32_t> due, Outcome& outcome);
  void mark_concerned();
  void relate(Crm& crm);

  Fold fold(Series& series, TimePoint at, double value);
  Instance::Intake take(const Feed& feed, TimePoint at, std::uint32_t tag, double value, const Previous& previous);
  Instance::Intake divide(const Feed& feed, Crm& crm, double divisor);
  void take_pace(const Series& from, TimePoint at, double value);
};

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
  if (const auto before = retired.find(name); before != retired.end()) crm->last_seq = before->second;
  align_receivers(*crm, receivers);
  by_name.emplace(crm->name, crm.get());
  crms.push_back(std::move(crm));
  dirty.reserve(crms.size());
  return *crms.back();
}

void Engine::Impl::drop(Crm& crm) {
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
  const SeriesName name = series_name(*series[id].key);
  Crm& crm = crm_of(name.labels.get("crm"));
  series[id].crm = &crm;
  crm.series_ids.push_back(id);
  agents.look();
  vendors.look();
  const bool relabelled = adopt_labels(crm, name.metric, name.labels);
  if (!std::exchange(crm.known, true) || relabelled) {
    apply_rules(crm, rules, kUnset);
    resolve_all(crm);
  } else {
    resolve(series[id], name);
  }
  mark(crm);
}

void Engine::Impl::resolve_all(Crm& crm) {
  for (const SeriesId id : crm.series_ids) resolve(series[id], series_name(*series[id].key));
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

/// First all states, then what they mean together, then messages: the tenth CRM that fails may tell that it is no
/// matter of CRMs.
void Engine::Impl::judge(std::vector<std::uint32_t> due, Outcome& outcome) {
  for (const std::uint32_t number : due) {
    judge_state(*crms[number], bench(), outcome);
    vendors.enrol(*crms[number]);
  }
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
  outcome.shared = std::exchange(shared_changed, false) || told_of_agents || told_of_vendors || opened;
}

/// Marks the CRMs of agents and vendors about which something changed.
void Engine::Impl::mark_concerned() {
  const std::vector<AgentWatch::Place> places = agents.update(settings, now);
  const std::vector<std::string> kinds = vendors.update(crms, settings, now);
  shared_changed = shared_changed || !places.empty() || !kinds.empty();
  if (places.empty() && kinds.empty()) return;
  for (const auto& crm : crms) {
    if (!crm) continue;
    const bool by_agent = std::any_of(crm->feeders.begin(), crm->feeders.end(), [&](const Feeder& feeder) {
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
  crm.vendor_doubt = vendors.doubt(crm);
}

Instance::Intake Engine::Impl::take(const Feed& feed, TimePoint at, std::uint32_t tag, double value,
                                    const Previous& previous) {
  const Rule& rule = feed.rule->rule();
  if (feed.kind == Feed::Kind::value)
    return feed.instance->take(rule, feed.view, at, tag, value, previous, now, scratch);
  if (feed.kind == Feed::Kind::error) {
    // What failed never came to an end: longer than any target.
    if (value >= 1) return {};
    return feed.instance->take(rule, feed.view, at, tag, std::numeric_limits<double>::infinity(),
                               {previous.at, std::numeric_limits<double>::quiet_NaN()}, now, scratch);
  }
  const RuleState::Slot& slot = feed.rule->slots[feed.slot];
  if (!slot.known) {
    feed.instance->waiting = {true, feed.view, tag, feed.slot, at, value};
    return {};
  }
  feed.instance->waiting.set = false;
  return feed.instance->take(rule, feed.view, at, tag, value / slot.value, {previous.at, previous.value / slot.value},
                             now, scratch);
}

/// A divisor came. Samples that waited for the first one are taken with it.
Instance::Intake Engine::Impl::divide(const Feed& feed, Crm& crm, double divisor) {
  RuleState::Slot& slot = feed.rule->slots[feed.slot];
  slot.value = divisor;
  const bool was_known = std::exchange(slot.known, divisor > 0 && divisor >= feed.rule->rule().measure.per->least);
  if (was_known || !slot.known) return {};
  for (const auto& instance : feed.rule->instances) {
    auto& waiting = instance->waiting;
    if (!waiting.set || waiting.slot != feed.slot) continue;
    waiting.set = false;
    const Instance::Intake intake = instance->take(feed.rule->rule(), waiting.view, waiting.at, waiting.tag,
                                                   waiting.value / divisor, {}, now, scratch);
    if (intake.evaluated) crm.evaluated_at = std::max(crm.evaluated_at, waiting.at);
  }
  return {};
}

void Engine::Impl::take_pace(const Series& from, TimePoint at, double value) {
  if (from.pace == Series::Pace::stretch)
    from.crm->paces.take_stretch(from.agent, at, value);
  else
    from.crm->paces.take_pause(from.agent, at, value);
  if (from.crm->follow_pace()) mark(*from.crm);
}

Fold Engine::Impl::fold(Series& from, TimePoint at, double value) {
  Crm& crm = *from.crm;
  if (from.feeder < crm.feeders.size()) crm.feeders[from.feeder].newest = now;
  if (from.pace != Series::Pace::none) take_pace(from, at, value);
  if (from.reading < crm.vendor.size()) {
    crm.take_vendor(from.reading, at, value);
    mark(crm);
  }
  if (from.feeds.empty()) return Fold::accepted;
  SeriesMemory& memory = crm.series[from.tag];
  if (at == memory.newest) return Fold::duplicate;
  const Previous previous{memory.newest, memory.value};
  const bool newest = at > memory.newest;
  if (newest) memory.advance(at, value, crm.pace.stretch);
  bool accepted = false;
  bool duplicate = false;
  for (const Feed& feed : from.feeds) {
    if (feed.kind == Feed::Kind::divisor) {
      if (newest) divide(feed, crm, value);
      accepted = accepted || newest;
      continue;
    }
    if (newest) feed.instance->learn(memory, from.tag);
    const Instance::Intake intake = take(feed, at, from.tag, value, previous);
    accepted = accepted || intake.put == Window::Put::stored;
    duplicate = duplicate || intake.put == Window::Put::duplicate;
    if (intake.evaluated) crm.evaluated_at = std::max(crm.evaluated_at, at);
  }
  mark(crm);
  if (accepted) return Fold::accepted;
  return duplicate ? Fold::duplicate : Fold::late;
}

Engine::Engine(Ruleset ruleset, std::vector<ReceiverSpec> receivers) : impl_(std::make_unique<Impl>()) {
  impl_->settings = ruleset.settings;
  impl_->rules = compile(std::move(ruleset.rules));
  impl_->align(std::move(receivers));
}
Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

Outcome Engine::reconfigure(Ruleset ruleset, std::vector<ReceiverSpec> receivers, TimePoint now) {
  impl_->advance(now);
  impl_->settings = ruleset.settings;
  impl_->rules = compile(std::move(ruleset.rules));
  impl_->align(std::move(receivers));
  Outcome outcome;
  for (const auto& crm : impl_->crms) {
    if (!crm) continue;
    align_receivers(*crm, impl_->receivers);
    crm->rules_gone = crm->known && apply_rules(*crm, impl_->rules, impl_->now);
    impl_->resolve_all(*crm);
    impl_->mark(*crm);
  }
  impl_->vendors.restarted(kUnset);  // other settings may judge otherwise
  impl_->judge(impl_->take_due(), outcome);
  outcome.shared = true;
  return outcome;
}

Engine::SeriesId Engine::bind(std::string_view metric, const Labels& labels) {
  if (labels.get("crm").empty() && labels.get("agent").empty()) return kNoSeries;
  const auto [place, added] =
      impl_->series_by_key.try_emplace(series_key(metric, labels), static_cast<SeriesId>(impl_->series.size()));
  if (added) {
    Series& fresh = impl_->series.emplace_back();
    fresh.key = &place->first;
    fresh.refuses_negative = measures_duration(metric);
    fresh.of_crm = !labels.get("crm").empty();
    fresh.heartbeat = metric == kHeartbeatMetric;
    fresh.speaker = impl_->agents.place_of(labels.get("agent"));
  }
  const Series& series = impl_->series[place->second];
  if (series.of_crm && series.crm == nullptr) impl_->attach(place->second);
  return place->second;
}

Fold Engine::fold(SeriesId id, TimePoint at, double value, TimePoint now) {
  impl_->advance(now);
  if (id >= impl_->series.size()) return Fold::accepted;
  Series& series = impl_->series[id];
  impl_->agents.hear(series.speaker, series.heartbeat, impl_->now);
  if (!std::isfinite(value) || at < TimePoint{} || (series.refuses_negative && value < 0)) return Fold::invalid;
  if (at > impl_->now + kFuture) return Fold::future;
  if (!series.of_crm) return Fold::accepted;
  if (series.crm == nullptr) impl_->attach(id);
  return impl_->fold(series, at, value);
}

void Engine::hear(SeriesId id, TimePoint now) {
  impl_->advance(now);
  if (id < impl_->series.size()) impl_->agents.hear(impl_->series[id].speaker, impl_->series[id].heartbeat, impl_->now);
}

Outcome Engine::step(TimePoint now) {
  impl_->advance(now);
  Outcome outcome;
  impl_->judge(impl_->take_due(), outcome);
  return outcome;
}

std::optional<TimePoint> Engine::next_deadline() const {
  TimePoint next = std::min(impl_->agents.deadline(), impl_->vendors.deadline());
  if (!impl_->deadlines.empty()) next = std::min(next, impl_->deadlines.begin()->first);
  if (next == kNever) return std::nullopt;
  return next;
}

void Engine::set_maintenance(const std::string& name, bool on, TimePoint now) {
  impl_->advance(now);
  Crm& crm = impl_->crm_of(name);
  if (std::exchange(crm.maintenance, on) && !on) crm.suppression_ended = impl_->now;
  impl_->agents.look();
  impl_->vendors.look();
  impl_->mark(crm);
}

void Engine::set_silence(const std::string& name, bool on, TimePoint now) {
  impl_->advance(now);
  Crm& crm = impl_->crm_of(name);
  crm.silenced = on;
  impl_->agents.look();
  impl_->vendors.look();
  impl_->mark(crm);
}

void Engine::set_inhibited(const std::string& name, bool on, TimePoint now) {
  impl_->advance(now);
  Crm& crm = impl_->crm_of(name);
  if (std::exchange(crm.inhibited, on) && !on) crm.suppression_ended = impl_->now;
  impl_->mark(crm);
}

void Engine::acknowledge(const std::string& name, std::string author, std::optional<TimePoint> until, TimePoint now) {
  impl_->advance(now);
  const auto known = impl_->by_name.find(name);
  if (known == impl_->by_name.end() || known->second->state == Level::healthy) return;
  known->second->ack = Ack{std::move(author), until.value_or(impl_->now + impl_->settings.ack_expiry)};
  impl_->mark(*known->second);
}

void Engine::set_muted(bool kill_switch) {
  impl_->muted = kill_switch;
  impl_->agents.look();
  impl_->vendors.look();
  impl_->mark_all();
}

Outcome Engine::remove(const std::string& name, TimePoint now) {
  impl_->advance(now);
  Outcome outcome;
  const auto known = impl_->by_name.find(name);
  if (known == impl_->by_name.end()) return outcome;
  tell_removed(*known->second, impl_->bench(), outcome);
  outcome.touched.push_back(name);
  impl_->retired[name] = known->second->last_seq;
  outcome.shared = true;
  impl_->drop(*known->second);
  return outcome;
}

std::optional<Engine::Marks> Engine::marks(std::string_view name) const {
  const auto known = impl_->by_name.find(name);
  if (known == impl_->by_name.end() || !known->second->known) return std::nullopt;
  const Crm& crm = *known->second;
  return Marks{crm.labels, crm.maintenance, crm.silenced};
}

std::vector<std::string> Engine::crms() const {
  std::vector<std::string> names;
  for (const auto& [name, crm] : impl_->by_name) {
    if (crm->known) names.push_back(name);
  }
  return names;
}

std::optional<CrmStatus> Engine::status(std::string_view name) const {
  const auto known = impl_->by_name.find(name);
  if (known == impl_->by_name.end() || !known->second->known) return std::nullopt;
  return status_of(*known->second, impl_->now);
}

std::vector<Level> Engine::levels(std::string_view name) const {
  std::vector<Level> levels;
  const auto known = impl_->by_name.find(name);
  if (known == impl_->by_name.end()) return levels;
  levels.reserve(known->second->rules.size());
  for (const auto& state : known->second->rules) {
    const Level least = state->latched() ? Level::sub_healthy : Level::healthy;
    levels.push_back(std::max(state->confirmed(), least));
  }
  return levels;
}

std::string Engine::save(std::string_view name) const {
  const auto known = impl_->by_name.find(name);
  return known == impl_->by_name.end() ? std::string{} : save_crm(*known->second);
}

Result<void> Engine::load(std::string_view name, std::string_view bytes) {
  Crm loaded;
  loaded.name = std::string{name};
  if (const auto result = load_crm(loaded, bytes, impl_->rules); result.has_error()) return result;
  std::vector<SeriesId> bound;
  if (const auto known = impl_->by_name.find(name); known != impl_->by_name.end()) {
    bound = known->second->series_ids;
    impl_->drop(*known->second);
  }
  Crm& crm = impl_->crm_of(name);
  loaded.number = crm.number;
  crm = std::move(loaded);
  for (Feeder& feeder : crm.feeders) feeder.place = impl_->agents.place_of(feeder.agent);
  align_receivers(crm, impl_->receivers);
  for (const SeriesId id : bound) impl_->attach(id);
  impl_->mark(crm);
  return {};
}

std::string Engine::save_shared() const {
  Encoder encoder;
  encoder.u32(kSharedVersion);
  encoder.u32(static_cast<std::uint32_t>(impl_->retired.size()));
  for (const auto& [crm, seq] : impl_->retired) {
    encoder.text(crm);
    encoder.i64(seq);
  }
  impl_->storms.save(encoder);
  impl_->agents.save(encoder);
  impl_->vendors.save(encoder);
  return encoder.take();
}

Result<void> Engine::load_shared(std::string_view bytes) {
  Decoder decoder{bytes};
  if (decoder.u32() != kSharedVersion) return Error{"what was saved of agents and vendors is of another version"};
  std::map<std::string, std::int64_t, std::less<>> retired;
  for (std::uint32_t left = decoder.u32(); left > 0 && decoder.ok(); --left) {
    std::string crm = decoder.text();
    retired.insert_or_assign(std::move(crm), decoder.i64());
  }
  Storms storms;
  AgentWatch agents = impl_->agents;  // CRMs that were loaded before refer to their places
  VendorWatch vendors = impl_->vendors;
  storms.load(decoder);
  agents.load(decoder, impl_->receivers);
  vendors.load(decoder, impl_->receivers);
  if (!decoder.ok() || !decoder.at_end()) return Error{"what was saved of agents and vendors is damaged"};
  storms.align(impl_->receivers);
  impl_->retired = std::move(retired);
  impl_->storms = std::move(storms);
  impl_->agents = std::move(agents);
  impl_->vendors = std::move(vendors);
  return {};
}

void Engine::restarted(TimePoint now) {
  impl_->advance(now);
  impl_->agents.restarted(impl_->now);
  impl_->vendors.restarted(impl_->now);
  for (const auto& crm : impl_->crms) {
    if (!crm) continue;
    crm->grace = impl_->settings.startup_grace;
    for (const auto& state : crm->rules) {
      for (const auto& instance : state->instances) instance->counted_from = instance->refill_from = impl_->now;
    }
    impl_->mark(*crm);
  }
}

}  // namespace crmpulse::rules
