#pragma once
// What a message says. Rendered once, when it is enqueued; the receiver signs it when it is sent.

#include <optional>
#include <string>

#include "collector/configuration/configuration.h"
#include "collector/state/change_markers.h"
#include "collector/state/crm_registry.h"
#include "rules/engine.h"

namespace crmpulse::collector {

struct RenderContext {
  const Configuration& configuration;
  const CrmFacts* facts = nullptr;  ///< null: nothing known beside the status
  std::optional<TimePoint> incident_opened;
  const CrmRegistry* book = nullptr;       ///< what else is watched; may be null
  const ChangeMarkers* changes = nullptr;  ///< what changed before it; may be null
};

/// Returns the JSON body of a message (docs/reference.md, "Messages"), with one sentence in both languages beside it.
[[nodiscard]] std::string render_message(const rules::Message& message, Language language,
                                         const RenderContext& context);
/// `test` for `test-alert`.
[[nodiscard]] std::string render_test(const std::string& receiver, TimePoint at);
/// `heartbeat` for the dead-man's switch.
[[nodiscard]] std::string render_heartbeat(TimePoint at);
/// `delivery.dead`: another receiver could not be told something.
[[nodiscard]] std::string render_dead_delivery(const std::string& receiver, std::string_view event,
                                               const std::string& about, const std::string& why, TimePoint at);

/// `collector.trouble`: the clock of this start was behind what was stored, by `ahead`.
[[nodiscard]] std::string render_clock_changed(Duration ahead, Language language, TimePoint at);

/// An id that sorts by time and is the same for the same message however often it is decided.
[[nodiscard]] std::string message_id(TimePoint at, std::string_view receiver, std::string_view key, std::int64_t seq);

}  // namespace crmpulse::collector
