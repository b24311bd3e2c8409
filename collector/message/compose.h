#pragma once
// Composes a message when it is queued, from what the engine decided and what is known of the CRM.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "collector/message/message.h"
#include "collector/state/change_markers.h"
#include "collector/state/crm_registry.h"
#include "config/rules_file.h"
#include "core/words/clock.h"
#include "rules/engine.h"
#include "store/collector/collector_store.h"

namespace crmpulse::collector {

struct MessageContext {
  const config::Remedies& remedies;
  std::string_view external_url = {};  ///< where people reach the collector; empty: no links
  const CrmFacts* facts = nullptr;     ///< null: nothing known beside the status
  std::optional<TimePoint> incident_opened = {};
  const CrmRegistry* book = nullptr;       ///< what else is watched; may be null
  const ChangeMarkers* changes = nullptr;  ///< what changed before it; may be null
};

/// Returns what is told to a receiver and its audience.
[[nodiscard]] Message compose(const rules::Message& message, const Audience& audience, const MessageContext& context);
/// `test` for `test-alert`.
[[nodiscard]] Message test_message(const std::string& receiver, TimePoint at);
/// `heartbeat` for the dead-man's switch.
[[nodiscard]] Message heartbeat_message(TimePoint at);
/// `delivery.dead`: another receiver could not be told what this row says.
[[nodiscard]] Message undelivered_message(const store::OutboxRow& row, TimePoint at);
/// `collector.trouble`: the clock of this start was behind what was stored, by `ahead`; or `collector.recovered`.
[[nodiscard]] Message clock_message(Event event, Duration ahead, Language language, TimePoint at);

/// Returns an id that sorts by time and is the same for the same message however often it is decided.
[[nodiscard]] std::string message_id(TimePoint at, std::string_view receiver, std::string_view key, std::int64_t seq);

}  // namespace crmpulse::collector
