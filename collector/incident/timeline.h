#pragma once
// The lines of an incident's timeline as JSON: `at`, `type`, what that type needs, and `text` for people.

#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "collector/incident/store.h"
#include "collector/state/change_markers.h"
#include "collector/state/sample_sink.h"
#include "collector/suppression/operations.h"
#include "core/evidence.h"
#include "core/words/clock.h"
#include "rules/engine.h"

namespace crmpulse::collector {

[[nodiscard]] boost::json::object state_line(const rules::CrmStatus& status, std::string_view previous, TimePoint at);
[[nodiscard]] boost::json::object resolved_line(TimePoint at);
/// What somebody wrote down about an incident; `text` may have several lines.
struct Note {
  std::string id;
  std::string author;
  std::string text;
  TimePoint at;
};
[[nodiscard]] boost::json::object note_line(const Note& note);
[[nodiscard]] boost::json::object dimension_line(const rules::RuleStatus& rule, Level previous, TimePoint at);
/// A message that waits in the outbox; what became of it is put into words when the timeline is read.
[[nodiscard]] boost::json::object message_line(const rules::Message& message, std::string_view delivery);
[[nodiscard]] boost::json::object ack_line(const Acknowledgement& ack);
/// `why`: expired, recovered, got_worse, withdrawn.
[[nodiscard]] boost::json::object ack_ended_line(std::string_view why, TimePoint at);
[[nodiscard]] boost::json::object suppression_line(const Suppression& suppression, bool on, TimePoint at);
[[nodiscard]] boost::json::object change_line(const Change& change);
[[nodiscard]] boost::json::object evidence_line(const Evidence& line);
[[nodiscard]] boost::json::object late_line(const LateFacts& late, TimePoint received, const ZonePtr& zone);

}  // namespace crmpulse::collector
