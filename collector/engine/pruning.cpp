#include "collector/engine/pruning.h"

#include <algorithm>
#include <limits>

#include "collector/engine/stored_meta.h"
#include "core/log.h"
#include "store/history/history.h"
#include "store/history/states.h"

namespace crmpulse::collector {
namespace {

constexpr Duration kKeepDeliveries{std::chrono::hours{24 * 30}};
constexpr std::int64_t kMaxOutboxRows = 100'000;
constexpr int kPruneRows = 5'000;
constexpr int kPruneIncidents = 100;

Result<void> delete_old(store::Database& database, const RetentionSettings& retention, TimePoint now) {
  const auto folded = stored_number(database, "folded_seq");
  if (!folded) return folded.error();
  // What is in no block yet waits for the history, unless the journal grows over its bound.
  const auto built = store::history_seq(database);
  if (!built) return built.error();
  auto pruned = store::prune_journal(database, now - retention.samples, std::numeric_limits<std::int64_t>::max(),
                                     std::min(*folded, *built), kPruneRows);
  if (!pruned) return pruned.error();
  pruned = store::prune_journal(database, TimePoint::min(), retention.journal_max, *folded, kPruneRows);
  if (!pruned) return pruned.error();
  const auto dropped = store::prune_outbox(database, now - kKeepDeliveries, kMaxOutboxRows);
  if (!dropped) return dropped.error();
  if (*dropped > 0) log::warning("messages dropped: the outbox is full", {{"messages", std::to_string(*dropped)}});
  const TimePoint states_before = now - retention.states;
  if (auto gone = store::prune_incidents(database, states_before, kPruneIncidents); !gone) return gone;
  if (const auto gone = store::prune_states(database, states_before, kPruneRows); !gone) return gone.error();
  if (auto gone = store::prune_suppressions(database, states_before); !gone) return gone;
  return store::prune_changes(database, states_before);
}

}  // namespace

void prune(store::Writer& writer, const RetentionSettings& retention, TimePoint now) {
  const bool queued =
      writer.submit([retention, now](store::Database& database) { return delete_old(database, retention, now); },
                    [](const Result<void>& result) {
                      if (!result) log::warning("old records cannot be deleted", {{"why", result.error().message}});
                    });
  if (!queued) log::debug("no room to delete old records now");
}

}  // namespace crmpulse::collector
