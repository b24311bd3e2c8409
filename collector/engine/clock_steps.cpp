#include "collector/engine/clock_steps.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "collector/engine/stored_meta.h"
#include "collector/message/compose.h"
#include "collector/message/stored.h"
#include "collector/suppression/text.h"
#include "core/log.h"

namespace crmpulse::collector {
namespace {

/// Machines without a clock of their own are put right by the network soon after their start.
constexpr Duration kTellAfter{std::chrono::seconds{30}};
constexpr Duration kWorthTelling{std::chrono::minutes{1}};
constexpr Duration kTrustAfter{std::chrono::minutes{15}};
constexpr const char* kKey = "clock/collector";  ///< of messages

std::string seconds_text(Duration by) {
  return fmt::format("{:.0f}", to_seconds(by));
}

}  // namespace

Result<TimePoint> ClockSteps::newest_known(store::Database& database) {
  const auto tick = stored_time(database, "last_tick");
  if (!tick) return tick.error();
  const auto received = store::newest_received(database, 0);
  if (!received) return received.error();
  return std::max(tick->value_or(TimePoint{}), received->value_or(TimePoint{}));
}

Result<void> ClockSteps::rebase(store::Database& database) {
  const TimePoint at = state_.now();
  begun_ = at;
  const auto tick = stored_time(database, "last_tick");
  if (!tick) return tick.error();
  const auto received = store::newest_received(database, state_.samples.folded_seq());
  if (!received) return received.error();
  const TimePoint newest = std::max(tick->value_or(TimePoint{}), received->value_or(TimePoint{}));
  if (auto done = retention_.load(database, newest, at); !done) return done;
  const auto knows = somebody_knows(database);
  if (!knows) return knows.error();
  if (*knows) over_at_ = at + kTrustAfter;
  if (newest <= at + kLeast) return {};
  rebase_ = at - newest;
  state_.stats.stored_ahead = untold_ = newest - at;
  tell_at_ = at + kTellAfter;
  forget_future_at_ = at + kTrustAfter;
  log::error("the stored state is later than the clock; its times are moved back",
             {{"ahead_seconds", seconds_text(state_.stats.stored_ahead)},
              {"newest", format_time(newest)},
              {"clock", format_time(at)}});
  state_.changes().not_after(at);
  if (auto done = store::shift_outbox(database, rebase_, at); !done) return done;
  if (tick->value_or(TimePoint{}) <= at + kLeast) return {};  // only the end of the journal is
  state_.rules().shift(rebase_);
  state_.series().shift(rebase_);
  state_.crms().shift(rebase_);
  state_.incidents.shift(rebase_);
  return {};
}

RecordStamp ClockSteps::stamp_of(const store::JournalRecord& record) const {
  RecordStamp stamp{record.seq, record.received, record.skew};
  if (rebase_ == Duration{} || record.received <= begun_ + kLeast) return stamp;
  stamp.received += rebase_;
  stamp.skew += rebase_;
  return stamp;
}

void ClockSteps::apply(Duration by, std::function<void()> reloaded) {
  const TimePoint at = state_.now();
  ++state_.stats.clock_steps;
  log::warning("the wall clock was set; times follow it", {{"by_seconds", seconds_text(by)}, {"now", format_time(at)}});
  state_.rules().shift(by);
  state_.series().shift(by);
  state_.crms().shift(by);
  if (by < Duration{}) state_.changes().not_after(at);
  state_.incidents.shift(by);
  state_.agents.shift(by);
  queue_.shift(by);
  std::vector<store::StoredSuppression> moved;
  for (const Suppression& suppression : state_.operations.shift(by, begun_)) moved.push_back(to_stored(suppression));
  reload_suppressions(std::move(moved), by, std::move(reloaded));
  begun_ += by;
  if (tell_at_ != TimePoint{}) tell_at_ += by;
  if (over_at_ != TimePoint{}) over_at_ = at + kTrustAfter;
  forget_future_at_ = at + kTrustAfter;
  retention_.clock_stepped(by, at);
  untold_ = tell_at_ == TimePoint{} ? Duration{} : untold_ - by;
}

/// A clock that was far ahead may have taken ones for over that hold again.
void ClockSteps::reload_suppressions(std::vector<store::StoredSuppression> moved, Duration by,
                                     std::function<void()> reloaded) {
  auto stored = std::make_shared<std::vector<store::StoredSuppression>>();
  const bool queued = writer_.submit(
      [stored, moved = std::move(moved), by, at = state_.now()](store::Database& database) -> Result<void> {
        if (auto done = store::shift_outbox(database, by, at); !done) return done;
        for (const store::StoredSuppression& one : moved) {
          if (auto done = store::move_suppression(database, one); !done) return done;
        }
        auto found = store::list_suppressions(database, std::nullopt, at - Operations::kRemember, 1'000'000);
        if (!found) return found.error();
        *stored = std::move(*found);
        return {};
      },
      [this, stored, reloaded = std::move(reloaded)](const Result<void>& result) {
        if (!result)
          return log::error("the times of waiting messages could not be corrected", {{"why", result.error().message}});
        loop_.post([this, stored, reloaded] {
          for (const store::StoredSuppression& row : *stored) {
            if (state_.operations.find(row.id) != nullptr) continue;
            if (auto suppression = from_stored(row)) state_.operations.add(std::move(*suppression));
          }
          reloaded();
        });
      });
  if (!queued)
    log::error("the times of waiting messages could not be corrected",
               {{"why", "more is arriving than the disk takes"}});
}

void ClockSteps::tick() {
  const TimePoint at = state_.now();
  if (tell_at_ != TimePoint{} && at >= tell_at_) tell_rebased();
  if (over_at_ != TimePoint{} && at >= over_at_) tell_over();
  if (forget_future_at_ != TimePoint{} && at >= forget_future_at_) {
    forget_future_at_ = {};
    for (CrmFacts& facts : state_.crms().all()) facts.slo.forget_after(at);
  }
  retention_.tick(at);
}

/// Of an earlier start, too: nothing else ends what they were told.
Result<bool> ClockSteps::somebody_knows(store::Database& database) const {
  for (const ReceiverSettings& receiver : state_.settings().receivers) {
    const auto rows = store::newest_messages(database, receiver.name);
    if (!rows) return rows.error();
    for (const store::OutboxRow& row : *rows) {
      if (row.dedup_key == kKey && row.event == Event::collector_trouble) return true;
    }
  }
  return false;
}

void ClockSteps::tell_rebased() {
  tell_at_ = {};
  if (std::exchange(untold_, {}) < kWorthTelling || state_.settings().mute) return;
  over_at_ = state_.now() + kTrustAfter;
  tell(Event::collector_trouble);
}

void ClockSteps::tell_over() {
  if (state_.settings().mute) return;
  over_at_ = {};
  tell(Event::collector_recovered);
}

void ClockSteps::tell(Event event) {
  const TimePoint at = state_.now();
  WriteSet changes;
  for (const ReceiverSettings& receiver : state_.settings().receivers) {
    if (receiver.heartbeat) continue;
    store::OutboxRow& row = changes.messages.emplace_back();
    row.receiver = receiver.name;
    row.dedup_key = kKey;
    row.seq = unix_millis(at);
    row.id = message_id(at, row.receiver, row.dedup_key, row.seq);
    row.event = event;
    row.created = row.not_before = at;
    row.body = stored_message(clock_message(event, state_.stats.stored_ahead, receiver.language, at));
  }
  queue_.add(std::move(changes));
}

}  // namespace crmpulse::collector
