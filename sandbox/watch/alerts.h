#pragma once
// Messages of the generic webhook as they are shown.

#include <boost/json/value.hpp>
#include <deque>
#include <string>
#include <vector>

#include "sandbox/watch/words.h"

namespace crmpulse::sandbox {

struct ShownAlert {
  std::string headline;               ///< time, event, CRM, state, whose fault
  std::vector<std::string> remedies;  ///< `response time: what to do`
};
[[nodiscard]] ShownAlert shown_alert(const boost::json::value& alert, Language language);

/// The newest first (they are the last of `alerts`), in at most `height` lines of `width` columns. The newest leaves
/// room for the headlines of those before it.
[[nodiscard]] std::vector<std::string> alert_lines(const std::deque<ShownAlert>& alerts, int width, std::size_t height);

}  // namespace crmpulse::sandbox
