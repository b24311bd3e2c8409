#pragma once
// What can be wrong with crmpulse itself, and the message about it. The names are those of the field `reason` of
// messages, of /api/v1/troubles and of the label `kind` of /metrics.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "collector/message/message.h"

namespace crmpulse::collector {

enum class TroubleKind : std::uint8_t {
  disk = 0,              ///< states and messages cannot be stored
  damaged = 1,           ///< something that was stored was damaged and set aside
  samples_left_out = 2,  ///< senders bring more than the limits allow
  tokens = 3,            ///< they cannot be read
  receiver = 4,          ///< one cannot be reached; the subject is its name
  certificate = 5,       ///< ends soon
  token = 6,             ///< ends soon; the subject is its name
  collector_clock = 7,   ///< is off from those of all agents
  // The subject is the agent's name.
  agent_clock = 8,
  agent_refused = 9,
  agent_dropped = 10,  ///< it dropped samples
  agent_damaged = 11,  ///< its spool was damaged and set aside
  // Of the collector again.
  renewal = 12,   ///< its certificate cannot be renewed
  authority = 13  ///< of its certificate; ends within months
};
[[nodiscard]] constexpr TroubleKind last(TroubleKind) {
  return TroubleKind::authority;
}
inline constexpr std::size_t kTroubleKinds = static_cast<std::size_t>(last(TroubleKind{})) + 1;

[[nodiscard]] std::string_view to_string(TroubleKind kind);
[[nodiscard]] std::optional<TroubleKind> trouble_from(std::string_view name);

struct Trouble {
  TroubleKind kind = TroubleKind::disk;
  std::string subject;  ///< of the kinds that have one; empty: of several, which are in `detail`
  std::string detail;   ///< a number, a time, or names; may be empty
};
[[nodiscard]] bool is_of_agent(TroubleKind kind);

/// Returns `collector.trouble`, `agent.trouble`, or, if it is over, `….recovered`.
[[nodiscard]] Message trouble_message(const Trouble& trouble, bool over, TimePoint since, Language language,
                                      TimePoint at);

}  // namespace crmpulse::collector
