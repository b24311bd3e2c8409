#include "rules/engine.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "rules/engine_impl.h"
#include "rules/legacy/positional.h"

namespace crmpulse::rules {

namespace {

// Tags of what belongs to no CRM.
constexpr std::uint32_t kRetired = 2;
constexpr std::uint32_t kStorms = 3;
constexpr std::uint32_t kAgents = 4;
constexpr std::uint32_t kVendors = 5;

constexpr Duration kLate = std::chrono::minutes{1};  ///< no rule looks back on less
constexpr Duration kFuture = std::chrono::minutes{5};

bool measures_duration(std::string_view metric) {
  return metric.ends_with("_seconds") && metric.find("duration") != std::string_view::npos;
}

constexpr std::string_view kChangeMetric = "crm_last_modified_timestamp_seconds";
constexpr std::string_view kLoginsMetric = "crm_logins";

Series::Activity activity_of(std::string_view metric, const Labels& labels) {
  if (metric == kChangeMetric) return Series::Activity::change;
  return metric == kLoginsMetric && labels.get("period") == "1h" ? Series::Activity::logins : Series::Activity::none;
}

std::vector<std::shared_ptr<const CompiledRule>> compile(std::vector<Rule> rules) {
  std::vector<std::shared_ptr<const CompiledRule>> compiled;
  for (Rule& rule : rules) compiled.push_back(std::make_shared<const CompiledRule>(std::move(rule)));
  return compiled;
}

}  // namespace

Engine::Engine(Ruleset ruleset, std::vector<ReceiverSpec> receivers) : impl_(std::make_unique<Impl>()) {
  impl_->settings = ruleset.settings;
  impl_->rules = compile(std::move(ruleset.rules));
  impl_->hours_book.find_zones_with(std::move(ruleset.find_zone));
  impl_->align(std::move(receivers));
}
Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

Outcome Engine::reconfigure(Ruleset ruleset, std::vector<ReceiverSpec> receivers, TimePoint now) {
  impl_->advance(now);
  impl_->settle();  // by the rules that held for these samples
  impl_->settings = ruleset.settings;
  impl_->rules = compile(std::move(ruleset.rules));
  impl_->hours_book.find_zones_with(std::move(ruleset.find_zone));
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

bool learns_from(std::string_view metric) {
  static constexpr std::array kLearnt{kLabelsMetric,       kFailureMetric, kSuccessMetric, kStretchMetric,
                                      kPauseMetric,        kVendorMetric,  kHoursMetric,   kHeartbeatMetric,
                                      kAnnouncementMetric, kNamingMetric,  kChangeMetric,  kLoginsMetric};
  return std::find(kLearnt.begin(), kLearnt.end(), metric) != kLearnt.end();
}

Engine::SeriesId Engine::bind(std::string_view metric, const Labels& labels) {
  if (labels.get("crm").empty() && labels.get("agent").empty()) return kNoSeries;
  const auto [id, added] = impl_->names.add(metric, labels);
  if (added) {
    Series& fresh = impl_->series.emplace_back();
    fresh.refuses_negative = measures_duration(metric);
    fresh.of_crm = !labels.get("crm").empty();
    fresh.heartbeat = metric == kHeartbeatMetric;
    fresh.activity = activity_of(metric, labels);
    if (fresh.of_crm && metric == kHoursMetric) {
      fresh.declares = static_cast<std::uint32_t>(impl_->declared.size());
      impl_->declared.push_back(impl_->hours_book.hours_of(labels));
    }
    fresh.announces = metric == kAnnouncementMetric && !fresh.of_crm;
    fresh.names = metric == kNamingMetric;
    fresh.speaker = impl_->agents.place_of(labels.get("agent"));
  }
  const Series& series = impl_->series[id];
  if (series.of_crm && series.crm == nullptr) impl_->attach(id);
  return id;
}

SampleVerdict Engine::fold(SeriesId id, TimePoint at, double value, TimePoint now) {
  impl_->advance(now);
  if (id >= impl_->series.size()) return SampleVerdict::accepted;
  Series& series = impl_->series[id];
  impl_->agents.hear(series.speaker, series.heartbeat, impl_->now);
  if (!std::isfinite(value) || at < TimePoint{} || (series.refuses_negative && value < 0))
    return SampleVerdict::invalid;
  if (at > impl_->now + kFuture) return SampleVerdict::future;
  if (series.announces) impl_->agents.announce(series.speaker, at);
  if (!series.of_crm) return SampleVerdict::accepted;
  if (series.crm == nullptr) impl_->attach(id);
  const SampleVerdict taken = impl_->fold(series, at, value);
  // Another agent's sample of the same instant may have been first: that is not too late.
  const bool late = taken == SampleVerdict::late && impl_->now - at > kLate;
  if (!impl_->series[id].feeds.empty() && (late || taken == SampleVerdict::accepted))
    impl_->agents.judged(impl_->series[id].speaker, late, at, impl_->now);
  return taken;
}

void Engine::hear(SeriesId id, TimePoint now) {
  impl_->advance(now);
  if (id < impl_->series.size()) impl_->agents.hear(impl_->series[id].speaker, impl_->series[id].heartbeat, impl_->now);
}

Outcome Engine::step(TimePoint now) {
  impl_->advance(now);
  impl_->settle();
  impl_->follow_labels();
  Outcome outcome;
  impl_->sweep(outcome);
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
  on ? crm.pauses->begin(impl_->now) : crm.pauses->end(impl_->now);
  crm.follow_hours();
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

void Engine::acknowledge(const std::string& name, std::string author, std::optional<TimePoint> until, TimePoint now,
                         std::string from) {
  impl_->advance(now);
  const auto known = impl_->by_name.find(name);
  if (known == impl_->by_name.end() || known->second->state == Level::healthy) return;
  Crm& crm = *known->second;
  crm.ack = Ack{std::move(author), until.value_or(impl_->now + impl_->settings.ack_expiry)};
  crm.ack_news = crm.ack->until > impl_->now;
  crm.ack_from = std::move(from);
  impl_->mark(crm);
}

void Engine::set_hours(const std::string& name, std::optional<ActiveHours> hours, TimePoint now) {
  impl_->advance(now);
  Crm& crm = impl_->crm_of(name);
  crm.hours.declared.reset();
  crm.hours.heard = kUnset;
  if (hours) {
    const HoursText text = text_of(*hours);
    crm.hours.declared = std::make_shared<const DeclaredHours>(DeclaredHours{text, Calendar{std::move(*hours)}});
    crm.hours.heard = kNever;
  }
  crm.follow_hours();
  impl_->mark(crm);
}

void Engine::bound_windows(std::size_t most_entries) {
  impl_->pool->most = most_entries;
}

Engine::WindowUse Engine::window_use() const {
  return {impl_->pool->taken, impl_->pool->refused};
}

std::vector<LostAgent> Engine::lost_agents() const {
  std::vector<LostAgent> lost;
  impl_->agents.each_lost([&](const std::string& name, TimePoint since) { lost.push_back({name, since}); });
  return lost;
}

std::size_t Engine::window_entries(std::string_view crm) const {
  const auto known = impl_->by_name.find(crm);
  return known == impl_->by_name.end() ? 0 : known->second->room->taken();
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
  impl_->remove(*known->second, outcome);
  return outcome;
}

std::optional<Engine::Marks> Engine::marks(std::string_view name) const {
  const auto known = impl_->by_name.find(name);
  if (known == impl_->by_name.end() || !known->second->known) return std::nullopt;
  const Crm& crm = *known->second;
  return Marks{crm.labels, crm.maintenance, crm.silenced};
}

std::optional<Engine::Standing> Engine::standing(std::string_view name) const {
  const auto known = impl_->by_name.find(name);
  if (known == impl_->by_name.end() || !known->second->known) return std::nullopt;
  const Crm& crm = *known->second;
  return Standing{crm.state, data_status(crm, impl_->now), crm.maintenance};
}

bool Engine::may_be_fed_by(std::string_view agent, std::string_view name, TimePoint since) const {
  const auto known = impl_->by_name.find(name);
  if (known == impl_->by_name.end()) return true;
  const Crm& crm = *known->second;
  bool by_others = is_set(crm.unnamed) && crm.unnamed > since;
  for (const ReportingAgent& feeder : crm.feeders) {
    if (feeder.agent == agent && is_set(feeder.newest)) return true;
    by_others = by_others || (is_set(feeder.newest) && feeder.newest > since);
  }
  return !by_others;
}

std::vector<std::string> Engine::crms() const {
  std::vector<std::string> names;
  for (const auto& [name, crm] : impl_->by_name) {
    if (crm->known) names.push_back(name);
  }
  return names;
}

bool Engine::watches(std::string_view name) const {
  const auto known = impl_->by_name.find(name);
  return known != impl_->by_name.end() && known->second->known;
}

std::optional<CrmStatus> Engine::status(std::string_view name) const {
  const auto known = impl_->by_name.find(name);
  if (known == impl_->by_name.end() || !known->second->known) return std::nullopt;
  return status_of(*known->second, impl_->now);
}

void Engine::levels(std::string_view name, std::vector<Level>& out) const {
  out.clear();
  const auto known = impl_->by_name.find(name);
  if (known == impl_->by_name.end()) return;
  for (const auto& state : known->second->rules) {
    const Level least = state->latched() ? Level::sub_healthy : Level::healthy;
    out.push_back(std::max(state->confirmed(), least));
  }
}

std::string Engine::save(std::string_view name) const {
  const auto known = impl_->by_name.find(name);
  return known == impl_->by_name.end() ? std::string{} : save_crm(*known->second);
}

Result<void> Engine::load(std::string_view name, std::string_view bytes) {
  Crm loaded;
  loaded.name = std::string{name};
  if (const auto result = load_crm(loaded, bytes, impl_->rules, impl_->hours_book); result.has_error()) return result;
  std::vector<SeriesId> bound;
  if (const auto known = impl_->by_name.find(name); known != impl_->by_name.end()) {
    bound = known->second->series_ids;
    impl_->drop(*known->second);
  }
  Crm& crm = impl_->crm_of(name);
  loaded.number = crm.number;
  loaded.room = crm.room;
  crm = std::move(loaded);
  for (ReportingAgent& feeder : crm.feeders) feeder.place = impl_->agents.place_of(feeder.agent);
  align_receivers(crm, impl_->receivers);
  for (const SeriesId id : bound) impl_->attach(id);
  impl_->mark(crm);
  return {};
}

void Engine::begin_anew(const std::string& name, std::int64_t last_seq, const std::vector<LastWord>& told) {
  Crm& crm = impl_->crm_of(name);
  crm.last_seq = std::max(crm.last_seq, last_seq);
  for (NotificationState& known : crm.told) {
    known.seq = crm.last_seq;
    const auto word =
        std::find_if(told.begin(), told.end(), [&](const LastWord& one) { return one.receiver == known.receiver; });
    if (word == told.end()) continue;
    known.level = word->level;
    known.last_sent = word->at;
  }
  crm.grace = impl_->settings.startup_grace;
  crm.known = true;
  crm.labels = Labels{{"crm", name}};
  apply_rules(crm, impl_->rules, kUnset);
  impl_->mark(crm);
}

std::string Engine::save_shared() const {
  return write_document([this](FieldWriter& out) {
    out.add(kRetired, impl_->retired);
    out.add(kStorms, impl_->storms);
    out.add(kAgents, impl_->agents);
    out.add(kVendors, impl_->vendors);
  });
}

bool Engine::knows_shared_version(std::string_view bytes) {
  return is_document(bytes) || legacy::known_shared(bytes);
}

Result<void> Engine::load_shared(std::string_view bytes) {
  if (!knows_shared_version(bytes)) return Error{"what was saved of agents and vendors is of another version"};
  std::string translated;
  if (!is_document(bytes)) bytes = translated = legacy::translate_shared(bytes);
  std::map<std::string, std::int64_t, std::less<>> retired;
  AlertGrouper storms;
  AgentWatch agents = impl_->agents;  // CRMs that were loaded before refer to their places
  VendorWatch vendors = impl_->vendors;
  const bool whole = read_document(bytes, [&](FieldReader& in) {
    while (in.next()) {
      if (in.tag() == kRetired) in.read(retired);
      if (in.tag() == kStorms) in.read(storms);
      if (in.tag() == kAgents) in.read(agents);
      if (in.tag() == kVendors) in.read(vendors);
    }
  });
  if (!whole) return Error{"what was saved of agents and vendors is damaged"};
  storms.align(impl_->receivers);
  agents.align(impl_->receivers);
  vendors.align(impl_->receivers);
  impl_->retired = std::move(retired);
  impl_->storms = std::move(storms);
  impl_->agents = std::move(agents);
  impl_->vendors = std::move(vendors);
  return {};
}

void Engine::shift(Duration by) {
  impl_->settle();
  impl_->now = shifted(impl_->now, by);
  impl_->deadlines.clear();
  for (const auto& crm : impl_->crms) {
    if (crm) impl_->vendors.forget(*crm);
  }
  impl_->vendors.shift(by);
  impl_->agents.shift(by);
  impl_->storms.shift(by);
  for (const auto& crm : impl_->crms) {
    if (!crm) continue;
    crm->shift(by);
    crm->scheduled = kNever;
    impl_->vendors.enrol(*crm);
    impl_->mark(*crm);
  }
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
    crm->no_data_from = kUnset;
    impl_->mark(*crm);
  }
}

}  // namespace crmpulse::rules
