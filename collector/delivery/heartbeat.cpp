#include "collector/delivery/heartbeat.h"

#include <algorithm>

#include "collector/message/compose.h"
#include "collector/message/stored.h"
#include "core/log.h"

namespace crmpulse::collector {
namespace {

constexpr Duration kOldestUnheard{std::chrono::minutes{5}};
/// Enough to see in the list of deliveries that it beats.
constexpr int kKept = 60;
constexpr const char* kSubject = "heartbeat";

store::OutboxRow heartbeat_row(const std::string& receiver, TimePoint now) {
  store::OutboxRow row;
  row.receiver = receiver;
  row.dedup_key = kSubject;
  row.seq = unix_millis(now);
  row.id = message_id(now, receiver, row.dedup_key, row.seq);
  row.event = Event::heartbeat;
  row.body = stored_message(heartbeat_message(now));
  row.created = row.not_before = now;
  return row;
}

}  // namespace

void Heartbeat::tick(const Settings& settings) {
  CRMPULSE_ON_LOOP(loop_);
  const TimePoint now = clocks_.engine.now();
  if (settings.heartbeat.receiver.empty() || now - last_ < settings.heartbeat.interval) return;
  last_ = now;
  const std::uint64_t steps = engine_.stats().steps;
  const bool advanced = steps > steps_;
  steps_ = steps;
  if (!advanced) return hold("the rules are not evaluated");
  if (engine_.write_queue().stats().failing) return hold("the disk refuses writes");
  beat(settings, now);
}

void Heartbeat::beat(const Settings& settings, TimePoint now) {
  std::vector<std::string> receivers;
  for (const ReceiverSettings& receiver : settings.receivers) {
    if (!receiver.heartbeat) receivers.push_back(receiver.name);
  }
  auto beat = std::make_shared<store::OutboxRow>(heartbeat_row(settings.heartbeat.receiver, now));
  auto unheard = std::make_shared<bool>(false);
  const auto job = [beat, unheard, receivers = std::move(receivers)](store::Database& database) -> Result<void> {
    store::OutboxRow& row = *beat;
    const auto waits = store::waits_unheard(database, receivers, row.created - kOldestUnheard);
    if (!waits) return waits.error();
    *unheard = *waits;
    if (*unheard) return {};
    if (auto forgotten = store::forget_finished(database, row.receiver, row.dedup_key, kKept); !forgotten)
      return forgotten;
    // Ascending also behind a clock that was ahead.
    const auto last = store::newest_seq(database, row.dedup_key);
    if (!last) return last.error();
    row.seq = std::max(row.seq, *last + 1);
    row.id = message_id(row.created, row.receiver, row.dedup_key, row.seq);
    return store::enqueue(database, row);
  };
  const auto done = [this, beat, unheard](const Result<void>& result) {
    loop_.post([this, beat, unheard, good = result.has_value()] {
      if (!good) return hold("the disk refuses writes");
      if (*unheard) return hold("a message waits that no receiver has received");
      sent(*beat);
    });
  };
  if (!writer_.submit(job, done)) hold("the disk cannot keep up");
}

void Heartbeat::hold(std::string_view why) {
  if (!stats_.held) log::error("the heartbeat is held back", {{"why", std::string{why}}});
  stats_.held = true;
}

void Heartbeat::sent(const store::OutboxRow& row) {
  if (stats_.held) log::info("the heartbeat is sent again");
  stats_.held = false;
  ++stats_.sent;
  notifier_.wake({row});
}

}  // namespace crmpulse::collector
