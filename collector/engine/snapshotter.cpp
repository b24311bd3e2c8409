#include "collector/engine/snapshotter.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "collector/engine/stored_meta.h"
#include "collector/state/snapshot.h"

namespace crmpulse::collector {
namespace {

constexpr Duration kRoundEvery{std::chrono::seconds{15}};
/// Of snapshots on the average: many CRMs with long windows are written down less often.
constexpr std::uint64_t kSnapshotBytesASecond = 8 * 1024 * 1024;
/// A CRM takes about 50 µs: a step stays short beside the request it serves, a tick is not waited for.
constexpr std::size_t kCrmsAStep = 20;
constexpr std::size_t kCrmsATick = 500;
constexpr Duration kValuesEvery{std::chrono::minutes{5}};
constexpr std::size_t kValuesAPart = 20'000;  ///< some ten milliseconds

/// Where a part of the last values is stored.
std::string values_name(std::size_t part) {
  return part == 0 ? "last_values" : fmt::format("last_values_{}", part);
}

}  // namespace

void Snapshotter::begin() {
  last_round_ = state_.now();
  round_ = Round{{}, 0, state_.samples.folded_seq(), 0, true};
  const auto& all = state_.crms().all();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].dirty) round_.crms.push_back(static_cast<std::uint32_t>(i));
  }
  write_slice(kCrmsATick);
}

void Snapshotter::step() {
  if (round_.under_way) write_slice(kCrmsAStep);
}

void Snapshotter::tick(TimePoint now) {
  if (now - last_values_ >= kValuesEvery) {
    last_values_ = now;
    next_values_ = 0;
  }
  if (next_values_ != kNoValues) {
    WriteSet changes;
    add_values(changes);
    queue_.add(std::move(changes));
  }
  const Duration pause{static_cast<Duration::rep>(round_.bytes * 1000 / kSnapshotBytesASecond)};
  if (round_.under_way) {
    write_slice(kCrmsATick);
  } else if (now - last_round_ >= std::max(kRoundEvery, pause)) {
    begin();
  }
}

void Snapshotter::write_slice(std::size_t crms) {
  WriteSet changes;
  for (; crms > 0 && round_.next < round_.crms.size(); --crms) {
    CrmFacts& facts = state_.crms()[round_.crms[round_.next++]];
    if (!std::exchange(facts.dirty, false) || !state_.rules().watches(facts.crm)) continue;
    recorder_.add_crm(changes, facts.crm, state_.now());
    if (const auto state = changes.states.find(facts.crm); state != changes.states.end())
      round_.bytes += state->second.blob.size();
  }
  if (round_.next == round_.crms.size()) {
    round_.under_way = false;
    add_context(changes, round_.folded_seq);
  }
  queue_.add(std::move(changes));
}

WriteSet Snapshotter::unsaved() {
  WriteSet changes;
  for (CrmFacts& facts : state_.crms().all()) {
    if (!std::exchange(facts.dirty, false)) continue;
    if (state_.rules().watches(facts.crm)) recorder_.add_crm(changes, facts.crm, state_.now());
  }
  add_context(changes, state_.samples.folded_seq());
  return changes;
}

WriteSet Snapshotter::everything() {
  for (CrmFacts& facts : state_.crms().all()) facts.dirty = true;
  return unsaved();
}

WriteSet Snapshotter::last() {
  WriteSet changes = unsaved();
  for (next_values_ = 0; next_values_ != kNoValues;) add_values(changes);
  return changes;
}

/// What belongs to no CRM; with the last slice of a round.
void Snapshotter::add_context(WriteSet& changes, std::int64_t folded_seq) {
  const TimePoint now = state_.now();
  state_.incidents.settle_late(now, state_.settings().time_zone);
  recorder_.add_notes(changes, now);
  changes.meta["folded_seq"] = std::to_string(folded_seq);
  changes.meta["batches"] = state_.agents.save();
  changes.meta[EngineState::kSharedName] = state_.rules().save_shared();
  changes.meta["last_tick"] = format_time(now);
  retention_.save(changes.meta, now);
}

void Snapshotter::add_values(WriteSet& changes) {
  changes.meta[values_name(next_values_ / kValuesAPart)] =
      encode_values(state_.series(), state_.now(), next_values_, kValuesAPart);
  next_values_ += kValuesAPart;
  if (next_values_ >= state_.series().all().size()) next_values_ = kNoValues;
}

void Snapshotter::clock_stepped(Duration by) {
  last_round_ += by;
  last_values_ += by;
  round_ = Round{};
}

Result<void> load_values(store::Database& database, SeriesTable& series) {
  for (std::size_t part = 0;; ++part) {
    const auto values = store::get_meta(database, values_name(part));
    if (!values) return values.error();
    if (!*values) return {};
    const auto intact = intact_meta(database, values_name(part));
    if (!intact) return intact.error();
    if (*intact) decode_values(**intact, series);
  }
}

}  // namespace crmpulse::collector
