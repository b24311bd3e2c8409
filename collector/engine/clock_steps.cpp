// EngineLoop: clocks that were wrong. What is remembered moves with them, so that what was so long ago stays so long
// ago.

#include <fmt/format.h>

#include <algorithm>

#include "collector/engine/engine_loop.h"
#include "collector/message/compose.h"
#include "collector/message/stored.h"
#include "collector/suppression/text.h"
#include "core/log.h"

namespace crmpulse::collector {
namespace {

constexpr Duration kDay{std::chrono::hours{24}};
/// Machines without a clock of their own are put right by the network soon after their start.
constexpr Duration kTellAfter{std::chrono::seconds{30}};
constexpr Duration kWorthTelling{std::chrono::minutes{1}};
constexpr Duration kTrustAfter{std::chrono::minutes{15}};

Result<std::optional<TimePoint>> stored_time(store::Database& database, const std::string& name) {
  auto text = store::get_meta(database, name);
  if (!text) return text.error();
  if (!*text) return std::optional<TimePoint>{};
  const auto time = parse_time(**text);
  return time ? std::optional{*time} : std::nullopt;
}

std::string seconds_text(Duration by) {
  return fmt::format("{:.0f}", to_seconds(by));
}

void move(std::initializer_list<TimePoint*> times, Duration by) {
  for (TimePoint* time : times) {
    if (*time != TimePoint{}) *time += by;
  }
}

}  // namespace

Result<void> EngineLoop::rebase(store::Database& database) {
  const TimePoint at = now();
  begun_ = at;
  const auto tick = stored_time(database, "last_tick");
  if (!tick) return tick.error();
  const auto received = store::newest_received(database, samples_.folded_seq());
  if (!received) return received.error();
  const TimePoint newest = std::max(tick->value_or(TimePoint{}), received->value_or(TimePoint{}));
  if (auto done = load_retention(database, newest); !done) return done;
  if (newest <= at + kLeastStep) return {};
  rebase_ = at - newest;
  stats_.stored_ahead = untold_ = newest - at;
  tell_at_ = at + kTellAfter;
  forget_future_at_ = at + kTrustAfter;
  log::error("the stored state is later than the clock; its times are moved back",
             {{"ahead_seconds", seconds_text(stats_.stored_ahead)},
              {"newest", format_time(newest)},
              {"clock", format_time(at)}});
  samples_.changes().not_after(at);
  if (auto done = store::shift_outbox(database, rebase_, at); !done) return done;
  if (tick->value_or(TimePoint{}) <= at + kLeastStep) return {};  // only the end of the journal is
  samples_.engine().shift(rebase_);
  samples_.series().shift(rebase_);
  samples_.crms().shift(rebase_);
  incidents_.shift(rebase_);
  return {};
}

RecordStamp EngineLoop::stamp_of(const store::JournalRecord& record) const {
  RecordStamp stamp{record.seq, record.received, record.skew};
  if (rebase_ == Duration{} || record.received <= begun_ + kLeastStep) return stamp;
  stamp.received += rebase_;
  stamp.skew += rebase_;
  return stamp;
}

Result<void> EngineLoop::load_retention(store::Database& database, TimePoint newest) {
  const auto kept = stored_time(database, "retention_tick");
  if (!kept) return kept.error();
  const auto until = stored_time(database, "retention_held_until");
  if (!until) return until.error();
  // Held before the stop: it goes on, as long as it would have.
  const TimePoint last = *until && *kept ? **kept : newest;
  if (last == TimePoint{}) return {};
  hold_retention(now() - last);
  if (held_ > Duration{} && *until && **until > now()) held_until_ = std::min(held_until_, **until);
  return {};
}

void EngineLoop::hold_retention(Duration ahead) {
  if (ahead > kDay) {
    held_ += ahead;
    held_until_ = now() + kDay;
    log::error("the clock is more than a day ahead of all known data; nothing is deleted for its age during a day",
               {{"ahead_seconds", seconds_text(ahead)}, {"until", format_time(held_until_)}});
  } else if (ahead < Duration{}) {
    held_ = std::max(Duration{}, held_ + ahead);
  }
}

void EngineLoop::clock_stepped(Duration by) {
  const TimePoint at = now();
  ++stats_.clock_steps;
  log::warning("the wall clock was set; times follow it", {{"by_seconds", seconds_text(by)}, {"now", format_time(at)}});
  samples_.engine().shift(by);
  samples_.series().shift(by);
  samples_.crms().shift(by);
  if (by < Duration{}) samples_.changes().not_after(at);
  incidents_.shift(by);
  agents_.shift(by);
  write_queue_.shift(by);
  std::vector<store::StoredSuppression> moved;
  for (const Suppression& suppression : operations_.shift(by, begun_)) moved.push_back(to_stored(suppression));
  reload_suppressions(std::move(moved), by);
  move({&last_tick_, &last_snapshot_, &last_values_, &last_prune_, &begun_, &tell_at_, &held_until_}, by);
  forget_future_at_ = at + kTrustAfter;
  hold_retention(by);
  untold_ = tell_at_ == TimePoint{} ? Duration{} : untold_ - by;
  round_ = Round{};
  step_at(at);
  // A restart must not meet states of both clocks.
  for (CrmFacts& facts : samples_.crms().all()) facts.dirty = true;
  write_queue_.add(dirty_states(false));
}

/// A clock that was far ahead may have taken ones for over that hold again.
void EngineLoop::reload_suppressions(std::vector<store::StoredSuppression> moved, Duration by) {
  auto stored = std::make_shared<std::vector<store::StoredSuppression>>();
  const bool queued = writer_.submit(
      [stored, moved = std::move(moved), by, at = now()](store::Database& database) -> Result<void> {
        if (auto done = store::shift_outbox(database, by, at); !done) return done;
        for (const store::StoredSuppression& one : moved) {
          if (auto done = store::move_suppression(database, one); !done) return done;
        }
        auto found = store::list_suppressions(database, std::nullopt, at - Operations::kRemember, 1'000'000);
        if (!found) return found.error();
        *stored = std::move(*found);
        return {};
      },
      [this, stored](const Result<void>& result) {
        if (!result)
          return log::error("the times of waiting messages could not be corrected", {{"why", result.error().message}});
        loop_.post([this, stored] {
          for (const store::StoredSuppression& row : *stored) {
            if (operations_.find(row.id) != nullptr) continue;
            if (auto suppression = from_stored(row)) operations_.add(std::move(*suppression));
          }
          step();
        });
      });
  if (!queued)
    log::error("the times of waiting messages could not be corrected",
               {{"why", "more is arriving than the disk takes"}});
}

/// Once a second: what was put off until the clock could be trusted.
void EngineLoop::follow_clock() {
  const TimePoint at = now();
  if (tell_at_ != TimePoint{} && at >= tell_at_) tell_rebased();
  if (forget_future_at_ != TimePoint{} && at >= forget_future_at_) {
    forget_future_at_ = {};
    for (CrmFacts& facts : samples_.crms().all()) facts.slo.forget_after(at);
  }
  if (held_ > Duration{} && at >= held_until_) {
    held_ = {};
    log::warning("data that is too old is deleted again");
  }
}

void EngineLoop::tell_rebased() {
  tell_at_ = {};
  if (std::exchange(untold_, {}) < kWorthTelling || configuration_->settings.mute) return;
  const TimePoint at = now();
  WriteSet changes;
  for (const ReceiverSettings& receiver : configuration_->settings.receivers) {
    if (receiver.heartbeat) continue;
    store::OutboxRow& row = changes.messages.emplace_back();
    row.receiver = receiver.name;
    row.dedup_key = "clock/collector";
    row.seq = unix_millis(at);
    row.id = message_id(at, row.receiver, row.dedup_key, row.seq);
    row.event = Event::collector_trouble;
    row.created = row.not_before = at;
    row.body = stored_message(clock_message(stats_.stored_ahead, receiver.language, at));
  }
  write_queue_.add(std::move(changes));
}

}  // namespace crmpulse::collector
